"""resume, in Python, in R and mixed: only what was not finished runs, and the results are those of a run that did not fail."""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent

import pytest

from tests.e2e.forms import FlowText, Step
from tests.e2e.project import kill, wait_for
from tests.e2e.test_flow_language import plain

# Every task notes that it ran; what file `fail` names fails, what file `hang` names waits until it is killed.
TOP_PY = """
import os, time

def note(name):
    with open("ran.txt", "a") as file:
        print(name, file=file)
    print("this is", name)
    if told("fail") == name:
        raise ValueError(name + " is to fail")
    while told("hang") == name:
        time.sleep(0.05)

def told(what):
    return open(what).read().strip() if os.path.exists(what) else ""
"""
TOP_R = """
note <- function(name) {
  cat(name, "\\n", sep = "", file = "ran.txt", append = TRUE)
  cat("this is", name, "\\n")
  if (told("fail") == name) stop(name, " is to fail")
  while (told("hang") == name) Sys.sleep(0.05)
}
told <- function(what) if (file.exists(what)) trimws(readLines(what, warn = FALSE)[1]) else ""
"""

FLOW = FlowText(
    "ResumeFlow",
    (
        Step(
            "start",
            """
            note("start")
            self.items = ["a", "b", "c"]
            self.where = current.run_id
            """,
            """
            note("start")
            self$items <- c("a", "b", "c")
            self$where <- current("run_id")
            """,
            next="work",
            foreach="items",
        ),
        Step(
            "work",
            """
            note("work-" + self.input)
            self.word = self.input * self.times
            """,
            """
            note(paste0("work-", self$input))
            self$word <- strrep(self$input, self$times)
            """,
            next="score",
        ),
        Step(
            "score",
            """
            note("score-" + self.input)
            self.points = self.word + self.text.strip()
            """,
            """
            note(paste0("score-", self$input))
            self$points <- paste0(self$word, trimws(self$text))
            """,
            next="join",
        ),
        Step(
            "join",
            """
            note("join")
            self.scores = [item.points for item in inputs]
            self.merge_artifacts(inputs, include=["where"])
            """,
            """
            note("join")
            self$scores <- unlist(gather_inputs(inputs, "points"))
            merge_artifacts(self, inputs, include = "where")
            """,
            next="end",
            join=True,
        ),
        Step(
            "end",
            """
            note("end")
            self.origin = current.origin_run_id
            """,
            """
            note("end")
            self$origin <- current("origin_run_id")
            """,
        ),
    ),
    py="""
    times = Parameter("times", default=1)
    text = IncludeFile("text", default="text.txt")
    greeting = "hello"
    """,
    r="""
    parameter("times", default = 1L)
    include_file("text", default = "text.txt")
    constant(greeting = "hello")
    """,
    top_py=TOP_PY,
    top_r=TOP_R,
)
ALL = ["end", "join", "score-a", "score-b", "score-c", "start", "work-a", "work-b", "work-c"]


class Story:
    """Runs of one flow in a project; `ran` are the tasks that ran in the last of them."""

    def __init__(self, project, form, flow=FLOW):
        self.project, self.form = project, form
        self.ran = []
        project.write(text_txt="!")
        self.write(flow)

    def write(self, flow):
        self.project.write(**flow.files(self.form))

    def call(self, *args, fail=None, code=0, **options):
        (self.project.folder / "ran.txt").unlink(missing_ok=True)
        (self.project.folder / "fail").unlink(missing_ok=True)
        if fail:
            (self.project.folder / "fail").write_text(fail)
        done = self.project.call(*args, **options)
        assert done.code == code, done.text
        self.note()
        return done

    def note(self):
        path = self.project.folder / "ran.txt"
        self.ran = sorted(path.read_text().split()) if path.exists() else []

    @property
    def run(self):
        return self.project.latest

    @property
    def scores(self):
        return plain(self.run.data.scores)

    def result(self):
        """Digests of all artifacts by step and place, but for those that name the run."""
        return {
            (step.id, task.index): {item.name: item.digest for item in task if item.name not in ("where", "origin")}
            for step in self.run
            for task in step
        }


