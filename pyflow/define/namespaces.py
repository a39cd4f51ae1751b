"""The namespace: whose runs the client shows. One of a run's tags, mostly `user:NAME`; None is the whole store."""

from __future__ import annotations

from collections.abc import Iterable

from pyflow import settings
from pyflow.define.parameters import user_name
from pyflow.spec.errors import UserError

# How a setting says that there is none.
EVERYTHING = "*"
# What namespace() chose; empty as long as it has not been called.
_chosen: list[str | None] = []


class NamespaceMismatch(UserError):
    """The object is not in the namespace."""

    code = "namespace_mismatch"


def namespace(name: str | None) -> str | None:
    """Show only runs with the tag `name` (`user:ann`, `production:...`) from now on; None: all of the store.

    Returns the namespace.
    """
    _chosen[:] = [name]
    return name


def get_namespace() -> str | None:
    """The namespace that holds now: what namespace() chose, else that of the setting `namespace` (in a task: its
    run's), else `user:NAME`."""
    if _chosen:
        return _chosen[0]
    name = settings.value("namespace") or f"user:{user_name()}"
    return None if name == EVERYTHING else name


def default_namespace() -> str | None:
    """Go back to the namespace that holds without a call of namespace(); returns it."""
    _chosen.clear()
    return get_namespace()


def check(what: str, tags: Iterable[str]) -> None:
    """Raise NamespaceMismatch unless the run with these tags is in the namespace."""
    name = get_namespace()
    if name is not None and name not in tags:
        raise mismatch(what, name)


def mismatch(what: str, name: str) -> NamespaceMismatch:
    hint = "The whole store is shown after namespace(None), in R set_namespace(NULL)."
    return NamespaceMismatch(f"{what} is not in the namespace {name!r}", hint=hint)
