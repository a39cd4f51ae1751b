"""Decorators of the user's own, around steps of both languages, from the flow's file and from the command line."""

from __future__ import annotations

from tests.e2e.forms import FlowText, Step

TOP_PY = """
from pyflow import USER_SKIP_STEP, user_step_decorator

@user_step_decorator
def counted(step_name, flow, inputs=None, attributes=None):
    flow.log = [*getattr(flow, "log", []), f"before {step_name} {attributes['label']}"]
    yield
    flow.log = [*flow.log, "after"]

@user_step_decorator
def left_out(step_name, flow, inputs=None):
    flow.kept = 1
    yield USER_SKIP_STEP

@user_step_decorator
def forgiven(step_name, flow, inputs=None):
    try:
        yield
    except Exception as error:
        flow.caught = str(error).split(": ")[-1]
"""
TOP_R = """
counted <- function(label) step_wrapper(\\(fn, step_name) function(self, ...) {
  log <- if ("log" %in% names(self)) self$log else list()
  self$log <- c(log, list(paste("before", step_name, label)))
  fn(self, ...)
  self$log <- c(self$log, list("after"))
})
left_out <- function() step_wrapper(\\(fn, step_name) function(self, ...) self$kept <- 1L)
forgiven <- function() step_wrapper(\\(fn, step_name) function(self, ...) {
  tryCatch(fn(self, ...), error = \\(e) self$caught <- conditionMessage(e))
})
"""


def flow(*others):
    return FlowText(
        "CustomFlow",
        (
            Step("start", "self.x = 1", "self$x <- 1L", next="skipped", with_={"counted": {"label": "a"}}),
            Step("skipped", "self.never = 1", "self$never <- 1L", next="failing", with_={"left_out": {}}),
            Step("failing", "raise ValueError('bad')", "stop('bad')", next="plain", with_={"forgiven": {}}),
            Step("plain", "self.copy = self.x", "self$copy <- self$x", next="end"),
            Step("end"),
        ),
        top_py=TOP_PY,
        top_r=TOP_R,
        other=frozenset(others),
    )


def check(run):
    data = run.data
    assert (data.log, data.kept, data.caught, data.copy) == (["before start a", "after"], 1, "bad", 1)
    assert "never" not in run["end"].task.artifacts
    assert [task.successful for step in run for task in step] == [True] * 5


def test_decorators_run_around_steps(project, form):
    # In a flow in Python they stand around R steps as well; R's own stand around R functions.
    others = ("skipped", "failing", "plain") if form == "python_with_r" else ("plain",)
    project.write(**flow(*others).files(form))
    check(project.run())


def test_a_python_decorator_is_put_on_every_step_by_with(project, form):
    project.write(**flow("plain").files(form), checks_py=TOP_PY + WITH)
    done = project.call("--with", "checks.shouted:text=hello", "run")
    assert done.code == 0, done.text
    lines = [line.partition("] ")[2] for line in done.out.splitlines() if "hello" in line]
    # A step that is left out leaves out what is inside of its decorator, too; around R's decorators stand those of Python.
    skipped = [] if form.startswith("python") else ["skipped"]
    assert lines == [f"hello {name}" for name in ("start", *skipped, "failing", "plain", "end")]
    check(project.latest)


WITH = """
@user_step_decorator
def shouted(step_name, flow, inputs=None, attributes=None):
    print(attributes["text"], step_name)
    yield
"""


def test_an_r_decorator_is_put_on_r_steps_by_with(project, form):
    project.write(
        **flow("plain").files(form),
        checks_R='shouted <- function(text) step_wrapper(\\(fn, step_name) function(self, ...) {\n  cat(text, step_name, "\\n")\n  fn(self, ...)\n})\n',
    )
    done = project.call("--with", 'checks.shouted:text="hello"', "run")
    assert done.code == 0, done.text
    lines = [line.partition("] ")[2].strip() for line in done.out.splitlines() if "hello" in line]
    expected = {"python": [], "python_with_r": ["plain"], "r": ["start", "failing", "plain", "end"]}
    assert lines == [f"hello {name}" for name in expected.get(form, ["start", "failing", "end"])]


MUTATOR = """
from pyflow import StepMutator, user_step_decorator

@user_step_decorator
def told(step_name, flow, inputs=None, attributes=None):
    flow.told = [*getattr(flow, "told", []), attributes["label"]]
    yield

class changed(StepMutator):
    def init(self, label):
        self.label = label

    def mutate(self, step):
        step.remove_decorator("environment")
        step.add_decorator("environment", deco_kwargs={"vars": {"LABEL": self.label}})
        step.add_decorator(told, deco_kwargs={"label": f"{self.label} {step.name}"})
"""


def test_a_mutator_is_given_for_a_run_by_with(project, form):
    old = {"environment": {"vars": {"OLD": "yes"}}}
    look = "import os\nself.label = os.environ['LABEL'] + os.environ.get('OLD', '')"
    look_r = "self$label <- paste0(Sys.getenv('LABEL'), Sys.getenv('OLD'))"
    steps = Step("start", next="look"), Step("look", look, look_r, next="end", with_=old), Step("end")
    project.write(**FlowText("MutatedFlow", steps).files(form), checks_py=MUTATOR)
    done = project.call("--with", "checks.changed:label=new", "run")
    assert done.code == 0, done.text
    data = project.latest.data
    assert (data.label, list(data.told)) == ("new", ["new start", "new look", "new end"])


