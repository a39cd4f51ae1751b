"""resume of every shape, in three forms: a run fails, and each resume gets as far as the next failure.

In Python failures come at the start, in one of the tasks of a foreach or branch, at the join, at the end; in the other forms at
some of these, as each costs a run. The resume that succeeds leaves what a run without failures leaves, and no task that had ended well is run again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from pyflow.client import Run, Task
from tests.generator.behaviours import ARTIFACTS, MERGE, PLACE, TRAIL, Act, Behaviour
from tests.generator.compose import FORMS, compose, form_of
from tests.generator.model import Model
from tests.generator.shapes import SHAPES, Node
from tests.generator.test_flows import check_artifacts

NAMES = list(SHAPES)
TAKEN = {"python": slice(None), "r": slice(0, None, 2), "mixed": slice(1, 2)}
# A file of a task's name makes it fail.
STOPS = Behaviour(
    "stops",
    (Act("all", "stop(self.place)", "stop_at(self$place)"),),
    top_py="""
import os

def stop(place):
    if os.path.exists("stop+" + place.replace("/", "+")):
        raise ValueError("told to stop at " + place)
""",
    top_r="""
stop_at <- function(place) {
  if (file.exists(paste0("stop+", gsub("/", "+", place, fixed = TRUE)))) stop("told to stop at ", place)
}
""",
)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("shape", NAMES)
def test_resume(project, shape, form):
    flow = compose(f"{shape.title().replace('_', '')}Flow", SHAPES[shape], (PLACE, STOPS, MERGE, TRAIL, ARTIFACTS))
    project.write(**flow.text.files(form_of(form, NAMES.index(shape))))
    expected = Model(flow, "ann", ()).run()
    stops = _stops(SHAPES[shape], [done.artifacts["place"] for done in expected])[TAKEN[form]]
    for place in stops:
        _file(project, place).touch()
    before: Mapping[str, Task] = {}
    for place in [*stops, None]:
        done = project.call("--quiet", "resume" if place != stops[0] else "run", "--max-workers", "3")
        assert done.code == (0 if place is None else 1), done.text
        before = _check_taken_over(before, project.latest, flow.nodes)
        if place is not None:
            assert f"told to stop at {place}" in done.text
            _file(project, place).unlink()
    assert sorted(before) == sorted(item.artifacts["place"] for item in expected)
    for item in expected:
        check_artifacts(before[item.artifacts["place"]], flow, item)


def _file(project, place: str) -> Path:
    return project.folder / f"stop+{place.replace('/', '+')}"


def _check_taken_over(before: Mapping[str, Task], run: Run, nodes: Mapping[str, Node]) -> Mapping[str, Task]:
    """What had ended well in the run before was not run again; gives what has ended well now, by place."""
    now = {task["place"].data: task for step in run for task in step if task.successful}
    gangs = {target for node in nodes.values() if node.kind == "parallel" for target in node.next}
    for place in before:
        # A gang starts as a whole.
        assert place in now or place.partition("/")[0] in gangs
        assert place.partition("/")[0] in gangs or now[place].origin_pathspec is not None
    return now


def _stops(shape: Sequence[Node], places: Sequence[str]) -> list[str]:
    """Where to fail: at the start, in the last task of work, at the first join, at the end."""
    works = [place for node in shape if node.work for place in places if place.startswith(f"{node.name}/")]
    joins = [place for node in shape if node.join for place in places if place.startswith(f"{node.name}/")]
    return ["start//0", *works[-1:], *joins[:1], places[-1]]
