"""Where a file stands in a run's code package (shared_spec/store.md, section 4). Paths are absolute and normal."""

from __future__ import annotations

# Files that are not below the flow's folder stand in here, by how many folders up the way to them begins.
OUTSIDE = "_outside"


def member_name(path: str, folder: str) -> str:
    """The name of the file `path` in the package of `folder`: for `/a/lib/x.R` in that of `/a/flows` it is
    `_outside/1/lib/x.R`."""
    parts, base = path.split("/"), folder.rstrip("/").split("/")
    pairs = zip(parts, base, strict=False)
    common = next((number for number, (one, other) in enumerate(pairs) if one != other), min(len(parts), len(base)))
    above = len(base) - common
    return "/".join([OUTSIDE, str(above), *parts[common:]] if above else parts[common:])


def shown_name(name: str) -> str:
    """The name as people know it, relative to the flow's folder: `../lib/x.R` for `_outside/1/lib/x.R`."""
    if not name.startswith(OUTSIDE + "/"):
        return name
    _, above, *rest = name.split("/")
    return "/".join([".."] * int(above) + rest)
