"""Which steps of a class are the first and the last one."""

import pytest

from tests.unit.test_define_compile import compiled, problems

BETWEEN = """
    @step
    def {first}(self):
        self.next(self.{last})

    @step
    def {last}(self):
        pass
"""


def test_by_their_names(tmp_path):
    graph = compiled(tmp_path, BETWEEN.format(first="start", last="end"))
    assert (graph.start, graph.end) == ("start", "end")


def test_by_their_marks(tmp_path):
    body = BETWEEN.format(first="begin", last="finish").replace("@step", "@step(start=True)", 1)
    graph = compiled(tmp_path, body[::-1].replace("@step"[::-1], "@step(end=True)"[::-1], 1)[::-1])
    assert (graph.start, graph.end) == ("begin", "finish")


@pytest.mark.parametrize("name", ["only", "start"])
def test_a_single_step_is_both(tmp_path, name):
    graph = compiled(tmp_path, f"@step\ndef {name}(self):\n    pass")
    assert (graph.start, graph.end) == (name, name)


def test_a_single_step_that_goes_on_is_not(tmp_path):
    graph = compiled(tmp_path, "@step\ndef start(self):\n    self.next(self.end)")
    assert (graph.start, graph.end) == ("start", "end")


def test_an_r_step_may_be_marked(tmp_path):
    (tmp_path / "m.R").write_text("f <- function(self) 1")
    graph = compiled(tmp_path, 'begin = r_step("m.R", "f", next="end", start=True)\n@step\ndef end(self):\n    pass')
    assert graph.start == "begin"


def test_two_marks_are_a_problem_at_the_second(tmp_path):
    body = BETWEEN.format(first="begin", last="finish").replace("@step", "@step(end=True)")
    assert problems(tmp_path, body) == [("step_invalid", "finish", 8)]
