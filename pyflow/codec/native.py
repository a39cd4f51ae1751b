"""Objects kept in their own language's serialization: Python's by cloudpickle, other languages' as proxies.

Classes and functions of the user's own file are found in that file when it is loaded, so that isinstance and
== work as the user expects; a reader that has not loaded it gets the copy that is pickled along.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import io
import platform
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import CellType, FunctionType
from typing import Any

import cloudpickle

from pyflow.spec.errors import ArtifactError

PROTOCOL = 5
PREVIEW = 1000
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_EMPTY = CellType()
_user_modules: set[str] = set()


class Unsupported(Exception):
    """A value that cannot be kept at all; `advice` says two ways out, `kind` is the class of the value."""

    def __init__(self, why: str, advice: str) -> None:
        super().__init__(why)
        self.advice = advice
        self.kind = ""


@dataclass(frozen=True)
class NativeProxy:
    """An object of another language: what is known of it, and its serialized form, unopened.

    `cls` are its classes, the most special first; `size` its bytes in memory; `version` the version of its language.
    """

    language: str
    cls: tuple[str, ...]
    size: int
    preview: str
    version: str
    bytes: bytes

    def __repr__(self) -> str:
        language = _LANGUAGES.get(self.language, self.language)
        shown = f"<{language} object of class {', '.join(self.cls)}, {self.size} bytes"
        return f"{shown}, made by {language} {self.version}>\n{self.preview}".rstrip()

    def attr(self) -> dict[str, Any]:
        """The attr of its node."""
        return {
            "language": self.language,
            "class": list(self.cls),
            "size": self.size,
            "preview": self.preview,
            "version": self.version,
        }


_LANGUAGES = {"r": "R", "python": "Python"}


def proxy_from(attr: Mapping[str, Any], data: bytes) -> NativeProxy:
    """The proxy of a native node."""
    names = attr.get("class", ())
    names = (names,) if isinstance(names, str) else tuple(names)
    return NativeProxy(
        attr["language"], names, int(attr.get("size", 0)), attr.get("preview", ""), attr.get("version", ""), data
    )


def register_user_module(name: str) -> None:
    """Classes and functions of this loaded module are pickled so that readers without the file can open them."""
    _user_modules.add(name)


def pack(value: Any) -> NativeProxy:
    """A Python object as a native; raises Unsupported when it cannot be pickled."""
    return describe(type(value), value, preview(value))


def describe(kind: type, content: Any, shown: str) -> NativeProxy:
    """An object of this class, shown as this text, of which `content` is kept: itself, or what makes it again."""
    data = _dumps(content)
    return NativeProxy("python", class_names(kind), len(data), shown, platform.python_version(), data)


def class_names(kind: type) -> tuple[str, ...]:
    """Qualified names of a class and its bases, `object` left out."""
    return tuple(qualified(base) for base in kind.__mro__ if base is not object)


def qualified(kind: type) -> str:
    """`pandas.DataFrame`, `int`: as users write it."""
    module = kind.__module__
    if module in ("builtins", "__main__") or module in _user_modules:
        return kind.__qualname__
    top = sys.modules.get(module.partition(".")[0])
    short = getattr(top, kind.__name__, None) is kind
    return f"{module.partition('.')[0] if short else module}.{kind.__qualname__}"


def preview(value: Any, limit: int = PREVIEW) -> str:
    """The value's repr without memory addresses, which differ from run to run."""
    try:
        text = repr(value)
    except Exception as error:  # noqa: BLE001 - a user's __repr__ may do anything
        return f"<{qualified(type(value))} whose repr raises {type(error).__name__}>"
    text = _ADDRESS.sub("", text[: 4 * limit]).encode("utf-8", "replace").decode()
    return text if len(text) <= limit else text[: limit - 1] + "…"


def open_native(proxy: NativeProxy) -> Any:
    """The object itself. Only Python's natives open here; raises ArtifactError for others and for what is missing."""
    if proxy.language != "python":
        raise ArtifactError(
            f"this is an object of {_LANGUAGES.get(proxy.language, proxy.language)} (class {', '.join(proxy.cls)})",
            code="native_unreadable",
            hint="Open it in a step of its own language, or in a session with pyflow.r (needs rpy2).",
        )
    try:
        return cloudpickle.loads(proxy.bytes)
    except ModuleNotFoundError as error:
        raise ArtifactError(
            f"a {proxy.cls[0] if proxy.cls else 'Python object'} cannot be opened: {error}",
            code="native_unreadable",
            hint=f"Install the package that has the module {error.name!r}, or open it where that is installed.",
        ) from error
    except Exception as error:
        raise ArtifactError(
            f"a {proxy.cls[0] if proxy.cls else 'Python object'} cannot be opened: {type(error).__name__}: {error}",
            code="native_unreadable",
            hint=f"It was written by Python {proxy.version}; the versions of Python or of its package may not fit.",
        ) from error


