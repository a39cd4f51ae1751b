"""What reading an artifact in Python shows as less than it is (artifact.md, section 7): collected, and said once."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import pyarrow as pa

from pyflow.codec import ipc
from pyflow.codec.lazy import pytz
from pyflow.codec.native import NativeProxy
from pyflow.codec.nodes import Tree
from pyflow.codec.types import Logical
from pyflow.spec.errors import ArtifactWarning

Announce = Callable[[str], None]
# A place in the value, worked out only if it is named.
Place = Callable[[], str]

_WAYS: Mapping[str, str] = {
    "attributes_dropped": "store what they say as items of a list, or read the artifact in R",
    "class_dropped": "read the artifact where its class is known, or store plain data",
    "names_dropped": "store the names as an artifact of their own, or a data frame in place of the matrix",
    "names_repeated": "give each item a name of its own in R",
    "level_dropped": "make it a level with a text in R",
    "missing_as_none": "store a value that says that it is missing, if R is to read it as NA again",
    "missing_as_nan": "store numbers in place of truth values in R",
    "zone_replaced": "install it where the step runs: pip install pytz",
}


def warn(text: str) -> None:
    """Announce as a warning of Python."""
    warnings.warn(ArtifactWarning(text), stacklevel=4)


class Notes:
    """The notes of one artifact that is being read: of each code the first place is named, the others are counted."""

    def __init__(self) -> None:
        self._first: dict[str, str] = {}
        self._more: Counter[str] = Counter()

    def add(self, code: str, place: Place, what: str) -> None:
        """`what` is said of the place: "[2]['x']" within a value, "" for the value itself."""
        if code in self._first:
            self._more[code] += 1
        else:
            self._first[code] = f"{place()} {what}"

    def texts(self, name: str) -> Iterator[str]:
        """One text for each code."""
        for code, first in self._first.items():
            count = self._more[code]
            more = f" (and {count} more place{'s' if count > 1 else ''})" if count else ""
            yield f"{name or 'this artifact'}{first}{more}; {_WAYS[code]} ({code})"

    def stands_for(self, place: Place, proxy: NativeProxy, why: str) -> None:
        """An object is read as its data."""
        kind = proxy.cls[0] if proxy.cls else "object"
        language = {"r": "R", "python": "Python"}.get(proxy.language, proxy.language)
        reason = f" cannot be opened ({why});" if why else ";"
        self.add("class_dropped", place, f"is an object of {language} of class {kind}{reason} here it is its data")

    def columns(self, names: Sequence[str | None], columns: Sequence[object]) -> None:
        """What the columns of a table of form table lose."""
        for name, column in zip(names, columns, strict=True):
            if isinstance(column, tuple):
                self.leaf(partial("[{!r}]".format, name), *column)

    def leaf(self, place: Place, logical: Logical, array: pa.Array) -> None:
        """What a vector, a column or a scalar loses by its type."""
        if logical.type == "category" and array.dictionary.null_count:
            self.add("level_dropped", place, "is a factor with NA for a level; in Python its values are missing")
        kind = logical.r_class[0] if logical.type == "float64" and logical.r_class else ""
        if kind in ("Date", "POSIXct", "difftime"):
            self.add("class_dropped", place, f"is a {kind} of R that is no whole number; in Python it is the number")
        if logical.type == "struct" and len({name for name, _ in logical.fields}) < len(logical.fields):
            self.add("names_repeated", place, "has names that repeat; in Python its rows are lists of (name, value)")
        for number, (name, field) in enumerate(logical.fields):
            self.leaf(partial(_within, place, name), field, array.field(number))
        if logical.item is not None:
            self.leaf(place, logical.item, array.values)
        unlike_arrow = logical.inner and not logical.python and (_holds_complex(logical) or logical.repeats_names)
        if unlike_arrow and _lacks(array):
            # These have no Arrow type that would keep them in pandas.
            self.add("missing_as_none", place, "has missing values inside of its cells; in Python they are None")
        if logical.hint("tzinfo") == "pytz" and pytz() is None:
            self.add("zone_replaced", place, "is in a zone of pytz, which is not installed; in its place is zoneinfo's")


def _holds_complex(logical: Logical) -> bool:
    return logical.type == "complex128" or any(map(_holds_complex, logical.inner))


def _lacks(array: pa.Array) -> bool:
    """Whether a value is missing anywhere in a nested array."""
    inner = array.flatten() if pa.types.is_struct(array.type) else []
    if pa.types.is_large_list(array.type):
        inner = [array.values]
    return array.null_count > 0 or any(map(_lacks, inner))


def _within(place: Place, name: str) -> str:
    return f"{place()}[{name!r}]"


def place_of(tree: Tree, node: int) -> str:
    """How users write the way to a node: [2]['x']."""
    place, here = "", 0
    while here != node:
        for number, child in enumerate(tree.children(here)):
            if child <= node < tree.ends[child]:
                name = tree.names[child]
                # The children of these are not items of the value.
                inside = tree.types[here] in ("attributes", "named", "array", "object")
                place += "" if inside else f"[{number if name is None else name!r}]"
                here = child
                break
        else:
            raise ipc.corrupt("a node lies in no other")
    return place
