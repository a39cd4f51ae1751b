"""What every command of one invocation knows, and how a command is found without importing the others."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from pyflow.spec.names import nearest

if TYPE_CHECKING:
    from pyflow.spec.graph import Graph


@dataclass(frozen=True)
class FlowContext:
    """`graph` is None for the command `pyflow`, whose commands name the flow; `prog` is how we were called."""

    prog: str
    graph: Graph | None = None


@dataclass(frozen=True)
class Entry:
    """A command that is imported only when it is used: `module:function`, which makes it from a FlowContext."""

    make: str
    help: str


class LazyGroup(click.Group):
    """A group whose commands are given by a literal table of entries."""

    def __init__(self, context: FlowContext, entries: Mapping[str, Entry], **kwargs: object) -> None:
        super().__init__(**kwargs)  # type: ignore[arg-type]
        self.flow = context
        self.entries = entries

    def invoke(self, ctx: click.Context) -> object:
        # A command names its runs; whose they are does not matter.
        pkgutil.resolve_name("pyflow.define.namespaces:namespace")(None)
        return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = self.entries.get(cmd_name)
        if entry is None:
            return None
        make: Callable[[FlowContext], click.Command] = pkgutil.resolve_name(entry.make)
        return make(self.flow)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in self.entries.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.entries and not args[0].startswith("-"):
            near = nearest(args[0], self.entries)
            hint = f" Did you mean {near!r}?" if near else f" The commands are: {', '.join(self.entries)}."
            raise click.UsageError(f"there is no command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)


def alike(name: str) -> str:
    """Option names may be typed with `-` or `_`."""
    return name.replace("_", "-")


SETTINGS = {"token_normalize_func": alike, "help_option_names": ["-h", "--help"], "max_content_width": 100}