@pytest.fixture
def story(project, form):
    return Story(project, form)


def test_a_failed_run_goes_on_where_it_failed(story):
    story.call("run", "--times", "2", fail="score-b", code=1)
    failed = story.run
    assert failed.status == "failed"
    # What the origin read stays, whatever became of the file.
    story.project.write(text_txt="?")
    done = story.call("resume", "--tag", "again", "--max-workers", "2")
    assert f"resuming run {failed.id}" in done.out
    finished = {"start", "work-a", "work-b", "work-c"}
    assert {"score-b", "join", "end"} <= set(story.ran) <= set(ALL) - finished
    run = story.run
    assert (run.id != failed.id, run.status, run.origin, run.user_tags) == (True, "success", failed.id, {"again"})
    assert story.scores == ["aa!", "bb!", "cc!"]
    assert (run.data.where, run.data.origin) == (failed.id, failed.id)
    assert (run.parameters.times, run.parameters.greeting) == (2, "hello")
    start = run["start"].task
    assert start.origin_pathspec == f"ResumeFlow/{failed.id}/start/{start.id}"
    assert "this is start" in start.stdout
    assert run["join"].task.origin_pathspec is None
    taken = story.project.call("logs", f"{run.id}/start").out
    assert "this is start" in taken


@pytest.mark.parametrize(
    ("step", "again"),
    [
        ("start", ALL),
        ("work", [name for name in ALL if name != "start"]),
        ("join", ["end", "join"]),
        ("end", ["end"]),
        (None, []),
    ],
)
def test_a_run_goes_on_from_any_step(story, step, again):
    story.call("run", "--times", "3")
    first, whole = story.run, story.result()
    story.call("resume", *([step] if step else []))
    assert story.ran == again
    assert story.result() == whole
    assert story.run.origin == first.id
    assert story.scores == ["aaa!", "bbb!", "ccc!"]
    assert story.run.data.where == (story.run.id if step == "start" else first.id)


@pytest.mark.parametrize("form", ["python_with_r", "r_with_python"])
def test_a_run_whose_engine_was_killed_goes_on(project, form):
    story = Story(project, form)
    story.call("run")
    whole = story.result()
    (project.folder / "hang").write_text("score-b")
    with project.started("run") as process:
        # All but the one that hangs, and what comes after it.
        wait_for(lambda: sum(row.status == "success" for row in story.run.task_rows()) == len(ALL) - 3)
        kill(process.pid)
        process.wait()
    project.no_process_left()
    (project.folder / "hang").unlink()
    assert story.run.status == "interrupted"
    story.call("resume")
    assert story.ran == ["end", "join", "score-b"]
    assert story.result() == whole


@pytest.mark.parametrize("form", ["python", "r"])
def test_anybody_goes_on_with_the_latest_run_or_resume(project, form):
    story = Story(project, form)
    story.call("run", fail="work-b", code=1)
    story.call("run", "--times", "2", fail="join", code=1)
    second = story.run.id
    story.call("resume", fail="end", code=1, PYFLOW_USER="bob")
    assert (story.run.username, story.run.origin, story.ran) == ("bob", second, ["end", "join"])
    third = story.run.id
    # A resume of a resume: what it finished comes from it, and the rest through it from where it was done.
    story.call("resume", PYFLOW_USER="carol")
    assert (story.run.origin, story.ran) == (third, ["end"])
    assert story.run["join"].task.origin_pathspec.startswith(f"ResumeFlow/{third}/join/")
    assert story.run["start"].task.origin_pathspec.startswith(f"ResumeFlow/{second}/start/")
    assert story.scores == ["aa!", "bb!", "cc!"]
    # Any run may be named.
    story.call("resume", "end", "--origin-run-id", second)
    assert story.run.origin == second
    assert story.ran == ["end", "join"]
    assert "no run" in story.call("resume", "--origin-run-id", "77", code=1).err
    assert "no run" in story.call("resume", "--namespace", "user:nobody", code=1).err
    story.call("resume", "end", "--namespace", "user:bob")
    assert story.run.origin == third


