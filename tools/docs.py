"""Writes the pages of docs/reference that are made from the code: Python, R, the command line, settings.

    .venv/bin/python tools/docs.py            # writes them
    .venv/bin/python tools/docs.py --check    # fails if one is out of date

The R page needs R, and is made from rflow/man (tools/document.R writes that).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import click

import pyflow
from pyflow.cli.command import PYFLOW_COMMANDS, make_group
from pyflow.cli.context import FlowContext
from pyflow.cli.main import FLOW_COMMANDS, flow_options
from pyflow.define.compile import compile_flow
from pyflow.define.load import find_flow, load_file
from pyflow.settings import SETTINGS

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "docs" / "reference"
NOTE = "<!-- Made by tools/docs.py: do not edit. -->\n"

# What a reader looks for together. Every public name stands in one of them.
PYTHON_GROUPS: Mapping[str, tuple[str, ...]] = {
    "Flows and steps": ("FlowSpec", "step", "r_step", "current", "lazy", "ArtifactWarning"),
    "Parameters and configurations": (
        "Parameter",
        "IncludeFile",
        "JSONType",
        "Config",
        "ConfigValue",
        "config_expr",
        "yaml_parser",
        "requirements_txt_parser",
        "pyproject_toml_parser",
        "conda_environment_yml_parser",
    ),
    "Decorators of steps": (
        "retry",
        "catch",
        "timeout",
        "environment",
        "resources",
        "secrets",
        "get_secret",
        "parallel",
    ),
    "Decorators of flows": ("project", "exit_hook"),
    "Own decorators": (
        "user_step_decorator",
        "UserStepDecorator",
        "USER_SKIP_STEP",
        "StepMutator",
        "FlowMutator",
        "MutableStep",
        "MutableFlow",
    ),
    "Look at runs": (
        "Pyflow",
        "Flow",
        "Run",
        "Step",
        "Task",
        "Artifact",
        "namespace",
        "get_namespace",
        "default_namespace",
        "NamespaceMismatch",
        "metadata",
        "get_metadata",
        "default_metadata",
    ),
    "Find and compare": ("runs", "tasks", "artifacts", "compare"),
    "Look after the store": (
        "store_stats",
        "store_gc",
        "delete_runs",
        "pin",
        "unpin",
        "pins",
        "store_check",
        "store_repair",
    ),
    "Run flows from code": ("Runner", "NBRunner", "ExecutingRun", "ExecutingTask", "spin", "inspect_spin"),
    "Errors": ("PyflowError",),
}
CLI_HEAD = """
`python flow.py COMMAND` and `Rscript flow.R COMMAND` are the same program. `pyflow COMMAND` looks at flows and runs
without a flow's file.

Option names may be typed with `-` or `_`. `0` is the exit code of success, `1` of a failure, `2` of a command that was
typed wrongly.

## Of a flow

As an example, the flow of the tutorial's first episode; `--name` is its parameter.

