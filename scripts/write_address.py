"""Say where the repository is, once it is published: `python scripts/write_address.py https://github.com/ME/cflint`.

A second address is that of the documentation's site, below which each rule has its page. Both are written
into `src/cflint/__init__.py`; that of the repository into pyproject.toml, every page, the issue forms and
CODEOWNERS, too, in place of the address that is there (`OWNER` at first).
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
HOST = "https://github.com/"
PAGES = ("*.md", "docs/**/*.md", ".github/**/*.md", ".github/**/*.yml", "packaging/schemastore/*.json")


def main(address: str, site: str | None = None) -> None:
    owner = address.removeprefix(HOST).removesuffix("/").removesuffix(".git")
    if not re.fullmatch(r"[\w.-]+/cflint", owner):
        raise SystemExit(f"the address has to be {HOST}SOMEBODY/cflint")
    if site is not None and not re.fullmatch(r"https://[\w./-]+", site):
        raise SystemExit("the address of the site has to begin with https://, without a query")
    manifest = REPOSITORY / "pyproject.toml"
    text = manifest.read_text(encoding="utf-8")
    urls = tomllib.loads(text)["project"].get("urls", {})
    before = urls.get("Repository", f"{HOST}OWNER/cflint").removeprefix(HOST)
    if urls:
        text = text.replace(f"{HOST}{before}", f"{HOST}{owner}")
    else:
        text = text.replace(
            "[project.scripts]", f'[project.urls]\nRepository = "{HOST}{owner}"\n\n[project.scripts]'
        )
    manifest.write_text(text, encoding="utf-8")
    package = REPOSITORY / "src" / "cflint" / "__init__.py"
    code = package.read_text(encoding="utf-8")
    for name, value in (("ADDRESS", f"{HOST}{owner}"), ("SITE", site)):
        if value is not None:
            pattern = rf"^{name}: str \| None = .*$"
            code = re.sub(pattern, f'{name}: str | None = "{value}"', code, flags=re.MULTILINE)
    package.write_text(code, encoding="utf-8")
    for pattern in PAGES:
        for page in REPOSITORY.glob(pattern):
            page.write_text(page.read_text(encoding="utf-8").replace(before, owner), encoding="utf-8")
    owners = REPOSITORY / ".github" / "CODEOWNERS"
    text = owners.read_text(encoding="utf-8")
    accounts = [f"@{repository.partition('/')[0]}" for repository in (before, owner)]
    owners.write_text(text.replace(*accounts), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:3] or [""])
