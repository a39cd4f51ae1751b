"""Every shape, with all behaviours at once, in three forms: each task leaves the artifacts that the model says."""

from __future__ import annotations

import pytest

from pyflow.client import Run, Task
from tests.generator.behaviours import TOGETHER
from tests.generator.compose import FORMS, Flow, compose, form_of
from tests.generator.model import Caught, Done, Model, plain
from tests.generator.shapes import SHAPES

NAMES = list(SHAPES)
# What `catch` keeps, by the artifact's name.
CODES = {"failed": "step_failed", "late": "step_timeout"}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("shape", NAMES)
def test_flow(project, shape, form):
    flow = compose(f"{shape.title().replace('_', '')}Flow", SHAPES[shape], TOGETHER)
    project.write(**flow.text.files(form_of(form, NAMES.index(shape))))
    for name, content in flow.files.items():
        (project.folder / name).write_bytes(content)
    done = project.call("--quiet", *flow.options, "run", *flow.args, "--max-workers", "4")
    assert done.code == 0, done.text
    run = project.latest
    assert run.user_tags == {"späť", "good"}
    check(run, flow, Model(flow, "ann", ("späť", "good")).run())


def check(run: Run, flow: Flow, expected: list[Done]) -> None:
    """Compare all tasks of a run with the model's."""
    found = {task["place"].data: task for step in run for task in step}
    assert sorted(found) == sorted(done.artifacts["place"] for done in expected)
    for done in expected:
        task = found[done.artifacts["place"]]
        check_artifacts(task, flow, done)
        assert (task.status, len(task.attempts)) == ("caught" if done.caught else "success", done.attempts)
        if done.caught:
            assert done.caught in task.exception.message
    assert len({task["untouched"].digest for task in found.values() if "untouched" in task}) == 1


def check_artifacts(task: Task, flow: Flow, done: Done) -> None:
    values = {artifact.name: artifact.data for artifact in task}
    wanted = {**done.artifacts, **flow.values}
    assert sorted(values) == sorted(wanted), task.pathspec
    for name, value in wanted.items():
        if isinstance(value, Caught):
            assert value.message in values[name]["exception"]
            assert values[name]["code"] == CODES[name]
        elif name == "ids":
            assert plain(values[name])[1:] == [task.id, task.pathspec]
        else:
            assert plain(values[name]) == plain(value), (task.pathspec, name)
