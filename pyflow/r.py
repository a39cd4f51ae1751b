"""Objects of R in a Python session, through rpy2: for looking at them interactively.

    import pyflow.r
    model = pyflow.r.open(run.data.model)
    model                        # as R prints it
    model.r("coef").values()     # call an R function on it
    model.r("function(m) summary(m)$r.squared").values()

Artifacts with a form of their own in both languages (tables, vectors, lists) need no R: `run.data.x` reads them.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from pyflow.client.artifacts import Artifact
from pyflow.codec.native import NativeProxy
from pyflow.spec.errors import ArtifactError, HostError, UserError

INSTALL = "pip install 'pyflow-rflow[rpy2]'"

# A function is a name, or R code that gives one. Errors and warnings come back as values: rpy2 would print them to the
# console, and would lose their class.
_CALL = """
function(f, arguments) {
  told <- character()
  failed <- function(e) {
    call <- conditionCall(e)
    place <- if (is.call(call) && is.symbol(call[[1]])) as.character(call[[1]]) else ""
    structure(list(c(class(e)[1], conditionMessage(e), place)), class = "pyflow_r_error")
  }
  heard <- function(w) {
    told <<- c(told, conditionMessage(w))
    invokeRestart("muffleWarning")
  }
  run <- function() {
    if (is.character(f)) {
      named <- get0(f, mode = "function")
      f <- if (is.null(named)) eval(parse(text = f), globalenv()) else named
    }
    do.call(f, arguments, quote = TRUE)
  }
  list(tryCatch(withCallingHandlers(run(), warning = heard), error = failed), told)
}
"""


class RError(UserError):
    """R reported an error."""

    code = "r_error"


class RObject:
    """An object of R. Printing it shows what R prints."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def r(self, function: str, /, *args: Any, **kwargs: Any) -> RObject:
        """Call an R function, a name (`coef`, `stats::predict`) or R code, with this object as its first argument."""
        return call(function, self, *args, **kwargs)

    def values(self) -> list[Any]:
        """The elements: Python's own values for logical, numeric and character vectors (None for NA), texts for
        factors, RObjects for lists."""
        vector = call("function(x) if (is.factor(x)) as.character(x) else x", self)
        if vector._kind() not in _PLAIN:
            return [call("[[", vector, position + 1) for position in range(len(vector))]
        missing = call("is.na", vector)._value
        return [None if gone else value for value, gone in zip(vector._value, missing, strict=True)]

    def names(self) -> list[str]:
        """The names of its elements; empty if it has none."""
        return list(call("names", self).values())

    def classes(self) -> list[str]:
        return list(call("class", self).values())

    def _kind(self) -> str:
        return str(call("typeof", self)._value[0])

    def __len__(self) -> int:
        return int(call("length", self)._value[0])

    def __call__(self, *args: Any, **kwargs: Any) -> RObject:
        """Call it, if it is a function."""
        return _invoke(self._value, args, kwargs)

    def __repr__(self) -> str:
        return "\n".join(call("function(x) utils::capture.output(print(x))", self)._value)


_PLAIN = {"logical", "integer", "double", "complex", "character"}


def open_r(source: Artifact | NativeProxy) -> RObject:
    """Open an object that R wrote: an artifact of the client, or the proxy that reading one gives.

    Raises HostError if rpy2 or R is missing, ArtifactError for a value that is not R's, RError if R cannot read it.
    """
    value = source.data if isinstance(source, Artifact) else source
    if not isinstance(value, NativeProxy) or value.language != "r":
        what = f"artifact {source.name!r}" if isinstance(source, Artifact) else "this"
        raise ArtifactError(
            f"{what} is not an object of R, but a {type(value).__name__}",
            code="native_unreadable",
            hint="Python reads it without R: use the value itself.",
        )
    try:
        return call("unserialize", RObject(_rinterface().ByteSexpVector(value.bytes)))
    except RError as error:
        raise RError(f"R cannot open the object of class {', '.join(value.cls)}: {error.message}") from error


# To be read as pyflow.r.open.
open = open_r


def call(function: str, /, *args: Any, **kwargs: Any) -> RObject:
    """Call an R function, by name or as R code.

    Arguments are RObjects, None, bool, int, float, str, and lists of one of these. Raises RError.
    """
    return _invoke(_rinterface().StrSexpVector([function]), args, kwargs)


def _invoke(function: Any, args: Iterable[Any], kwargs: dict[str, Any]) -> RObject:
    rinterface = _rinterface()
    named = [("", value) for value in args] + list(kwargs.items())
    arguments = rinterface.ListSexpVector([_to_r(value) for _, value in named])
    arguments.names = rinterface.StrSexpVector([name for name, _ in named])
    value, told = _caller()(function, arguments)
    for message in told:
        warnings.warn(f"R: {message}", stacklevel=3)
    if "pyflow_r_error" in tuple(value.rclass):
        kind, message, place = value[0]
        raise RError(f"{message} ({kind}{f' in {place}' if place else ''})")
    return RObject(value)


def _to_r(value: Any) -> Any:
    rinterface = _rinterface()
    if isinstance(value, RObject):
        return value._value
    if value is None:
        return rinterface.NULL
    items = value if isinstance(value, list | tuple) else [value]
    kinds = {type(item) for item in items}
    if kinds == {bool}:
        return rinterface.BoolSexpVector(items)
    if kinds == {int} and all(abs(item) < 2**31 for item in items):
        return rinterface.IntSexpVector(items)
    if kinds and kinds <= {int, float}:
        return rinterface.FloatSexpVector([float(item) for item in items])
    if kinds == {str}:
        return rinterface.StrSexpVector(items)
    raise UserError(
        f"an R function cannot be given {value!r} from here",
        code="r_argument",
        hint="Give None, bool, int, float, str, a list of one of these, or an RObject.",
    )


@lru_cache(maxsize=1)
def _rinterface() -> Any:
    """R, started in this process by rpy2, once."""
    try:
        import rpy2.rinterface as rinterface
    except ImportError as error:
        raise HostError(
            f"opening objects of R in Python needs rpy2: {error}", code="rpy2_missing", hint=f"Install it: {INSTALL}"
        ) from error
    except (OSError, ValueError, RuntimeError) as error:
        raise HostError(
            f"rpy2 cannot start R: {error}", code="rpy2_missing", hint="Is R installed, and R on the PATH?"
        ) from error
    rinterface.initr()
    return rinterface


@lru_cache(maxsize=1)
def _caller() -> Any:
    return _rinterface().evalr(_CALL)
