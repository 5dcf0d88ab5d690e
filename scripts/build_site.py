"""Build the documentation's site: `python scripts/build_site.py FOLDER` (needs the extra `site`).

The pages are the README, those of `docs/` and of `site/`, and one for each rule. A link to a file of the
repository that is no page leads to where the repository is published, and is text before. The build is
strict: a broken link ends it. What it made is looked through once more: each link and anchor leads somewhere,
nothing is loaded from elsewhere.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from html.parser import HTMLParser
from itertools import groupby
from pathlib import Path
from urllib.parse import unquote, urlsplit

import cflint
from cflint.cli.explain import facts
from cflint.platform._error_texts import TEXTS
from cflint.rule import Rule, RuleSet

ROOT = Path(__file__).resolve().parent.parent
OWN = ROOT / "site"
LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
FENCE = re.compile(r"^(```.*?^```)$", re.MULTILINE | re.DOTALL)

NAV: Mapping[str, tuple[str, ...]] = {
    "Start": ("index.md", "guides/install.md", "guides/first-run.md", "guides/init.md"),
    "From an error": ("errors.md", "guides/errors.md"),
    "Use": (
        "guides/settings.md",
        "guides/baseline.md",
        "guides/add-ignore.md",
        "guides/recognition.md",
        "guides/cloudflare-config.md",
        "guides/diff.md",
        "guides/graph.md",
        "guides/html.md",
        "guides/watch.md",
        "guides/inspect.md",
        "guides/speed.md",
        "playground.md",
    ),
    "Where it runs": (
        "guides/vscode.md",
        "guides/neovim.md",
        "guides/helix.md",
        "guides/emacs.md",
        "guides/zed.md",
        "guides/assistants.md",
        "guides/pre-commit.md",
        "guides/ci.md",
        "guides/code-scanning.md",
        "guides/gitlab.md",
    ),
    "Reference": (
        "guides/formats.md",
        "guides/exit-codes.md",
        "json-output.md",
        "sweep-output.md",
        "guides/stability.md",
        "accuracy.md",
        "security.md",
        "benchmarks.md",
        "CHANGELOG.md",
    ),
    "Build on it": (
        "guides/rule-packages.md",
        "api.md",
        "architecture.md",
        "CONTRIBUTING.md",
        "contributing/frameworks.md",
        "contributing/releasing.md",
    ),
}
"""The pages by the parts of the site; those of rules come behind, and a guide in none at the end of `Use`."""


def sources() -> dict[str, str]:
    """The pages that stand in the repository, by their paths on the site: `index.md` is the README."""
    found = {"index.md": "README.md", "CONTRIBUTING.md": "CONTRIBUTING.md", "CHANGELOG.md": "CHANGELOG.md"}
    for page in sorted((ROOT / "docs").rglob("*.md")):
        path = page.relative_to(ROOT / "docs").as_posix()
        found["rules/index.md" if path == "rules.md" else path] = f"docs/{path}"
    for page in sorted(OWN.glob("*.md")):
        found[page.name] = f"site/{page.name}"
    return found


def pages(rules: Collection[Rule]) -> dict[str, str]:
    """All pages in Markdown, by their paths on the site."""
    places = {source: path for path, source in sources().items()}
    for rule in rules:
        places[f"rules/{rule.module.__name__.replace('.', '/')}.py"] = f"rules/{rule.id}.md"
    made = {path: _page(source, path, places) for path, source in sources().items()}
    for rule in rules:
        source = f"rules/{rule.module.__name__.replace('.', '/')}.py"
        made[f"rules/{rule.id}.md"] = _linked_page(rule_page(rule), source, f"rules/{rule.id}.md", places)
    return made


def _page(source: str, path: str, places: Mapping[str, str]) -> str:
    return _linked_page((ROOT / source).read_text(encoding="utf-8"), source, path, places)


def _linked_page(text: str, source: str, path: str, places: Mapping[str, str]) -> str:
    parts = FENCE.split(text)
    parts[::2] = [_linked(part, source, path, places) for part in parts[::2]]
    return "".join(parts)


def _linked(text: str, source: str, path: str, places: Mapping[str, str]) -> str:
    """The text with its links as they have to be on the site."""

    def linked(match: re.Match[str]) -> str:
        target, _, anchor = match[2].partition("#")
        if not target or urlsplit(match[2]).scheme:
            return match[0]
        file = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        if file in places:
            relative = posixpath.relpath(places[file], posixpath.dirname(path) or ".")
            return f"[{match[1]}]({relative}{'#' if anchor else ''}{anchor})"
        if not (ROOT / file).exists():
            sys.exit(f"{source}: there is no {target}")
        if cflint.ADDRESS is None:
            return match[1]
        return f"[{match[1]}]({cflint.ADDRESS}/blob/main/{file})"

    return LINK.sub(linked, text)


def rule_page(rule: Rule) -> str:
    """The page of a rule: its name, its facts, what its docstring says."""
    summary = rule.summary.replace('"', "'")
    body = re.sub(r"^Source: (https://\S+)$", r"Source: <\1>", rule.page, flags=re.MULTILINE)
    return (
        f'---\ntitle: "{rule.id}"\ndescription: "{summary}"\n---\n\n# {rule.id}\n\n'
        f"**{rule.summary}.**\n\n{facts(rule)}\n\n{body.split(chr(10), 1)[1].strip()}\n"
    )


def titles(made: Mapping[str, str]) -> dict[str, str]:
    """The heading of each page."""
    found = {}
    for path, text in made.items():
        heading = re.search(r"^# (.+)$", FENCE.sub("", text), re.MULTILINE)
        found[path] = heading[1].replace("`", "") if heading is not None else path
    return found


def navigation(made: Mapping[str, str], rules: Iterable[Rule]) -> str:
    """`nav` in TOML: each page of the repository once. Ends the program for one that is in no part."""
    named = titles(made) | {"index.md": "What it is"}
    nav = {part: list(paths) for part, paths in NAV.items()}
    placed = {path for paths in nav.values() for path in paths} | {"rules/index.md"}
    nav["Use"] += [path for path in made if path.startswith("guides/") and path not in placed]
    left = [path for path in made if not path.startswith(("rules/", "guides/")) and path not in placed]
    if left:
        sys.exit(f"scripts/build_site.py: NAV has no place for {', '.join(left)}")
    lines = ["nav = ["]
    for part, paths in nav.items():
        lines += [f"  {{ {_toml(part)} = ["]
        lines += [f"    {{ {_toml(named[path])} = {_toml(path)} }}," for path in paths if path in made]
        lines += ["  ] },"]
    lines += ['  { "Rules" = [', '    "rules/index.md",']
    for group, members in groupby(sorted(rules, key=lambda it: (it.group, it.id)), lambda it: it.group):
        lines += [f"    {{ {_toml(group)} = ["]
        lines += [f"      {{ {_toml(rule.id)} = {_toml(f'rules/{rule.id}.md')} }}," for rule in members]
        lines += ["    ] },"]
    return "\n".join([*lines, "  ] },", "]"]) + "\n"


def _toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def error_data(rules: Mapping[str, Rule]) -> str:
    """What `errors.js` searches, as a script: `[rule, who prints it, text]`, and summaries of rules."""
    names = dict.fromkeys(rule for rule, _, _ in TEXTS)
    data = {"texts": TEXTS, "summaries": {name: rules[name].summary for name in names}}
    return f"globalThis.CFLINT_ERRORS = {json.dumps(data, ensure_ascii=False, separators=(',', ':'))};\n"


def build(folder: Path) -> Path:
    """Write the sources below a folder and build them there; where the site is."""
    rules = RuleSet.discover(packages=False)
    made = pages(rules.values())
    shutil.rmtree(folder, ignore_errors=True)
    for path, text in made.items():
        target = folder / "docs" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    assets = folder / "docs" / "assets"
    assets.mkdir()
    for file in OWN.iterdir():
        if file.suffix in (".js", ".css"):
            shutil.copy(file, assets)
    (assets / "errors-data.js").write_text(error_data(rules), encoding="utf-8")
    for schema in (ROOT / "docs").glob("*.json"):
        shutil.copy(schema, folder / "docs")
    config = (OWN / "zensical.toml").read_text(encoding="utf-8")
    address = f'site_url = "{cflint.SITE.rstrip("/")}/"\n' if cflint.SITE is not None else ""
    address += f'repo_url = "{cflint.ADDRESS}"\n' if cflint.ADDRESS is not None else ""
    head, mark, rest = config.partition("[project]\n")
    (folder / "zensical.toml").write_text(
        f"{head}{mark}{address}{navigation(made, rules.values())}{rest}", encoding="utf-8"
    )
    done = subprocess.run(
        [Path(sys.executable).with_name("zensical"), "build", "--strict", "--clean"],
        cwd=folder,
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )
    if done.returncode:
        sys.exit("the site cannot be built")
    return folder / "site"


class _Links(HTMLParser):
    """The links, anchors and loaded files of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = dict(attrs)
        self.anchors.update(value for name in ("id", "name") if (value := of.get(name)))
        if tag == "a" and (href := of.get("href")):
            self.links.append(href)
        if tag == "link" and (href := of.get("href")) and of.get("rel") not in ("canonical", "prev", "next"):
            self.loaded.append(href)
        if tag in ("script", "img", "iframe", "source", "video") and (source := of.get("src")):
            self.loaded.append(source)


