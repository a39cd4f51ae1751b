"""What differs between two runs: the same from Python, from R and from the terminal."""

from __future__ import annotations

import json

import pytest

from pyflow.client import compare
from tests.e2e.forms import FlowText, Step

FLOW = FlowText(
    "DiffFlow",
    (
        Step("start", "self.items = [1, 2]", "self$items <- c(1, 2)", next="fit", foreach="items"),
        Step(
            "fit",
            "import pandas as pd\nself.score = self.rate * self.input\nself.table = pd.DataFrame({'x': [self.rate, 1.0], 'k': ['a', 'b']})",
            "self$score <- self$rate * self$input\nself$table <- data.frame(x = c(self$rate, 1), k = c('a', 'b'))",
            next="join",
        ),
        Step("join", "self.best = max(i.score for i in inputs)\nself.kept = {'a': [1.5, self.rate]}", "self$best <- max(vapply(inputs, \\(i) i$score, 0))\nself$kept <- list(a = list(1.5, self$rate))", next="end", join=True),
        Step("end"),
    ),
    py='rate = Parameter("rate", default=0.5)',
    r='parameter("rate", default = 0.5)',
)  # fmt: skip

ASK_R = """
suppressMessages(library(rflow))
found <- compare({before}, {after})
cat(jsonlite::toJSON(list(unclass(found)[c("parameters", "artifacts")], capture.output(print(found)))))
"""


@pytest.fixture
def two_runs(rlib, project, form, call_flow):
    call_flow(FLOW, "--rate", "0.5")
    before = project.latest
    path = next(project.folder.glob("flow.*"))
    path.write_text(path.read_text() + "\n# a new line\n")
    project.run("--rate", "0.25")
    return before, project.latest


def test_two_runs_are_compared_in_every_language(project, two_runs):
    before, after = two_runs
    found = compare(before, after)
    assert [vars(item) for item in found.parameters] == [{"name": "rate", "before": "0.5", "after": "0.25"}]
    assert "+# a new line" in found.code
    changed = {f"{item.place}/{item.name}": item for item in found.artifacts}
    assert set(changed) == {"fit[0]/score", "fit[0]/table", "fit[1]/score", "fit[1]/table", "join/best", "join/kept"}
    assert changed["join/best"].difference.text == "1.0 -> 0.5 (-0.5)"
    assert changed["join/kept"].difference.details[0].place == "['a'][1]"
    (column,) = changed["fit[0]/table"].difference.details
    assert (column.place, column.note) == ("x", "1 of 2 values differ")
    assert [item.step for item in found.timing] == ["start", "fit", "join", "end"]

    told = project.call("diff", before.id, after.id, "--json")
    assert json.loads(told.out) == json.loads(json.dumps(found.to_json()))
    shown = project.call("diff", before.id)
    assert "rate: 0.5 -> 0.25" in shown.out and "  +# a new line" in shown.out, shown.text

    code = ASK_R.format(before=json.dumps(before.pathspec), after=json.dumps(after.pathspec))
    in_r, printed = project.r(code)
    assert in_r["parameters"] == [vars(item) for item in found.parameters]
    assert [row["difference"] for row in in_r["artifacts"]] == [item.difference.text for item in found.artifacts]
    assert [row["place"] for row in in_r["artifacts"]] == [item.place for item in found.artifacts]
    assert printed == [text for _, text in found.lines()]


def test_a_run_is_the_same_as_itself(project, two_runs):
    before, _ = two_runs
    found = compare(before, before)
    assert found.same and found.environment == []
    assert "same parameters, code, environment and artifacts" in repr(found)


def test_a_run_that_is_not_there_is_named(project, two_runs):
    before, _ = two_runs
    ended = project.call("diff", before.id, "17")
    assert ended.code == 1 and "there is no run DiffFlow/17" in ended.err
