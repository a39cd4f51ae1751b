"""A value in at most 200 characters, and the name of its class. Never slow, never raises."""

from __future__ import annotations

import math
import reprlib
from typing import Any

import numpy as np

from pyflow.codec import native, objects
from pyflow.spec.task import Scalar

LIMIT = 200
LONGEST_SCALAR = 256


def type_name(value: Any) -> str:
    """`int`, `pandas.DataFrame`; a proxy gives the class of its object."""
    if isinstance(value, native.NativeProxy):
        return value.cls[0] if value.cls else "object"
    return native.qualified(type(value))


def scalar(value: Any) -> Scalar:
    """The value itself if the metadata can tell it: a bool, a finite number of 64 bits, a text of 256 characters."""
    plain = value.item() if isinstance(value, np.generic) else value
    kind = type(plain)
    if kind is str:
        return plain if len(plain) <= LONGEST_SCALAR else None
    fits = kind is bool or (kind is int and -(2**63) <= plain < 2**63) or (kind is float and math.isfinite(plain))
    return plain if fits else None


def preview(value: Any) -> str:
    """What a listing shows of a value."""
    text = value if type(value) is str else value.preview if isinstance(value, native.NativeProxy) else _show(value)
    text = " ".join(text[: 2 * LIMIT].encode("utf-8", "replace").decode().split())
    return text if len(text) <= LIMIT else text[: LIMIT - 1] + "…"


def fields(value: Any, data: Any) -> str:
    """An object by its class and its data: the same text in every process, whatever the order of its sets."""
    name = type(value).__qualname__
    if isinstance(data, dict) and all(type(key) is str and key.isidentifier() for key in data):
        text = ", ".join(f"{key}={_show(item)}" for key, item in data.items())
    else:
        text = _show(data)
    return f"{name}({text})".encode("utf-8", "replace").decode()[: native.PREVIEW]


class _Repr(reprlib.Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 4
        self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = self.maxdict = 20
        self.maxstring, self.maxlong = 80, 60

    def repr_instance(self, x: Any, level: int) -> str:
        return _sized(x) or self._taken_apart(x) or native.preview(x, LIMIT)

    def repr_NativeProxy(self, x: Any, level: int) -> str:
        return x.preview if isinstance(x, native.NativeProxy) else self.repr_instance(x, level)

    def _taken_apart(self, x: Any) -> str:
        found = objects.plain(x)
        return "" if found is None or found.form == "subclass" else fields(x, found.value)

    def repr_set(self, x: Any, level: int) -> str:
        return self._repr_iterable(_in_order(x), level, "{", "}", self.maxset) if x else "set()"

    def repr_frozenset(self, x: Any, level: int) -> str:
        return self._repr_iterable(_in_order(x), level, "frozenset({", "})", self.maxset) if x else "frozenset()"

    def repr_ndarray(self, x: Any, level: int) -> str:
        return _sized(x) or super().repr_instance(x, level)

    def repr_DataFrame(self, x: Any, level: int) -> str:
        return _sized(x) or super().repr_instance(x, level)

    repr_Series = repr_ndarray


def _in_order(items: Any) -> list[Any]:
    """A set's items in an order that is the same in every process."""
    return sorted(items) if {*map(type, items)} in ({int}, {str}, {float}) else sorted(items, key=_REPR.repr)


_REPR = _Repr()


def _show(value: Any) -> str:
    try:
        return _REPR.repr(value)
    except Exception as error:  # noqa: BLE001 - a preview must not stop a value from being kept
        return f"<{type_name(value)} whose preview raises {type(error).__name__}>"


def _sized(value: Any) -> str:
    """Arrays and tables by their shape, without going through their values."""
    shape = getattr(value, "shape", None)
    if not isinstance(shape, tuple) or not shape or not all(isinstance(size, int) for size in shape):
        return ""
    if hasattr(value, "nnz"):
        return f"{' x '.join(map(str, shape))} {value.dtype} sparse: {value.nnz} values stored"
    if hasattr(value, "columns") and len(shape) == 2:
        names = getattr(value, "column_names", value.columns)
        shown = ", ".join(str(name) for name in list(names[:20]))
        return f"{shape[0]} rows x {shape[1]} columns: {shown}"
    size = " x ".join(str(part) for part in shape)
    flat = value if len(shape) == 1 else value.reshape(-1)
    first = ", ".join(str(item) for item in flat[:8])
    return f"{size} {getattr(value, 'dtype', '')}: {first}{', …' if _count(shape) > 8 else ''}"


def _count(shape: tuple[int, ...]) -> int:
    count = 1
    for size in shape:
        count *= size
    return count