"""
ALIASES = {"Metaflow": "Pyflow", "DataArtifact": "Artifact"}


def python_page() -> str:
    """The public names, which mkdocstrings fills in from their docstrings."""
    known = {name for names in PYTHON_GROUPS.values() for name in names} | set(ALIASES)
    if known != set(pyflow.__all__):
        raise SystemExit(f"PYTHON_GROUPS of tools/docs.py: {sorted(known ^ set(pyflow.__all__))}")
    parts = ["# Python\n\n", NOTE, "\nAll of these are imported from `pyflow`.\n"]
    for title, names in PYTHON_GROUPS.items():
        parts.append(f"\n## {title}\n")
        parts += [f"\n::: {pyflow._PUBLIC[name].replace(':', '.')}\n" for name in names]
    parts.append("\n## Other names\n\n")
    parts += [f"* `{alias}` is `{name}`.\n" for alias, name in sorted(ALIASES.items())]
    return "".join(parts)


def r_page() -> str:
    """The help pages of the R package, one after the other."""
    done = subprocess.run(
        ["Rscript", "--vanilla", "tools/rd.R"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"LC_ALL": "C.UTF-8"},
    )
    topics = [part.partition("\n") for part in re.split(r"^@@ ", done.stdout, flags=re.MULTILINE)[1:]]
    heads = [head.split("\t") for head, _, _ in topics]
    parts = ["# R\n\n", NOTE, "\n| | |\n|---|---|\n"]
    for name, aliases, title in heads:
        functions = ", ".join(f"`{alias}`" for alias in aliases.split() if "-" not in alias)
        parts.append(f"| [{title}](#{name}) | {functions} |\n")
    for (name, _, title), (_, _, html) in zip(heads, topics, strict=True):
        parts.append(f"\n## {title} {{ #{name} }}\n\n{_fragment(html)}")
    return "".join(parts)


def _fragment(html: str) -> str:
    """The body of a help page."""
    body = re.sub(r"^.*?<h2>.*?</h2>\s*|(</div>\s*)?</body>.*$|<hr />.*$", "", html, flags=re.DOTALL)
    body = re.sub(r"<h3>(.*?)</h3>", r"<p><strong>\1</strong></p>", body)
    body = re.sub(r"<table[^>]*>", "<table>", body)
    lines = [line.rstrip() for line in body.strip().splitlines()]
    return '<div class="rd">\n' + re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\n</div>\n"


def cli_page() -> str:
    """Every command, from click: those of a flow's file, and those of `pyflow`."""
    module = load_file(ROOT / "pyflow" / "tutorials" / "01-hello" / "flow.py")
    graph = compile_flow(find_flow(module, "HelloFlow"))
    flow = make_group(FlowContext("python flow.py", graph), FLOW_COMMANDS, "", flow_options(graph))
    store = make_group(FlowContext("pyflow"), PYFLOW_COMMANDS, "")
    parts = [
        "# Command line\n\n",
        NOTE,
        CLI_HEAD,
        *_options(flow, "python flow.py"),
        *_commands(flow, "python flow.py", "###"),
        "\n## Of the store\n",
        *_commands(store, "pyflow", "###"),
    ]
    return "".join(parts)


def _commands(group: click.Group, prog: str, level: str) -> Iterator[str]:
    context = click.Context(group, info_name=prog)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        own = click.Context(command, info_name=name, parent=context)
        usage = " ".join(command.collect_usage_pieces(own))
        told = " ".join((command.help or "").split())
        yield f"\n{level} `{prog} {name}`\n\n{told}\n\n```text\n{prog} {name} {usage}\n```\n\n"
        yield from _options(command, f"{prog} {name}")
        if isinstance(command, click.Group):
            yield from _commands(command, f"{prog} {name}", f"{level}#")


def _options(command: click.Command, prog: str) -> Iterator[str]:
    context = click.Context(command, info_name=prog)
    records = [
        record
        for option in command.params
        if isinstance(option, click.Option)
        if (record := option.get_help_record(context)) is not None
    ]
    if records:
        yield "| option | |\n|---|---|\n"
        for names, text in records:
            yield f"| `{_cell(names)}` | {_cell(text)} |\n"


def _cell(text: str) -> str:
    return (
        " ".join(text.replace(str(ROOT), "").split())
        .replace("|", "\\|")
        .replace("<", "&lt;" if "`" not in text else "<")
    )


def settings_page() -> str:
    """The table of settings."""
    parts = [
        "# Settings\n\n",
        NOTE,
        "\nHow they are set: [how-to](../howto/settings.md).\n\n",
        "| setting | variable | default | |\n|---|---|---|---|\n",
    ]
    parts += [f"| `{item.name}` | `{item.variable}` | {item.default} | {item.help} |\n" for item in SETTINGS.values()]
    return "".join(parts)


PAGES: Mapping[str, Callable[[], str]] = {
    "python.md": python_page,
    "r.md": r_page,
    "cli.md": cli_page,
    "settings.md": settings_page,
}


def main() -> None:
    old = []
    for name, make in PAGES.items():
        path, text = REFERENCE / name, make()
        if not path.exists() or path.read_text("utf-8") != text:
            old.append(name)
            if "--check" not in sys.argv:
                path.write_text(text, "utf-8")
    print(f"{'out of date' if '--check' in sys.argv else 'written'}: {', '.join(old) or 'nothing'}")
    sys.exit(bool(old) and "--check" in sys.argv)


if __name__ == "__main__":
    main()