def changed(name, **values):
    """The flow with another version of one step."""
    steps = tuple(replace(step, **values) if step.name == name else step for step in FLOW.steps)
    return replace(FLOW, steps=steps)


def with_more(flow, py, r):
    """The flow with one more parameter or constant."""
    return replace(flow, py=f"{dedent(flow.py)}\n{py}", r=f"{dedent(flow.r)}\n{r}")


def test_what_runs_again_runs_with_the_code_as_it_is_now(story):
    story.call("run", fail="join", code=1)
    story.write(
        changed(
            "join",
            py="note('join')\nself.scores = sorted((item.points for item in inputs), reverse=True)",
            r="note('join')\nself$scores <- rev(sort(unlist(gather_inputs(inputs, 'points'))))",
        )
    )
    story.call("resume")
    assert story.scores == ["c!", "b!", "a!"]
    assert story.ran == ["end", "join"]


@pytest.mark.parametrize("form", ["python", "r", "python_with_r"])
def test_steps_and_constants_may_be_added(project, form):
    story = Story(project, form)
    story.call("run", "--times", "2", fail="end", code=1)
    report = Step(
        "report",
        "note('report')\nself.text_of_it = self.scores[0] + self.closing",
        "note('report')\nself$text_of_it <- paste0(self$scores[[1]], self$closing)",
        next="end",
    )
    more = changed("join", next="report")
    more = replace(more, steps=(*more.steps[:-1], report, more.steps[-1]))
    story.write(with_more(more, 'closing = "bye"', 'constant(closing = "bye")'))
    story.call("resume")
    assert story.ran == ["end", "report"]
    assert (story.run.data.text_of_it, story.run.parameters.closing, story.run.parameters.times) == ("aa!bye", "bye", 2)


@pytest.mark.parametrize("form", ["python", "r"])
def test_what_does_not_fit_any_more_is_refused_with_the_reason(project, form):
    story = Story(project, form)
    story.call("run", fail="join", code=1)
    before = len(story.project.statuses())

    done = story.call("resume", "--times", "3", code=2)
    assert "--times cannot be given to resume" in done.err and "start a new run" in done.err
    assert "no step 'jion'" in story.call("resume", "jion", code=1).err

    without = changed("work", next="join")
    story.write(replace(without, steps=tuple(step for step in without.steps if step.name != "score")))
    done = story.call("resume", code=1)
    assert "step 'score' has finished in run" in done.err and "resume work" in done.err

    story.write(replace(FLOW, py=FLOW.py.replace('times = Parameter("times", default=1)', "times = 1"), r=FLOW.r))
    if form == "python":
        assert story.call("resume", code=0).code == 0, "a parameter may become a constant"
        before += 1
    story.write(with_more(FLOW, 'more = Parameter("more")', 'parameter("more")'))
    assert "the parameter 'more' is new" in story.call("resume", code=1).err
    assert len(story.project.statuses()) == before


@pytest.mark.parametrize("form", ["python", "r"])
def test_a_run_that_goes_on_cannot_be_resumed(project, form):
    story = Story(project, form)
    (project.folder / "hang").write_text("start")
    with project.started("run"):
        wait_for(lambda: "running" in project.statuses())
        assert "is still running" in story.call("resume", code=1).err


LOOP = FlowText(
    "LoopFlow",
    (
        Step("start", "note('start')\nself.n = 0", "note('start')\nself$n <- 0L", next="body"),
        Step(
            "body",
            """
            self.n += 1
            note(f"body-{self.n}")
            self.more = "yes" if self.n < 4 else "no"
            """,
            """
            self$n <- self$n + 1L
            note(paste0("body-", self$n))
            self$more <- if (self$n < 4) "yes" else "no"
            """,
            cases={"yes": "body", "no": "end"},
            condition="more",
        ),
        Step("end", "note('end')", "note('end')"),
    ),
    top_py=TOP_PY,
    top_r=TOP_R,
)


def test_a_loop_goes_on_where_it_was(project, form):
    story = Story(project, form, LOOP)
    story.call("run", fail="body-3", code=1)
    story.call("resume")
    assert story.ran == ["body-3", "body-4", "end"]
    assert story.run.data.n == 4
