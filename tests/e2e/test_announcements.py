"""What is less in the other language is announced: printed, kept with the task, once, and only where it is read."""

from __future__ import annotations

FLOW = """
from dataclasses import dataclass

from pyflow import FlowSpec, r_step, step


@dataclass
class Model:
    weight: float
    words: list


class AnnounceFlow(FlowSpec):
    @step
    def start(self):
        self.model = Model(1.5, ["a", "b"])
        self.plain = {"a": 1.5}
        self.next(self.look)

    look = r_step("steps.R", "look", next="back")

    @step
    def back(self):
        assert self.model == Model(1.5, ["a", "b"])
        self.seen = [self.labelled.tolist(), self.labelled.tolist(), self.note]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    AnnounceFlow()
"""
STEPS = """
look <- function(self) {
  self$weight <- self$model$weight + self$plain$a
  self$labelled <- structure(c(1, 2), label = "size")
  self$unread <- structure(1, label = "size")
  self$note <- NA_character_
}
"""


def test_both_languages_announce_what_they_read_as_less(project, rlib):
    project.write(flow_py=FLOW, steps_R=STEPS)
    run = project.run()
    tasks = {step: run[step].task for step in ("start", "look", "back", "end")}
    assert tasks["look"]["weight"].data == 3.0
    assert [len(tasks[step].warnings) for step in ("start", "end")] == [0, 0]
    [in_r] = tasks["look"].warnings
    assert "model" in in_r
    assert "Model" in in_r
    assert "(class_dropped)" in in_r
    assert [text.partition(" ")[0] for text in tasks["back"].warnings] == ["labelled", "note"]
    assert [text.rpartition("(")[2] for text in tasks["back"].warnings] == ["attributes_dropped)", "missing_as_none)"]
    assert tasks["back"]["seen"].data == [[1.0, 2.0], [1.0, 2.0], None]
    assert "ArtifactWarning: labelled has attributes of R that have no place in Python (label)" in tasks["back"].stderr
    assert tasks["end"]["labelled"].digest == tasks["look"]["labelled"].digest
    assert tasks["back"]["model"].digest == tasks["start"]["model"].digest
