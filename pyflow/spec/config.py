"""The value of a flow's configuration, as steps and decorators see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

Plain = dict[str, Any]


class ConfigValue(dict[str, Any]):
    """A dict that does not change, whose keys are attributes too: `config.model.depth` is `config["model"]["depth"]`.

    Dicts inside of it are ConfigValues as well. `to_dict()` gives an ordinary dict that may be changed.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__({key: frozen(value) for key, value in values.items()})

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"the configuration has no key {name!r}{_known(self)}") from None

    def __missing__(self, key: object) -> NoReturn:
        raise KeyError(f"{key!r} is no key of the configuration{_known(self)}")

    def to_dict(self) -> Plain:
        """The same as ordinary dicts and lists."""
        return {key: thawed(value) for key, value in self.items()}

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *(key for key in self if key.isidentifier())]

    def __repr__(self) -> str:
        return f"ConfigValue({super().__repr__()})"

    def __copy__(self) -> ConfigValue:
        return self

    def __deepcopy__(self, memory: object) -> ConfigValue:
        return self

    def __reduce__(self) -> tuple[type[ConfigValue], tuple[Plain]]:
        return ConfigValue, (self.to_dict(),)

    def _refuse(self, *args: object, **kwargs: object) -> NoReturn:
        raise TypeError("a configuration cannot be changed; to_dict() gives a copy that can")

    __setattr__ = __setitem__ = __delattr__ = __delitem__ = _refuse
    update = setdefault = pop = popitem = clear = __ior__ = _refuse


def frozen(value: Any) -> Any:
    """The value with every dict in it a ConfigValue."""
    if isinstance(value, dict):
        return value if isinstance(value, ConfigValue) else ConfigValue(value)
    return [frozen(item) for item in value] if isinstance(value, list) else value


def thawed(value: Any) -> Any:
    """The value with every ConfigValue in it an ordinary dict."""
    if isinstance(value, ConfigValue):
        return value.to_dict()
    return [thawed(item) for item in value] if isinstance(value, list) else value


def _known(value: Mapping[str, Any]) -> str:
    return f"; it has {', '.join(map(repr, value))}" if value else "; it is empty"
