"""Functions of the context, conditions and spreads (level B): one tree for each mode and preview."""

from __future__ import annotations

from cflint.project.config.cloudflare.reader import OTHER, CloudflareConfig
from cflint.syntax.data import Kind
from tests.support.cloudflare_reading import BASIC, IMPORTS, faults, only, read, worker


def function(body: str, **more: object) -> CloudflareConfig:
    return read(f"{IMPORTS}export default defineConfig({body});", **more)  # type: ignore[arg-type]


def names(config: CloudflareConfig) -> dict[object, object]:
    """The Worker's name by mode and preview, for the trees in their order."""
    return {
        (tree.mode, tree.is_preview): node.value if (node := tree.root.get("name")) else None
        for tree in config.trees
    }


def test_the_modes_are_those_that_are_compared() -> None:
    for body in (
        '({ mode }) => ({ worker: { name: mode === "staging" ? "b" : "a" } })',
        '(ctx) => { if (ctx.mode !== "staging") { return { worker: { name: "a" } }; } return { '
        'worker: { name: "b" } }; }',
        '({ mode = "x" }) => { switch (mode) { case "staging": return { worker: { name: "b" } };'
        ' default: return { worker: { name: "a" } }; } }',
        '({ mode }) => ({ worker: { name: { staging: "b" }[mode ?? ""] ?? "a" } })',
        '({ mode }) => ({ worker: () => ({ name: ["staging"].includes(mode ?? "") ? "b" : "a" }) })',
        "async (ctx) => ({ worker: async ({ mode }) => ({ name: pick(mode) }) })); "
        'const pick = (m?: string) => m == "staging" ? "b" : ("a"',
    ):
        config = function(body)
        assert names(config) == {(None, False): "a", ("staging", False): "b"}, body
        staging = config.tree("staging")
        assert staging is not None
        assert staging.label == 'mode "staging"'
        assert config.tree("anything") is config.trees[0]


def test_a_mode_that_nobody_names_is_one_more() -> None:
    config = function("({ mode }) => ({ worker: { name: `app-${mode}` } })")
    assert names(config) == {(None, False): "app-undefined", (OTHER, False): None}
    other = config.tree("elsewhere")
    assert other is config.trees[1]
    name = other.root.get("name")
    assert name is not None
    assert name.kind is Kind.UNKNOWN
    assert other.is_closed, "only a value is not known"


def test_vite_has_its_own_defaults() -> None:
    body = '({ mode }) => ({ worker: { name: mode === "development" ? "dev" : "app" } })'
    config = function(body, default_modes=("production", "development"))
    assert names(config) == {("production", False): "app", ("development", False): "dev"}


def test_previews() -> None:
    config = function(
        "({ isPreview }) => ({ worker: { name: 'app', env: { A: bindings.kv(), "
        "B: isPreview && bindings.kv(), ...(isPreview ? {} : { C: bindings.kv() }) } } })"
    )
    assert [(tree.label, tree.root.plain["kv_namespaces"]) for tree in config.trees] == [  # type: ignore[index,call-overload]
        ("the configuration", [{"binding": "A"}, {"binding": "C"}]),
        ("a preview", [{"binding": "A"}, {"binding": "B"}]),
    ]
    assert all(tree.is_closed and not tree.conditional for tree in config.trees)


def test_a_mode_that_throws_is_none() -> None:
    config = function(
        '({ mode, isPreview }) => { if (isPreview) throw new Error("no previews");'
        ' if (mode === "app") return { worker: { name: "a" } }; throw new Error("choose"); }'
    )
    assert names(config) == {("app", False): "a"}
    assert config.tree(None) is None or config.tree(None) is config.trees[0]
    assert not [fault for fault in config.faults if fault.message.startswith("the configuration throws")]


def test_what_always_throws_is_a_fault() -> None:
    config = function('() => { throw new Error("choose a mode"); }')
    assert not config.trees
    assert [(fault.fault.value, fault.message) for fault in config.faults] == [
        ("throws", "the configuration throws in every mode: choose a mode")
    ]


