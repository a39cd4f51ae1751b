"""A foreach of 1,200 items, in three forms: every item once, in order."""

from __future__ import annotations

import pytest

from tests.generator.behaviours import Act, Behaviour
from tests.generator.compose import FORMS, compose, form_of
from tests.generator.shapes import END, foreach, join, to

COUNT = 1200
SHAPE = (foreach("start", "each", COUNT), to("each", "gather"), join("gather", "end"), END)
NUMBERS = Behaviour(
    "numbers",
    (
        Act("item", "self.number = self.index", "self$number <- self$index"),
        Act(
            "join",
            "self.numbers = [int(item.number) for item in inputs]\nself.last = inputs[len(inputs) - 1].number",
            'self$numbers <- unlist(gather_inputs(inputs, "number"))\nself$last <- inputs[[length(inputs)]]$number',
        ),
    ),
)


@pytest.mark.parametrize("form", FORMS)
def test_wide_foreach(project, form):
    project.write(**compose("WideFlow", SHAPE, (NUMBERS,)).text.files(form_of(form, 0)))
    done = project.call("--quiet", "run", "--max-num-splits", str(COUNT), timeout=300)
    assert done.code == 0, done.text
    run = project.latest
    assert [task.index for task in run["each"]] == list(range(COUNT))
    assert list(run.data.numbers) == list(range(COUNT))
    assert run.data.last == COUNT - 1
