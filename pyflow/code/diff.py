"""What differs between two sets of files, as a unified diff that `git apply` and `patch -p1` take. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

_NOTHING = "/dev/null"
_NO_NEWLINE = "\\ No newline at end of file\n"


def unified(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> str:
    """From `before` to `after`; empty if they are the same. Bytes that are no UTF-8 are surrogates in the text."""
    return "".join(
        part
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
        for part in _file(name, before.get(name), after.get(name))
    )


def binary_names(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> list[str]:
    """Files that differ and are no text, which a diff only names."""
    return [
        name
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name) and (_is_binary(before.get(name)) or _is_binary(after.get(name)))
    ]


def _file(name: str, before: bytes | None, after: bytes | None) -> Iterator[str]:
    old = _NOTHING if before is None else f"a/{name}"
    new = _NOTHING if after is None else f"b/{name}"
    if _is_binary(before) or _is_binary(after):
        yield f"Binary files {old} and {new} differ\n"
        return
    if not before and not after:
        # An empty file that came or went has no lines to show, and a traditional patch cannot say it.
        yield f"Only in {'b' if before is None else 'a'}: {name} (empty)\n"
        return
    # A tab ends a name with spaces, as git writes it.
    end = "\t\n" if " " in name else "\n"
    lines = difflib.unified_diff(_lines(before), _lines(after), old, new, lineterm="\n")
    for number, line in enumerate(lines):
        if number < 2:
            yield line.removesuffix("\n") + end
        else:
            yield line if line.endswith("\n") else f"{line}\n{_NO_NEWLINE}"


def _lines(content: bytes | None) -> list[str]:
    """Split at line feeds alone, as patches are."""
    text = (content or b"").decode("utf-8", "surrogateescape")
    lines = [line + "\n" for line in text.split("\n")]
    lines[-1] = lines[-1].removesuffix("\n")
    return lines if lines[-1] else lines[:-1]


def _is_binary(content: bytes | None) -> bool:
    return content is not None and b"\0" in content
