"""`cflint check` in this process: what it says, what it writes, and how it ends."""

from __future__ import annotations

import io
import json
import os
import stat
import sys
from pathlib import Path

import pytest

from cflint.cli.check import PRESET_NAMES
from cflint.rule import PRESETS, RuleSet
from tests.support.cli_samples import CODE, Cli, project


def feed(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


# -- exit codes ---------------------------------------------------------------------------------------


def test_a_clean_project_ends_with_0(cli: Cli) -> None:
    project(Path(), "export default { fetch() { return new Response('') } };\n")
    result = cli("check")
    assert (result.code, result.err) == (0, "")
    assert "All checks passed in 2 files of 1 Worker" in result.out


def test_findings_end_with_1_and_show_paths_from_here(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    project(Path("workers/chat"))
    assert "--> workers/chat/src/index.ts:3:5" in cli("check").out
    monkeypatch.chdir("workers/chat/src")
    result = cli("check", "..")
    assert result.code == 1
    assert "--> index.ts:3:5" in result.out


@pytest.mark.parametrize(
    ("code", "threshold", "expected"),
    [
        ("gentle()", "note", 1),
        ("gentle()", "warning", 0),
        ("risky()", "warning", 1),
        ("risky()", "error", 0),
        ("careful()", "error", 1),
        ("careful()", "never", 0),
    ],
)
def test_the_threshold_decides(cli: Cli, code: str, threshold: str, expected: int) -> None:
    project(Path(), f"{code};\n")
    result = cli("check", "--select", "all", "--fail-on", threshold, "--output-format", "concise")
    assert result.code == expected
    assert result.out.count("\n") == 1


def test_notes_alone_do_not_fail_by_default(cli: Cli) -> None:
    project(Path(), "gentle();\n")
    assert cli("check").code == 0


def test_exit_zero_forgives_findings_but_neither_crashes_nor_bad_usage(cli: Cli) -> None:
    project(Path())
    assert cli("check", "--exit-zero").code == 0
    assert cli("check", "--exit-zero", "--select", "nope").code == 2
    project(Path(), "boom();\n")
    assert cli("check", "--exit-zero").code == 4


def test_a_crash_of_a_rule_ends_with_4_and_the_other_rules_go_on(cli: Cli) -> None:
    project(Path(), "boom();\ncareful();\n")
    result = cli("check", "--output-format", "concise")
    assert result.code == 4
    assert "internal-error" in result.out
    assert "no-careful" in result.out


def test_debug_shows_the_traceback_of_a_crash(cli: Cli) -> None:
    project(Path(), "boom();\n")
    result = cli("check", "--debug")
    assert result.code == 4
    assert "Traceback" in result.err
    assert "a hole in the rule" in result.err


def test_an_unexpected_error_is_one_line(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    project(Path())

    def fail(cls: type[RuleSet], *, packages: bool = True) -> RuleSet:
        raise KeyError("x\ny")

    monkeypatch.setattr(RuleSet, "discover", classmethod(fail))
    result = cli("check")
    assert result.code == 4
    assert result.err.startswith("cflint: error: internal error: KeyError: ")
    assert "test_check.py:" in result.err
    assert "--debug" in result.err
    assert result.err.count("\n") == 1
    assert "Traceback" in cli("check", "--debug").err


def test_no_worker_ends_with_3(cli: Cli) -> None:
    Path("main.py").write_text("print(1)\n")
    result = cli("check")
    assert (result.code, result.out) == (3, "")
    assert result.err.startswith("cflint: error: no Worker project found in this folder")
    assert "wrangler.toml" in result.err and "cloudflare.config.ts" in result.err
    assert "--allow-empty" in result.err


def test_a_folder_of_markdown_says_that_it_has_to_be_named(cli: Cli) -> None:
    Path("README.md").write_text("# A\n")
    result = cli("check")
    assert result.code == 3
    assert "Markdown is checked when its files are named" in result.err


def test_without_a_worker_not_all_checks_passed(cli: Cli) -> None:
    Path("a.ts").write_text("export const a = 1;\n")
    Path("b.ts").write_text("export const b = 1;\n")
    for paths in (("a.ts",), ("a.ts", "b.ts")):
        result = cli("check", *paths)
        assert result.code == 0
        assert "All checks passed" not in result.out and "No findings in" in result.out
        assert "a.ts: no Worker reaches it, so only its code was checked" in result.out
        data = json.loads(cli("check", *paths, "--output-format", "json").out)
        assert [notice["path"] for notice in data["notices"]] == list(paths)
        sarif = json.loads(cli("check", *paths, "--output-format", "sarif").out)
        assert "no Worker reaches it" in json.dumps(sarif["runs"][0]["invocations"])


def test_verbose_says_how_a_worker_is_deployed(cli: Cli) -> None:
    Path("a.js").write_text("export default { async fetch(request, env) { return new Response(env.A); } };\n")
    assert "  it is one: its default export has a fetch() that takes env\n" in cli("check", "-v").err
    Path("wrangler.toml.example").write_text('name = "a"\ncompatibility_date = "2026-08-01"\n')
    Path("deploy.sh").write_text("cat more >> wrangler.toml\nwrangler deploy a.js\n")
    said = cli("check", "-v").err
    assert "  it is a template\n" in said
    assert "  its entry, which `main` does not name: a.js\n" in said
    assert "  its bindings are not all known: deploy.sh changes wrangler.toml before it is deployed\n" in said


def test_verbose_says_what_proved_an_app_without_a_configuration(cli: Cli) -> None:
    Path("package.json").write_text('{"dependencies": {"@sveltejs/kit": "2"}}')
    Path("src/routes").mkdir(parents=True)
    Path("src/routes/+server.ts").write_text("export const GET = () => new Response();\n")
    config = Path("svelte.config.js")
    config.write_text('import a from "@sveltejs/adapter-node";\nexport default { kit: { adapter: a() } };\n')
    assert cli("check", "-v").code == 3
    config.write_text(config.read_text().replace("node", "cloudflare"))
    result = cli("check", "-v")
    assert result.code == 0 and "Worker: no configuration (1 module)\n" in result.err
    assert "  it is one: SvelteKit, and svelte.config.js imports @sveltejs/adapter-cloudflare\n" in result.err
    assert (
        "app: SvelteKit, by package @sveltejs/kit, svelte.config.js (modules: 1 server, 1 build)\n"
        in result.err
    )


def test_without_a_worker_a_project_of_partykit_is_told_of(cli: Cli) -> None:
    Path("partykit.json").write_text('{ "main": "party/server.ts" }\n')
    result = cli("check")
    assert result.code == 3
    assert "hint: partykit.json is PartyKit's, whose projects are not read" in result.err


def test_no_worker_may_be_allowed(cli: Cli) -> None:
    result = cli("check", "--allow-empty")
    assert (result.code, result.out) == (0, "")
    assert "no Worker project found" in result.err
    assert cli("check", "--allow-empty", "-q").err == ""
    data = json.loads(cli("check", "--allow-empty", "--output-format", "json").out)
    assert data["findings"] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nope", "src"), "no such file or folder: nope"),
        (("--select", "no-carefull"), "did you mean `no-careful`?"),
        (("--ignore", "manner"), "did you mean `manners`?"),
        (("--select", "zzz"), "unknown rule, group or preset `zzz`"),
        (("--select", "no-careful", "--ignore", "no-careful"), "no rules selected"),
        (("--fail-on", "all"), "'all' is not one of"),
        (("--outputformat", "json"), "--output-format"),
        (("--output-format", "xml"), "'xml' is not one of"),
        (("--jobs", "-1"), "-1"),
        (("-",), "--stdin-filename NAME"),
        (("-", "src"), "cannot be checked together"),
        (("--stdin-filename", "a.ts", "src"), "goes with the path `-`"),
        (("--diff", "--output-format", "json"), "does not go with the format `json`"),
        (("--diff", "--statistics"), "does not go with `--statistics`"),
        (("--statistics", "--output-format", "checkstyle"), "has no place for `--statistics`"),
        (("a\x1b[31m\n",), "no such file or folder: a\\x1b[31m"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_why(cli: Cli, arguments: tuple[str, ...], said: str) -> None:
    project(Path())
    result = cli("check", *arguments)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("cflint: error: ")
    assert said in result.err
    assert "\x1b" not in result.err
    assert all(line.startswith("hint: ") for line in result.err.splitlines()[1:])


def test_a_link_that_leads_nowhere_is_told_apart(cli: Cli) -> None:
    project(Path())
    Path("link.ts").symlink_to("gone.ts")
    result = cli("check", "link.ts")
    assert result.code == 2
    assert "hint: link.ts is a link that leads nowhere" in result.err


def test_a_named_file_that_cannot_be_analysed_is_told_and_the_others_are_analysed(cli: Cli) -> None:
    project(Path())
    os.mkfifo("pipe.ts")
    result = cli("check", "pipe.ts", "src", "--output-format", "concise")
    assert result.code == 4
    assert "pipe.ts was not analysed: the file is not a regular file" in result.err
    assert "no-careful" in result.out


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_named_file_without_permission(cli: Cli) -> None:
    project(Path())
    Path("src/index.ts").chmod(0)
    result = cli("check", "src/index.ts")
    assert result.code in (3, 4)
    assert "permission denied" in result.err


def test_a_path_instead_of_a_command(cli: Cli) -> None:
    project(Path())
    result = cli("src")
    assert result.code == 2
    assert "did you mean `cflint check src`?" in result.err
    assert "did you mean `cflint check`?" in cli("chekc").err


# -- selecting ----------------------------------------------------------------------------------------


def test_the_presets_are_those_of_the_rules() -> None:
    assert PRESET_NAMES == PRESETS


def rules_found(cli: Cli, *arguments: str) -> set[str]:
    out = cli("check", "--output-format", "json", "--exit-zero", *arguments).out
    return {finding["rule"] for finding in json.loads(out)["findings"]}


def test_selecting(cli: Cli) -> None:
    project(Path(), "careful(); risky(); gentle();\n")
    every = {"no-careful", "no-risky", "be-gentle"}
    assert rules_found(cli) == {"no-careful", "be-gentle"}
    assert rules_found(cli, "--preset", "strict") == every
    assert rules_found(cli, "--select", "manners") == {"no-careful", "no-risky"}
    assert rules_found(cli, "--select", " manners , be-gentle,") == every
    assert rules_found(cli, "--select", "manners", "--select", "advice") == every
    assert rules_found(cli, "--select", "all", "--ignore", "advice,no-risky") == {"no-careful"}
    assert rules_found(cli, "--select", "no-careful", "--ignore", "manners") == {"no-careful"}
    assert rules_found(cli, "--preset", "recommended", "--select", "no-risky") == every


def test_excluding(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    project(Path("a"))
    project(Path("b!"))
    found = cli("check", "--output-format", "concise", "--exclude", "a").out
    assert "b!/src" in found
    assert "a/src" not in found
    monkeypatch.chdir("b!")
    Path("../.git").mkdir()
    result = cli("check", "--exclude", "./src/index.ts", "--output-format", "concise", "..")
    assert "../a/src/index.ts" in result.out
    outcome = cli("check", ".", "--exclude", "/wrangler.jsonc", "--exclude", "src")
    assert outcome.code == 3
    assert "`--verbose` prints what was skipped" in outcome.err


def test_an_excluded_path_stays_out_when_it_is_named(cli: Cli) -> None:
    project(Path())
    result = cli("check", "src/index.ts", "--exclude", "src", "--allow-empty")
    assert (result.code, result.out) == (0, "")


# -- output -------------------------------------------------------------------------------------------


def test_what_sarif_has_no_room_for_is_said(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from cflint.report import sarif

    project(Path(), "careful();\nrisky();\nrisky(); // cflint-ignore no-risky\n")
    command = (
        "check",
        "--select",
        "all",
        "--output-format",
        "sarif",
        "--output-file",
        "o.sarif",
        "--show-suppressed",
    )
    assert cli(*command).err == "wrote 2 findings to o.sarif\n"
    for most, omitted in (
        (2, "1 finding of the lowest severity was"),
        (1, "2 findings of the lowest severity were"),
    ):
        monkeypatch.setattr(sarif, "MAX_RESULTS", most)
        warning = f"cflint: warning: {omitted} omitted: the SARIF file would exceed GitHub's size limit\n"
        wrote = f"wrote {most} finding{'s' if most > 1 else ''} to o.sarif\n"
        assert cli(*command).err == warning + wrote
        assert len(json.loads(Path("o.sarif").read_text())["runs"][0]["results"]) == most
        assert cli(*command, "--quiet").err == warning


def test_json_and_sarif_on_stdout_are_whole(cli: Cli) -> None:
    project(Path())
    assert json.loads(cli("check", "--output-format", "json").out)["version"] == 1
    assert json.loads(cli("check", "--output-format", "sarif").out)["version"] == "2.1.0"


def test_quiet_says_nothing_without_findings(cli: Cli) -> None:
    project(Path(), "export {};\n")
    result = cli("check", "-q")
    assert (result.code, result.out, result.err) == (0, "", "")


def test_verbose_tells_what_was_left_out(cli: Cli) -> None:
    project(Path())
    Path("node_modules").mkdir()
    Path("node_modules/x.js").write_text("careful()\n")
    result = cli("check", "-v")
    assert "skipped: node_modules/ (dependencies)" in result.err
    assert "Worker: wrangler.jsonc (1 module)" in result.err
    assert "skipped" not in result.out


def test_verbose_tells_which_configuration_is_for_tests(cli: Cli) -> None:
    project(Path())
    test = '{ "name": "a", "main": "src/index.ts", "compatibility_date": "2026-08-01" }\n'
    Path("wrangler.test.jsonc").write_text(test)
    said = cli("check", "-v").err
    assert "Worker: wrangler.test.jsonc (1 module)\n  nobody deploys it: it is for tests\n" in said
    assert said.count("nobody deploys it") == 1


def test_verbose_tells_what_is_not_known_of_a_configuration(cli: Cli) -> None:
    Path(".git").mkdir()
    Path("cloudflare.config.ts").write_text(
        'import { more } from "tool";\n'
        "export default ({ mode }) => ({ worker: {\n"
        '  name: mode === "staging" ? "app-staging" : "app", compatibilityDate: "2026-08-01",\n'
        "  env: { ...more() },\n"
        "} });\n"
    )
    Path("wrangler.config.ts").write_text("export default {};\n")
    Path("wrangler.toml").write_text('name = "old"\n')
    result = cli("check", "-v")
    assert "Worker: cloudflare.config.ts (TypeScript, 2 modes, 0 modules)\n" in result.err
    assert "  not all of worker.env is known: `tool` is not a file of the repository" in result.err
    assert "(cloudflare.config.ts:4)" in result.err
    assert "skipped: wrangler.toml (another configuration of this folder counts)" in result.err
    assert "`cloudflare.config.ts` is the configuration here, not `wrangler.toml`" in result.out


def test_statistics(cli: Cli) -> None:
    project(Path(), "risky();\n" * 12 + "careful();\n")
    result = cli("check", "--select", "all", "--statistics")
    assert result.code == 1
    assert result.out.splitlines() == [
        "by rule",
        "12  no-risky    warning  12 fixes   Be bold",
        " 1  no-careful  error    1 fix      Be careless",
        "",
        "by Worker",
        "13  chat  1 error, 12 warnings",
        "",
        "by severity",
        " 1  error",
        "12  warning",
    ]


@pytest.mark.parametrize(
    ("arguments", "environment", "colored"),
    [
        ((), {}, False),
        ((), {"FORCE_COLOR": "1"}, True),
        ((), {"FORCE_COLOR": "0"}, False),
        ((), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ((), {"FORCE_COLOR": "1", "NO_COLOR": ""}, True),
        (("--color", "always"), {"NO_COLOR": "1"}, True),
        (("--color", "never"), {"FORCE_COLOR": "1"}, False),
    ],
)
def test_color(
    cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    environment: dict[str, str],
    colored: bool,
) -> None:
    project(Path())
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert ("\x1b[" in cli("check", *arguments).out) is colored


def test_an_output_file_is_whole_keeps_its_mode_and_leaves_nothing_beside(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    project(Path())
    monkeypatch.setenv("FORCE_COLOR", "1")
    Path("out").mkdir()
    target = Path("out/report.txt")
    result = cli("check", "--output-file", str(target))
    assert (result.code, result.out) == (1, "")
    assert "wrote 1 finding to out/report.txt" in result.err
    assert target.read_text().startswith("error[no-careful]")
    target.write_text("old")
    target.chmod(0o640)
    cli("check", "--output-file", str(target), "--output-format", "json")
    assert json.loads(target.read_text())["version"] == 1
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert [path.name for path in Path("out").iterdir()] == ["report.txt"]


def test_an_output_file_may_be_a_link_or_a_device(cli: Cli) -> None:
    project(Path())
    Path("real.json").write_text("")
    Path("link.json").symlink_to("real.json")
    cli("check", "--output-format", "json", "--output-file", "link.json")
    assert Path("link.json").is_symlink()
    assert json.loads(Path("real.json").read_text())["version"] == 1
    assert cli("check", "--output-file", "/dev/null").code == 1
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize("target", ["nowhere/report.json", "src", "/proc/version/x"])
def test_an_output_file_that_cannot_be_written_ends_with_4(cli: Cli, target: str) -> None:
    project(Path())
    result = cli("check", "--output-file", target)
    assert (result.code, result.out) == (4, "")
    assert result.err.startswith(f"cflint: error: cannot write {target}: ")


def test_a_full_disk_ends_with_4(cli: Cli) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    project(Path())
    result = cli("check", "--output-file", "/dev/full")
    assert result.code == 4
    assert "cannot write /dev/full: no space left on device" in result.err


# -- fixes --------------------------------------------------------------------------------------------


def test_fix_applies_what_is_safe_and_reports_the_rest(cli: Cli) -> None:
    project(Path())
    result = cli("check", "--select", "all", "--fix")
    assert Path("src/index.ts").read_text() == CODE.replace("careful", "careless")
    assert result.code == 1
    assert result.err.splitlines() == [
        "Fixed 1 finding:",
        "  src/index.ts",
        "    no-careful: Call `careless()`",
    ]
    assert "no-risky" in result.out
    assert "no-careful" not in result.out
    assert "Fixed 1 finding. " in result.out


def test_fix_with_unsafe_fixes(cli: Cli) -> None:
    project(Path(), "risky();\nrisky();\ncareful();\n")
    result = cli("check", "--select", "all", "--fix", "--unsafe-fixes")
    assert Path("src/index.ts").read_text() == "bold();\nbold();\ncareless();\n"
    assert result.code == 0
    assert "no-risky: Call `bold()` (2 times)" in result.err
    again = cli("check", "--select", "all", "--fix", "--unsafe-fixes")
    assert (again.code, again.err) == (0, "")


def test_unsafe_fixes_alone_write_nothing(cli: Cli) -> None:
    project(Path())
    result = cli("check", "--select", "all", "--unsafe-fixes")
    assert Path("src/index.ts").read_text() == CODE
    assert "add `--fix`" in result.err


@pytest.mark.parametrize("extra", [(), ("--fix",)])
def test_diff_shows_and_writes_nothing(cli: Cli, extra: tuple[str, ...]) -> None:
    project(Path())
    result = cli("check", "--select", "all", "--diff", *extra)
    assert result.code == 1
    assert "-    careful(request);\n+    careless(request);\n" in result.out
    assert "bold" not in result.out
    assert result.err == "Would fix 1 finding. 1 more with `--unsafe-fixes`.\n"
    assert Path("src/index.ts").read_text() == CODE
    assert "+    bold(request);" in cli("check", "--select", "all", "--diff", "--unsafe-fixes").out
    assert cli("check", "--diff", "--exit-zero").code == 0


def test_diff_without_changes_ends_with_0(cli: Cli) -> None:
    project(Path(), "risky();\n")
    result = cli("check", "--select", "all", "--diff")
    assert (result.code, result.out) == (0, "")


def test_a_file_that_cannot_be_written_is_reported_as_it_is(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    project(Path())
    Path("src/index.ts").chmod(0o444)
    result = cli("check", "--fix")
    assert result.code == 1
    assert "the fix was not written: it is read-only" in result.out
    assert "error[no-careful]" in result.out
    assert "Fixed" not in result.out + result.err
    assert Path("src/index.ts").read_text() == CODE


def test_fixes_of_machine_formats_are_told_on_stderr(cli: Cli) -> None:
    project(Path())
    result = cli("check", "--fix", "--output-format", "json")
    assert json.loads(result.out)["summary"]["fixed"] == 1
    assert "Fixed 1 finding" in result.err


# -- stdin --------------------------------------------------------------------------------------------


def test_stdin_lies_over_the_file(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    project(Path())
    feed(monkeypatch, b"export {};\n\ncareful();\n")
    result = cli("check", "-", "--stdin-filename", "src/index.ts", "--output-format", "concise")
    assert result.code == 1
    assert result.out == "src/index.ts:3:1: error[no-careful] careful() is slow\n"


def test_an_unsaved_configuration_decides_what_is_analysed(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    project(Path())
    Path("src/other.ts").write_text("\ncareful();\n")
    config = b'{ "name": "chat", "main": "src/other.ts" }'
    feed(monkeypatch, config)
    result = cli("check", "--stdin-filename", "wrangler.jsonc", "--output-format", "concise")
    assert result.out == "src/other.ts:2:1: error[no-careful] careful() is slow\n"


def test_a_file_that_is_only_on_stdin(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    project(Path())
    feed(monkeypatch, b"careful();\n")
    result = cli("check", "-", "--stdin-filename", "src/new.ts", "--output-format", "concise")
    assert "src/new.ts:1:1: error[no-careful]" in result.out


def test_fixing_stdin_prints_it_and_leaves_the_disk(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    project(Path())
    feed(monkeypatch, b"\xef\xbb\xbfcareful();\r\nrisky();\r\n")
    result = cli("check", "-", "--stdin-filename", "src/index.ts", "--fix", "--select", "all")
    assert result.out == "\ufeffcareless();\r\nrisky();\r\n"
    assert "no-risky" in result.err
    assert result.code == 1
    assert Path("src/index.ts").read_text() == CODE


def test_fixing_stdin_that_needs_none_prints_it_as_it_is(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    project(Path())
    feed(monkeypatch, b"// nothing\n")
    result = cli("check", "-", "--stdin-filename", "src/index.ts", "--fix", "-q")
    assert (result.code, result.out, result.err) == (0, "// nothing\n", "")


def test_a_folder_is_no_name_for_stdin(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    project(Path())
    feed(monkeypatch, b"")
    result = cli("check", "-", "--stdin-filename", "src")
    assert result.code == 2
    assert "names a folder" in result.err