def test_conditions_that_are_not_known() -> None:
    config = worker(
        """
        domains: process.env.HOST ? [process.env.HOST] : undefined,
        env: {
            ALWAYS: process.env.X ? bindings.kv({ id: "1" }) : bindings.kv({ id: "2" }),
            KIND: process.env.X ? bindings.kv() : bindings.r2({ name: "b" }),
            ...(process.env.X && { MAYBE: bindings.d1({ name: "db" }) }),
            ...(process.env.X ? { BOTH: bindings.secret() } : { BOTH: bindings.secret() }),
            ID: bindings.hyperdrive({ id: process.env.ID ?? "0" }),
        }, ...(process.env.CRON ? { triggers: [triggers.scheduled({ schedule: "* * * * *" })] } : {})"""
    )
    tree = only(config)
    assert tree.is_closed
    assert not config.faults
    root = tree.root

    def conditional(*path: str | int) -> bool:
        node = root.at(*path)
        assert node is not None, path
        return tree.may_be_absent(node)

    always = root.at("kv_namespaces", 0, "id")
    assert always is not None
    assert always.kind is Kind.UNKNOWN
    assert not conditional("kv_namespaces", 0)
    assert conditional("kv_namespaces", 1)
    assert conditional("r2_buckets", 0)
    assert conditional("d1_databases", 0)
    assert not conditional("secrets", "required", 0)
    assert not conditional("hyperdrive", 0)
    assert conditional("routes")
    assert conditional("triggers")
    assert not tree.is_open("kv_namespaces")


def test_open_sets_and_only_those() -> None:
    config = worker(
        "env: { ...more, A: bindings.kv() }, workersDev: true", head='import { more } from "pkg";'
    )
    tree = only(config)
    assert not tree.is_closed
    assert {opening.source for opening in tree.open} == {("worker", "env")}
    assert {opening.reason for opening in tree.open} == {"`pkg` is not a file of the repository"}
    place = tree.open[0].place
    assert place.document.text(place.span) == 'import { more } from "pkg";'
    assert tree.is_open("d1_databases")
    assert tree.is_open("kv_namespaces")
    assert tree.is_open("assets", "binding")
    for key in ("observability", "exports", "triggers", "routes", "main", "name"):
        assert not tree.is_open(key), key
    assert tree.root.at("kv_namespaces", 0, "binding") is not None


def test_what_is_open_by_kind() -> None:
    for fields, opened, closed in (
        ("triggers: list()", ("triggers", "crons"), ("vars",)),
        ("domains: list()", ("routes",), ("queues", "consumers")),
        ("exports: { A: exports.worker(), ...list() }", ("exports",), ("services",)),
        ("exports: { A: list() }", ("exports", "A", "storage"), ("vars",)),
        ("...list()", ("observability",), ()),
        ("tailConsumers: list()", ("tail_consumers",), ("streaming_tail_consumers",)),
    ):
        tree = only(worker(fields, head='import { list } from "pkg";'))
        assert tree.is_open(*opened), fields
        assert not closed or not tree.is_open(*closed), fields


def test_a_spread_that_is_not_known_may_replace_what_stands_before_it() -> None:
    tree = only(
        read(f'import w from "pkg";\nexport default {{ worker: {{ {BASIC}, ...w, entrypoint: "a.ts" }} }};')
    )
    name, main = tree.root.get("name"), tree.root.get("main")
    assert name is not None
    assert main is not None
    assert name.kind is Kind.UNKNOWN
    assert main.text == "a.ts"


def test_more_modes_than_are_read_leave_all_open() -> None:
    chain = "".join(f'mode === "m{number}" ? "a{number}" : ' for number in range(20))
    config = function(f'({{ mode }}) => ({{ worker: {{ name: {chain} "z" }} }})')
    assert len(config.trees) == 12
    assert all(tree.is_open("vars") for tree in config.trees)


def test_equal_trees_are_one() -> None:
    config = function('({ mode }) => { if (mode === "a") console.log(1); return { worker: { name: "x" } }; }')
    tree = only(config)
    assert {mode for mode, _ in tree.points} == {None, "a", OTHER}
    assert faults(config)[0][1] == '{ name: "x" }'


def test_a_mode_for_which_it_throws_has_no_tree() -> None:
    config = read(
        f"""{IMPORTS}export default defineConfig(({{ mode }}) => {{
            if (mode !== "production" && mode !== "beta") throw new Error("which?");
            return {{ worker: {{ {BASIC}, name: mode === "beta" ? "b" : "a" }} }};
        }});"""
    )
    found = config.tree("beta")
    assert found is not None
    assert found.root.at("name") is not None
    assert config.tree("production") is not None
    assert config.tree(None) is None
    assert config.tree("staging", is_preview=True) is None
