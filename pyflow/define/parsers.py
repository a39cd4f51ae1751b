"""Built-in parsers of configurations: text -> value. They raise ValueError, saying what cannot be read and what to do.

Those of dependency files give `{"packages": {name: version}, "python": version}`, which are the arguments of decorators
that choose packages; `python` only if the file says it. A version that is pinned by `==` is the bare version.
"""

from __future__ import annotations

import importlib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

_REQUIREMENT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^]]*)\])?\s*(.*)")


def yaml_parser(content: str) -> Any:
    """YAML; needs the package PyYAML."""
    try:
        yaml = importlib.import_module("yaml")
    except ImportError:
        raise ValueError("YAML needs the package PyYAML: python -m pip install pyyaml") from None
    return yaml.safe_load(content)


def requirements_txt_parser(content: str) -> dict[str, Any]:
    """A requirements.txt with packages only: options, files, markers and URLs are refused."""
    lines = (line.partition(" #")[0].strip() for line in content.splitlines())
    kept = [line for line in lines if line and not line.startswith("#")]
    for line in kept:
        if line.startswith("-"):
            raise ValueError(f"the option {line!r} is not supported; list packages only")
    return {"packages": _packages(kept)}


def pyproject_toml_parser(content: str) -> dict[str, Any]:
    """`project.dependencies` and `project.requires-python` of a pyproject.toml."""
    project = tomllib.loads(content).get("project")
    if project is None:
        raise ValueError("it has no table [project]")
    found: dict[str, Any] = {"packages": _packages(project.get("dependencies", []))}
    if "requires-python" in project:
        found["python"] = _version(project["requires-python"])
    return found


def conda_environment_yml_parser(content: str) -> dict[str, Any]:
    """The conda packages of an environment.yml; its pip section is refused."""
    data = yaml_parser(content)
    if not isinstance(data, Mapping) or not isinstance(data.get("dependencies"), list):
        raise ValueError("it has no list `dependencies`")
    packages: dict[str, str] = {}
    for item in data["dependencies"]:
        if not isinstance(item, str):
            raise ValueError(f"{item!r} is not supported; list conda packages only, and pip packages elsewhere")
        matched = re.fullmatch(r"([A-Za-z0-9._-]+)\s*(.*)", (item.partition("::")[2] or item).strip())
        if matched is None:
            raise ValueError(f"{item!r} is no package")
        packages[matched[1]] = _conda_version(matched[2])
    python = packages.pop("python", None)
    return {"packages": packages} | ({"python": python} if python else {})


def _packages(requirements: Iterable[str]) -> dict[str, str]:
    packages: dict[str, str] = {}
    for text in requirements:
        if ";" in text:
            raise ValueError(f"the marker in {text!r} is not supported; list packages without conditions")
        matched = _REQUIREMENT.fullmatch(text.strip())
        if matched is None or "@" in text or "/" in matched[3]:
            raise ValueError(f"{text!r} is not supported; write a package and its version, as in pandas==2.2.3")
        name = f"{matched[1]}[{matched[2]}]" if matched[2] else matched[1]
        if name in packages:
            raise ValueError(f"{name!r} is listed twice")
        packages[name] = _version(matched[3])
    return packages


def _version(text: str) -> str:
    text = text.replace(" ", "")
    pinned = re.fullmatch(r"===?([^*,<>=!~]+)", text)
    return pinned[1] if pinned else text


def _conda_version(text: str) -> str:
    """`=1.2` and `==1.2` are the version 1.2; `=1.2=build` too."""
    pinned = re.fullmatch(r"==?\s*([^=,<>!]+)(?:=[^=]*)?", text.strip())
    return pinned[1].strip() if pinned else text.replace(" ", "")


PARSERS: Mapping[str, Callable[[str], Any]] = {
    "yaml": yaml_parser,
    "requirements": requirements_txt_parser,
    "pyproject": pyproject_toml_parser,
    "conda": conda_environment_yml_parser,
    "yaml_parser": yaml_parser,
    "requirements_txt_parser": requirements_txt_parser,
    "pyproject_toml_parser": pyproject_toml_parser,
    "conda_environment_yml_parser": conda_environment_yml_parser,
}