def problems(site: Path) -> Iterator[str]:
    """What is wrong with the pages that were made: links and anchors that lead nowhere, what is loaded from
    elsewhere."""
    read: dict[Path, _Links] = {}
    for page in sorted(site.rglob("*.html")):
        read[page] = _Links()
        read[page].feed(page.read_text(encoding="utf-8"))
    for page, found in read.items():
        shown = page.relative_to(site)
        for address in found.loaded:
            if urlsplit(address).netloc:
                yield f"{shown}: loads {address}"
        if page.name == "404.html":  # its links are absolute
            continue
        for address in [*found.links, *found.loaded]:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = Path(os.path.normpath(page.parent / unquote(parts.path))) if parts.path else page
            target = target / "index.html" if target.is_dir() else target
            if not target.is_file():
                yield f"{shown}: there is no {address}"
            elif parts.fragment and target in read and unquote(parts.fragment) not in read[target].anchors:
                yield f"{shown}: there is no place {address}"
    for style in sorted(site.rglob("*.css")):
        for address in re.findall(
            r"(?:url\(\s*|@import\s+)[\"']?(https?:[^\"')]+)", style.read_text("utf-8")
        ):
            yield f"{style.relative_to(site)}: loads {address}"


def main(folder: str) -> None:
    started = time.monotonic()
    site = build(Path(folder).resolve())
    wrong = list(problems(site))
    for problem in wrong:
        sys.stderr.write(f"{problem}\n")
    if wrong:
        sys.exit(f"{len(wrong)} problems")
    number = len(list(site.rglob("*.html")))
    sys.stdout.write(f"{number} pages in {site}, {time.monotonic() - started:.1f} s\n")


if __name__ == "__main__":
    main(sys.argv[1])