def test_a_python_decorator_stands_around_a_step_in_r_of_a_flow_in_r(project, rlib):
    project.write(
        flow_R="library(rflow)\nflow('NamedFlow') |>\n"
        "  step('start', \\(self) self$x <- 1L, decorator('checks.told', label = 'here'), next_step = 'end') |>\n"
        "  step('end', \\(self) NULL) |>\n  run()\n",
        checks_py=MUTATOR,
    )
    assert list(project.run().data.told) == ["here"]


def test_an_r_decorator_around_a_python_function_is_refused(project, rlib):
    project.write(
        flow_R="library(rflow)\nnoted <- function() step_wrapper(\\(fn, step_name) fn)\nflow('RefusedFlow') |>\n"
        "  step('start', py_function('steps.py', 'start'), noted(), next_step = 'end') |>\n"
        "  step('end', \\(self) NULL) |>\n  run()\n",
        steps_py="def start(self):\n    pass\n",
    )
    done = project.call("check")
    assert done.code == 1
    assert "noted" in done.err and "start" in done.err and "Python" in done.err, done.err


def test_a_decorator_that_is_not_there_is_refused_before_the_run(project, form):
    project.write(**flow("plain").files(form), checks_py=WITH.replace("@user_step_decorator", "@print"))
    for name, text in (
        ("nowhere.x", "there is no module 'nowhere'"),
        ("checks.shout", "has no step decorator 'shout'"),
    ):
        done = project.call("--with", name, "run")
        assert done.code == 1
        assert text in done.err
    assert not project.root.exists()


def test_a_failure_under_a_decorator_shows_the_users_lines(project):
    project.write(
        flow_py="from pyflow import FlowSpec, step\nfrom checks import noted\n\n\nclass F(FlowSpec):\n    @noted\n    @step\n"
        "    def start(self):\n        self.x = 1 / 0\n        self.next(self.end)\n\n    @step\n    def end(self):\n        pass\n\n\n"
        "if __name__ == '__main__':\n    F()\n",
        checks_py="from pyflow import user_step_decorator\n\n\n@user_step_decorator\ndef noted(step_name, flow, inputs=None):\n    yield\n",
    )
    done = project.call("run")
    assert done.code == 1
    assert "flow.py:9" in done.err
    assert "checks.py" not in done.err
    assert "pyflow/" not in done.err.replace(".pyflow/", "")


def test_a_flow_of_several_files_runs_with_its_mutators(project):
    project.write(
        base_py="from pyflow import Config, FlowMutator, FlowSpec, Parameter, step\nfrom checks import noted\n\n\n"
        "class everywhere(FlowMutator):\n    def pre_mutate(self, flow):\n"
        "        flow.add_parameter('extra', Parameter('extra', default=flow.config.extra))\n\n"
        "    def mutate(self, flow):\n        for name, step in flow.steps:\n"
        "            step.add_decorator(noted, deco_kwargs={'label': name})\n\n\n"
        "@everywhere\nclass Base(FlowSpec):\n    config = Config('config', default_value={'extra': 5})\n\n"
        "    @step\n    def start(self):\n        self.x = self.extra\n        self.next(self.end)\n",
        flow_py="from base import Base\nfrom pyflow import step\n\n\nclass F(Base):\n    @step\n    def end(self):\n"
        "        self.y = self.x + 1\n\n\nif __name__ == '__main__':\n    F()\n",
        checks_py="from pyflow import UserStepDecorator\n\n\nclass noted(UserStepDecorator):\n    def init(self, label):\n"
        "        self.label = label\n\n    def pre_step(self, step_name, flow, inputs=None):\n"
        "        flow.labels = [*getattr(flow, 'labels', []), self.label]\n",
    )
    run = project.run("--extra", "7")
    assert (run.data.y, run.data.labels) == (8, ["start", "end"])


def test_a_flow_made_of_functions_runs(project, rlib):
    project.write(
        flow_R="library(rflow)\n"
        "scoring <- function(flow, prefix, next_step) {\n  flow |>\n"
        "    step(paste0(prefix, 'load'), \\(self) self$n <- 2, next_step = paste0(prefix, 'fit')) |>\n"
        "    step(paste0(prefix, 'fit'), \\(self) self$score <- self$n * 2, next_step = next_step)\n}\n"
        "sturdy <- function(flow) {\n  for (name in step_names(flow)) flow <- add_decorator(flow, name, retry(times = 1))\n  flow\n}\n"
        "part <- flow('part') |> step('one', \\(self) self$m <- 5, next_step = 'two') |> step('two', \\(self) self$score <- self$m)\n"
        "flow('ComposedFlow') |>\n"
        "  step('start', \\(self) NULL, next_step = c('a_load', 'b_load', 'c_one')) |>\n"
        "  scoring('a_', 'join') |>\n  scoring('b_', 'join') |>\n  add_flow(part, prefix = 'c_', next_step = 'join') |>\n"
        "  step('join', \\(self, inputs) self$total <- sum(unlist(gather_inputs(inputs, 'score'))), next_step = 'end') |>\n"
        "  step('end', \\(self) NULL) |>\n  sturdy() |>\n  run()\n"
    )
    assert project.run().data.total == 13
    steps = project.latest.row.graph["steps"]
    assert [item["decorators"][0]["name"] for item in steps] == ["retry"] * 9
