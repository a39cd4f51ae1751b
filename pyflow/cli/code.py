"""`code`: the code that a run used. `show`, `diff`, `pull` it, or make a `patch` back to it."""

from __future__ import annotations

from pathlib import Path

import click

from pyflow.cli import output
from pyflow.cli.context import FlowContext
from pyflow.cli.pathspec import run_form, run_of
from pyflow.client import Code
from pyflow.spec.errors import UserError

PATH = click.Path(path_type=Path)


def make(context: FlowContext) -> click.Command:
    group = click.Group("code", help="Look at the code that a run used.")
    for command in (_show(context), _diff(context), _pull(context), _patch(context)):
        group.add_command(command)
    return group


def _code_of(context: FlowContext, name: str | None) -> Code:
    run = run_of(context, name)
    if run.code is None:
        raise UserError(
            f"run {run.pathspec} has no code: its flow had no file", code="code_missing", hint="Choose another run."
        )
    return run.code


def _show(context: FlowContext) -> click.Command:
    @click.command("show", help="List the files of a run's code, or print one of them.")
    @click.argument("run", required=False, metavar=run_form(context))
    @click.argument("file", required=False)
    @click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
    def show(run: str | None, file: str | None, as_json: bool) -> int:
        code = _code_of(context, run)
        if file is not None:
            output.result(code[file].removesuffix("\n"))
        elif as_json:
            git = {"commit": code.git.commit, "branch": code.git.branch, "dirty": code.git.dirty}
            output.result_json(
                {"digest": code.digest, "flow_file": str(code.flow_file), "git": git, "files": code.files}
            )
        else:
            for line in _described(code):
                output.result(line)
        return 0

    return show


def _described(code: Code) -> list[str]:
    git = code.git
    lines = [f"digest     {code.digest}", f"flow       {code.flow_file}"]
    if git.commit is not None or git.branch is not None:
        changed = ", with changes" if git.dirty else ""
        lines.append(f"git        {git.commit or 'no commit yet'} ({git.branch or 'no branch'}{changed})")
    return [*lines, *(f"{size:>10} {name}" for name, size in code.files.items())]


def _diff(context: FlowContext) -> click.Command:
    @click.command("diff", help="Show what has changed since a run: in the flow's folder, or in another run.")
    @click.argument("run", required=False, metavar=run_form(context))
    @click.argument("other", required=False)
    @click.option("--folder", type=PATH, help="Compare with this folder instead of the flow's own.")
    def diff(run: str | None, other: str | None, folder: Path | None) -> int:
        against = None if other is None else _code_of(context, other)
        for line in _code_of(context, run).diff(against, folder=folder).split("\n")[:-1]:
            output.result(click.style(line.encode("utf-8", "replace").decode(), fg=_color(line)))
        return 0

    return diff


def _color(line: str) -> str | None:
    if line.startswith(("---", "+++")):
        return "bright_white"
    return {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])


def _pull(context: FlowContext) -> click.Command:
    @click.command("pull", help="Write the code of a run into a folder.")
    @click.argument("run", required=False, metavar=run_form(context))
    @click.option("--dir", "folder", type=PATH, help="The folder, new or empty.  [default: FLOW-RUN]")
    def pull(run: str | None, folder: Path | None) -> int:
        code = _code_of(context, run)
        target = folder or Path(run_of(context, run).pathspec.replace("/", "-"))
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise UserError(f"{target} is there and not empty", code="file_exists", hint="Choose another --dir.")
        code.extract(target)
        output.note(f"{len(code.files)} files are in {target}.")
        return 0

    return pull


def _patch(context: FlowContext) -> click.Command:
    @click.command("patch", help="Write a patch that makes the flow's folder what it was for a run.")
    @click.argument("run", required=False, metavar=run_form(context))
    @click.option("--file", "target", type=PATH, required=True, help="The patch to write.")
    @click.option("--folder", type=PATH, help="Compare with this folder instead of the flow's own.")
    @click.option("--overwrite", is_flag=True, help="Replace the file if it is there.")
    def patch(run: str | None, target: Path, folder: Path | None, overwrite: bool) -> int:
        if target.exists() and not overwrite:
            raise UserError(f"{target} is there already", code="file_exists", hint="Add --overwrite to replace it.")
        code = _code_of(context, run)
        text = code.patch(folder=folder)
        left_out = code.unpatchable(folder=folder)
        if left_out:
            output.note(f"Not in the patch: {', '.join(left_out)}; `code pull` gives them.")
        if not text:
            output.note("Nothing has changed since the run; there is no patch to write.")
            return 0
        target.write_bytes(text.encode("utf-8", "surrogateescape"))
        output.note(f"Apply it with: cd {folder or code.flow_file.parent} && git apply {target.resolve()}")
        return 0

    return patch
