"""`pyflow completion SHELL`: the script that makes a shell complete commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from pyflow.cli import output
from pyflow.cli.context import FlowContext

SHELLS = {
    "bash": 'eval "$(pyflow completion bash)" in ~/.bashrc',
    "zsh": 'eval "$(pyflow completion zsh)" in ~/.zshrc',
    "fish": "pyflow completion fish > ~/.config/fish/completions/pyflow.fish",
}


def make(context: FlowContext) -> click.Command:
    places = "; ".join(f"{shell}: {place}" for shell, place in SHELLS.items())

    @click.command("completion", help=f"Print what makes a shell complete this command. {places}.")
    @click.argument("shell", type=click.Choice(list(SHELLS)))
    def completion(shell: str) -> int:
        root = click.get_current_context().find_root().command
        kind = get_completion_class(shell)
        assert kind is not None
        output.result(kind(root, {}, "pyflow", _VARIABLE).source())
        return 0

    return completion


# click looks for it when `pyflow` is called.
_VARIABLE = "_PYFLOW_COMPLETE"
