"""The error that `catch` stores, as plain data with names (docs/adr/0004)."""

from __future__ import annotations


class CaughtError(dict[str, str]):
    """A dict with `type`, `exception` (the message), `stacktrace`, `language` and `code`; each also is an attribute, as
    code written for Metaflow expects it: `self.failed.exception`."""

    def __getattr__(self, name: str) -> str:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"a caught error has {', '.join(self)}, but no {name!r}") from None

    def __str__(self) -> str:
        return self.get("stacktrace", "") or f"{self.get('type')}: {self.get('exception')}"
