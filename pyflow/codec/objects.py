"""Objects that are nothing but their data, taken apart and made again (artifact.md, section 4: `object`).

The data are written as nodes that every language reads. Beside them stands only the class, where that is enough to make
the object again; an object that pickles in a way of its own, or has attributes beside its data, is kept whole.
"""

from __future__ import annotations

import copyreg
import dataclasses
import enum
from collections import defaultdict
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

_SCALARS = (bool, int, float, complex, str, bytes)
_PICKLING = ("__reduce__", "__reduce_ex__", "__getstate__", "__setstate__")


@dataclasses.dataclass(frozen=True)
class Plain:
    """An object taken apart: what every language reads, and what the object is made of again (None: keep it whole)."""

    form: str
    value: Any
    maker: Any


def plain(value: Any) -> Plain | None:
    """The object taken apart; None for objects that are more than their data."""
    kind = type(value)
    if isinstance(value, enum.Enum):
        return _member(value)
    if kind is SimpleNamespace:
        return Plain("namespace", dict(vars(value)), kind)
    if kind is defaultdict:
        return Plain("defaultdict", dict(value), (kind, value.default_factory))
    base = next((base for base in _BASES if isinstance(value, base)), None)
    if base is None:
        return _fields(value) if dataclasses.is_dataclass(value) and not isinstance(value, type) else None
    names = getattr(kind, "_fields", None)
    bare = not _attributes(value) and _pickles_as_usual(kind)
    if base is tuple and isinstance(names, tuple) and len(names) == len(value):
        return Plain("namedtuple", dict(zip(names, value, strict=True)), kind if bare else None)
    return Plain("subclass", _BASES[base][0](value), kind if bare else None)


def _member(value: enum.Enum) -> Plain | None:
    kind = type(value)
    if not _by_value(kind):
        return Plain("enum", value.name, kind) if kind.__members__.get(value.name) is value else None
    if type(value.value) in _SCALARS and kind(value.value) is value:
        return Plain("enum", value.value, kind)
    return None


def _by_value(kind: type) -> bool:
    """Whether members of an enumeration are numbers, text or flags, which are kept by value and not by name."""
    return issubclass(kind, (*_SCALARS, enum.Flag))


def _fields(value: Any) -> Plain | None:
    names = [field.name for field in dataclasses.fields(value)]
    if not all(hasattr(value, name) for name in names):
        return None
    kind = type(value)
    bare = _attributes(value) <= set(names) and _pickles_as_usual(kind) and kind.__new__ is object.__new__
    return Plain("dataclass", {name: getattr(value, name) for name in names}, kind if bare else None)


def _attributes(value: Any) -> set[str]:
    """The attributes that an instance has for itself, in its dictionary or its slots."""
    slots = {
        name
        for base in type(value).__mro__
        for name in _listed(vars(base).get("__slots__", ()))
        if name not in ("__dict__", "__weakref__") and hasattr(value, name)
    }
    return slots | set(getattr(value, "__dict__", ()))


def _listed(slots: Any) -> tuple[str, ...]:
    return (slots,) if isinstance(slots, str) else tuple(slots)


def _pickles_as_usual(kind: type) -> bool:
    """Whether pickle would do no more than we do; what `dataclasses` adds for classes with slots does not count."""
    if kind in copyreg.dispatch_table:
        return False
    own = [getattr(kind, name, None) for name in _PICKLING]
    usual = [getattr(object, name, None) for name in _PICKLING]
    pairs = zip(own, usual, strict=True)
    return all(has is known or getattr(has, "__module__", None) == "dataclasses" for has, known in pairs)


# Making them again.


def make(form: str, maker: Any, value: Any) -> Any:
    """The object of `plain`; raises ValueError, KeyError, TypeError or AttributeError when its class is another now."""
    return _MAKERS[form](maker, value)


def _make_fields(kind: type, value: Mapping[str, Any]) -> Any:
    result = object.__new__(kind)
    for name, item in value.items():
        object.__setattr__(result, name, item)
    return result


def _make_member(kind: Any, value: Any) -> Any:
    return kind(value) if _by_value(kind) else kind[value]


def _make_default(maker: tuple[type, Any], value: Mapping[Any, Any]) -> Any:
    return defaultdict(maker[1], value)


def _make_subclass(kind: type, value: Any) -> Any:
    return _BASES[type(value)][1](kind, value)


def _filled(add: Callable[[Any, Any], None]) -> Callable[[type, Any], Any]:
    """Makes an instance of a subclass of a container: an empty one, to which the items are added."""

    def fill(kind: type, value: Any) -> Any:
        result = type(value).__new__(kind)
        add(result, value)
        return result

    return fill


def _called(kind: type, value: Any) -> Any:
    return type(value).__new__(kind, value)


# The base alone, whatever the subclass makes of reading it; and the subclass with the same content.
_BASES: Mapping[type, tuple[Callable[[Any], Any], Callable[[type, Any], Any]]] = {
    dict: (lambda value: dict(dict.items(value)), _filled(dict.update)),
    list: (lambda value: [*list.__iter__(value)], _filled(list.extend)),
    tuple: (lambda value: (*tuple.__iter__(value),), _called),
    set: (lambda value: {*set.__iter__(value)}, _filled(set.update)),
    frozenset: (lambda value: frozenset(frozenset.__iter__(value)), _called),
    str: (str.__str__, _called),
    int: (int.__int__, _called),
    float: (float.__float__, _called),
    bytes: (lambda value: bytes.__getitem__(value, slice(None)), _called),
}
_MAKERS: Mapping[str, Callable[[Any, Any], Any]] = {
    "dataclass": _make_fields,
    "namedtuple": lambda kind, value: tuple.__new__(kind, value.values()),
    "enum": _make_member,
    "namespace": lambda kind, value: kind(**value),
    "defaultdict": _make_default,
    "subclass": _make_subclass,
}
