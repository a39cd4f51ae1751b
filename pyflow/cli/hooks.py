"""Exit hooks: the user's functions that are called after a run, each in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pyflow.cli import output
from pyflow.cli.reporter import ConsoleReporter
from pyflow.engine.plan import Plan
from pyflow.environments import ENVIRONMENTS
from pyflow.process import kernel
from pyflow.spec.errors import HostError
from pyflow.spec.records import FAILED, SUCCESS

# How the interpreter of a flow's language is told to call a hook; the request follows as JSON.
COMMANDS: dict[str, Sequence[str]] = {
    "python": ("-m", "pyflow.cli.hook"),
    "r": ("--no-echo", "--no-restore", "--no-save", "-e", "rflow:::run_exit_hook()"),
}
ARGUMENTS = {SUCCESS: "on_success", FAILED: "on_error"}


def run_hooks(plan: Plan, status: str, reporter: ConsoleReporter) -> None:
    """Call the hooks for a run that has ended so, one after the other. A hook that fails is told, nothing more."""
    argument = ARGUMENTS.get(status)
    hooks = [
        name
        for decorator in plan.graph.decorators
        if decorator.name == "exit_hook" and argument
        for name in decorator.args.get(argument) or []
    ]
    for name in hooks:
        reporter.note(f"Calling exit hook {name}.")
        failure = _call(plan, name, status)
        if failure:
            output.failure(f"Exit hook {name} {failure}. The run is not affected: it ended as {status}.")


def _call(plan: Plan, name: str, status: str) -> str:
    """What went wrong, or an empty text."""
    language = plan.graph.language
    try:
        interpreter = ENVIRONMENTS["none"]().interpreter(language)
    except HostError as error:
        return f"cannot be called: {error.message}"
    parent = os.getpid()
    with _own_signals():
        done = subprocess.run(
            [*interpreter.command, *COMMANDS[language], json.dumps(_request(plan, name, status))],
            env={**os.environ, **interpreter.environment},
            stdin=subprocess.DEVNULL,
            preexec_fn=lambda: kernel.die_with_parent(parent),
        )
    if done.returncode < 0:
        return f"was ended by signal {-done.returncode}"
    return f"failed (exit code {done.returncode})" if done.returncode else ""


def _request(plan: Plan, name: str, status: str) -> dict[str, Any]:
    return {
        "file": plan.graph.file,
        "function": name,
        "code": plan.copy,
        "configs": [{"name": item.name, "value": item.value, "plain": item.plain} for item in plan.graph.configs],
        "current": {
            "is_running_flow": False,
            "flow_name": plan.flow,
            "run_id": plan.run,
            "pathspec": f"{plan.flow}/{plan.run}",
            "origin_run_id": plan.origin,
            "namespace": plan.namespace,
            "username": plan.username,
            "tags": list(plan.tags),
            "status": status,
            **plan.project,
        },
    }


@contextmanager
def _own_signals() -> Iterator[None]:
    """The run is over, so that Ctrl-C and SIGTERM end this process and, with it, the hook."""
    defaults = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: signal.SIG_DFL,
        signal.SIGHUP: signal.SIG_DFL,
    }
    before = {number: signal.signal(number, handler) for number, handler in defaults.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
