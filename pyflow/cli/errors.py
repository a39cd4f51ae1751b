"""The one funnel: every error becomes a message on standard error and an exit code."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Callable

import click

from pyflow.cli import output
from pyflow.spec.errors import MAKE_ROOM, GraphError, PyflowError, UsageError

USAGE, FAILED, INTERRUPTED = 2, 1, 130
# What the system says of a place that is full or may not be written.
UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


def guarded(main: Callable[[], int | None]) -> int:
    """Call `main` and give the exit code: 0, 1 (failed), 2 (usage), 130 (interrupted)."""
    code = _called(main)
    for stream in filter(None, (sys.stdout, sys.stderr)):  # one that was closed before we began is None
        try:
            stream.flush()
        except OSError:
            # What cannot be written any more: Python would try again at its end, complain, and change the exit code.
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return code


def _called(main: Callable[[], int | None]) -> int:
    try:
        return main() or 0
    except click.ClickException as error:
        _usage(error)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        output.failure("Interrupted.")
        return INTERRUPTED
    except GraphError as error:
        _problems(error)
        return error.exit_code
    except UsageError as error:
        output.failure(f"Usage error: {error}")
        return error.exit_code
    except PyflowError as error:
        output.failure(f"{type(error).__name__}: {error}")
        return error.exit_code
    except BrokenPipeError:
        return FAILED  # whoever read our output has gone (`| head`)
    except Exception as error:  # noqa: BLE001 - the edge of the program: report it as ours
        if isinstance(error, OSError) and error.errno in UNWRITABLE:
            output.failure(f"{type(error).__name__}: {error}", [MAKE_ROOM])
            return FAILED
        output.failure(f"Unexpected {type(error).__name__}: {error}", [traceback.format_exc().rstrip()])
        output.failure("This is a mistake in pyflow. Please report it with the lines above.")
        return FAILED


def _usage(error: click.ClickException) -> None:
    context = getattr(error, "ctx", None)
    if context is not None:
        click.echo(context.get_usage(), err=True)
    output.failure(f"Usage error: {error.format_message()}")
    if context is not None:
        click.echo(f"Try '{context.command_path} --help'.", err=True)


def _problems(error: GraphError) -> None:
    count = len(error.problems)
    output.failure(f"Validity checker found {'an issue' if count == 1 else f'{count} issues'}:")
    for problem in error.problems:
        click.echo(f"  {problem}", err=True)
