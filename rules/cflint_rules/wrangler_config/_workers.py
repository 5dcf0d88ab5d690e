"""Which configurations of a repository are of different Workers that somebody deploys."""

from __future__ import annotations

from posixpath import basename, dirname

from cflint.api import Worker


def order_of(it: Worker) -> tuple[bool, int, str]:
    """By which the one that keeps what two want comes first: what is there to be shown comes last, and what
    lies deeper after what lies less deep."""
    assert it.config is not None
    return it.config.role.is_shown, it.config.path.count("/"), it.config.path


def is_somebodys(it: Worker) -> bool:
    """Whether a Worker is deployed from where it is, and is no Pages project."""
    if it.config is None or not it.config.role.is_deployed or it.config.role.name == "EXAMPLE":
        return False
    return it.config.top.value("pages_build_output_dir") is None


def are_two(one: Worker, other: Worker, *, nested: bool = False) -> bool:
    """Whether two configurations are of different Workers; one that lies below the other only if it may be
    `nested`."""
    if one.config is None or other.config is None or set(one.entries) & set(other.entries):
        return False
    folder, beside = dirname(one.config.path), dirname(other.config.path)
    if basename(folder) == basename(beside):
        return False
    if not nested and (_is_within(folder, beside) or _is_within(beside, folder)):
        return False
    accounts = {
        account.text
        for it in (one.config, other.config)
        if (account := it.top.value("account_id")) is not None
    }
    return len(accounts) < 2


def _is_within(folder: str, above: str) -> bool:
    return above == "" or f"{folder}/".startswith(f"{above}/")