class _Pickler(cloudpickle.Pickler):
    """cloudpickle, but the user's own classes and functions are references with a copy, and a flow is refused."""

    def reducer_override(self, obj: Any) -> Any:
        if _is_flow(obj):
            raise Unsupported("it holds the flow itself", _ADVICE_FLOW)
        if isinstance(obj, io.IOBase) and not isinstance(obj, io.BytesIO | io.StringIO):
            # cloudpickle would keep a text file's content in place of the file.
            raise Unsupported("it holds an open file", _ADVICE["io"])
        if isinstance(obj, memoryview):
            raise Unsupported("it is a view of another object's memory", _ADVICE["memoryview"])
        if isinstance(obj, type | FunctionType) and obj.__module__ in _user_modules and _importable(obj):
            return _user_object, (obj.__module__, obj.__qualname__, _copy(obj))
        return super().reducer_override(obj)


def _is_flow(obj: Any) -> bool:
    return any(base.__name__ == "FlowSpec" and base.__module__.startswith("pyflow.") for base in type(obj).__mro__)


def _importable(obj: Any) -> bool:
    return _lookup(obj.__module__, obj.__qualname__) is obj


def _lookup(module: str, name: str) -> Any:
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def _user_object(module: str, name: str, copy: bytes | None) -> Any:
    """Called when unpickling: the object of the loaded file, else its copy."""
    found = _lookup(module, name) if module in _user_modules else None
    if found is not None:
        return found
    if copy is None:
        return getattr(importlib.import_module(module), name)
    return cloudpickle.loads(copy)


@lru_cache(maxsize=1024)
def _copy(obj: Any) -> bytes | None:
    """The object by value, the same bytes in every process that loaded the same file; None if that is impossible."""
    module = sys.modules[obj.__module__]
    registered = obj.__module__ in cloudpickle.list_registry_pickle_by_value()
    if not registered:
        cloudpickle.register_pickle_by_value(module)
    try:
        _name_classes(module)
        return cloudpickle.dumps(obj, protocol=PROTOCOL)
    except Exception:  # noqa: BLE001 - whatever else the file holds must not keep the value from being stored
        return None
    finally:
        if not registered:
            cloudpickle.unregister_pickle_by_value(module)


def _name_classes(module: Any) -> None:
    """Give the module's classes the ids that cloudpickle would draw at random, so that equal code is equal bytes."""
    source = Path(inspect.getfile(module)).read_bytes()
    internals = cloudpickle.cloudpickle
    for kind in [item for item in vars(module).values() if isinstance(item, type)]:
        if kind.__module__ != module.__name__:
            continue
        for number, named in enumerate([kind, *_closed_over(kind)]):
            text = f"{module.__name__}:{kind.__qualname__}:{number}:".encode() + source
            identity = hashlib.sha256(text).hexdigest()[:32]
            internals._DYNAMIC_CLASS_TRACKER_BY_CLASS.setdefault(named, identity)
            internals._DYNAMIC_CLASS_TRACKER_BY_ID.setdefault(identity, named)


def _closed_over(kind: type) -> list[type]:
    """Classes of the same name that a class's methods refer to: what `dataclass(slots=True)` made the class from."""
    cells = [cell for item in vars(kind).values() for cell in getattr(item, "__closure__", None) or ()]
    found = [cell.cell_contents for cell in cells if cell != _EMPTY]
    same = [item for item in found if isinstance(item, type) and item.__qualname__ == kind.__qualname__]
    return [item for item in dict.fromkeys(same) if item is not kind]


def _dumps(value: Any) -> bytes:
    sink = io.BytesIO()
    try:
        _Pickler(sink, protocol=PROTOCOL).dump(value)
    except Unsupported:
        raise
    except Exception as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise Unsupported(why, _advice(value)) from error
    return sink.getvalue()


_ADVICE_FLOW = (
    "Store the values that you need from it, each under a name of its own, "
    "or pass it as an argument to a function instead of keeping it."
)
_ADVICE = {
    "generator": "Store its items (list(...)), or make it again in the step that needs it.",
    "io": "Store the file's path or its content, and open it in the step that needs it.",
    "socket": "Store its address, and connect in the step that needs it.",
    "memoryview": "Store its content (bytes(...)), or the object that it is a view of.",
    "lock": "Keep it in a local variable, or under a name that begins with '__', which is not stored.",
}
_ADVICE_ANY = (
    "Store plain data from which it can be made again, "
    "or keep it in a local variable (or under a name that begins with '__'), which is not stored."
)


def _advice(value: Any) -> str:
    kind = type(value)
    if inspect.isgenerator(value) or inspect.iscoroutine(value) or inspect.isasyncgen(value):
        return _ADVICE["generator"]
    if isinstance(value, io.IOBase):
        return _ADVICE["io"]
    if kind.__name__ in ("socket", "SSLSocket"):
        return _ADVICE["socket"]
    if "lock" in kind.__name__.lower() or kind.__module__ == "threading":
        return _ADVICE["lock"]
    return _ADVICE_ANY
