"""Every shape of graph, in Python, in R and mixed: each step adds its name to a trail, and the end has all of them."""

from __future__ import annotations

import re

import pytest

from tests.e2e.forms import FlowText, Step


def mark(name, py="", r="", **where):
    """A step that adds its name to the trail, and does what else is said."""
    return Step(name, f'self.trail += " {name}"\n{py}', f'self$trail <- paste(self$trail, "{name}")\n{r}', **where)


def begin(py="", r="", **where):
    return Step("start", f'self.trail = "start"\n{py}', f'self$trail <- "start"\n{r}', **where)


def item(name, py="", r="", **where):
    """The same for a task of a foreach: its name and its item."""
    return Step(
        name,
        f'self.trail += f" {name}{{self.input}}"\n{py}',
        f'self$trail <- paste0(self$trail, " {name}", self$input)\n{r}',
        **where,
    )


def join(name, next):
    """A join whose trail has those of its inputs in brackets, in their order."""
    py = f'self.trail = "[" + "|".join(item.trail for item in inputs) + "] {name}"'
    r = f'self$trail <- paste0("[", paste(vapply(inputs, \\(item) item$trail, ""), collapse = "|"), "] {name}")'
    return Step(name, py, r, join=True, next=next)


def choose(name, value, cases, **where):
    """A step whose artifact `kind` is `value` (text) chooses what follows."""
    return mark(name, f'self.kind = "{value}"', f'self$kind <- "{value}"', cases=cases, condition="kind", **where)


END = mark("end")
XS = {"py": "self.xs = [1, 2]", "r": "self$xs <- 1:2", "foreach": "xs"}
ODD = ('self.kind = "odd" if self.input % 2 else "even"', 'self$kind <- if (self$input %% 2 == 1) "odd" else "even"')
ROUNDS = (
    "self.rounds += 1\nself.kind = 'again' if self.rounds < 3 else 'done'",
    "self$rounds <- self$rounds + 1\nself$kind <- if (self$rounds < 3) 'again' else 'done'",
)

SHAPES = {
    "linear": ((begin(next="a"), mark("a", next="end"), END), "start a end"),
    "branch": (
        (begin(next=("a", "b")), mark("a", next="both"), mark("b", next="both"), join("both", "end"), END),
        "[start a|start b] both end",
    ),
    "nested_branch": (
        (
            begin(next=("a", "b")),
            mark("a", next=("a1", "a2")),
            mark("a1", next="inner"),
            mark("a2", next="inner"),
            join("inner", "outer"),
            mark("b", next="outer"),
            join("outer", "end"),
            END,
        ),
        "[[start a a1|start a a2] inner|start b] outer end",
    ),
    "foreach": (
        (begin(**XS, next="each"), item("each", next="all"), join("all", "end"), END),
        "[start each1|start each2] all end",
    ),
    "nested_foreach": (
        (
            begin(**XS, next="a"),
            item("a", **XS, next="b"),
            item("b", **XS, next="d"),
            item("d", next="d_all"),
            join("d_all", "b_all"),
            join("b_all", "a_all"),
            join("a_all", "end"),
            END,
        ),
        "["
        + "|".join(
            "["
            + "|".join(
                "[" + "|".join(f"start a{a} b{b} d{d}" for d in (1, 2)) + "] d_all" for b in (1, 2)
            )
            + "] b_all"
            for a in (1, 2)
        )
        + "] a_all end",
    ),
    "switch": (
        (
            begin(next="pick"),
            choose("pick", "large", {"small": "a", "large": "b"}),
            mark("a", next="end"),
            mark("b", next="end"),
            END,
        ),
        "start pick b end",
    ),
    "nested_switch": (
        (
            begin(next="pick"),
            choose("pick", "x", {"x": "inner", "y": "b"}),
            choose("inner", "y", {"x": "a", "y": "b"}),
            mark("a", next="end"),
            mark("b", next="end"),
            END,
        ),
        "start pick inner b end",
    ),
    "branch_in_switch": (
        (
            begin(next="pick"),
            choose("pick", "wide", {"narrow": "one", "wide": "split"}),
            mark("split", next=("a", "b")),
            mark("a", next="both"),
            mark("b", next="both"),
            join("both", "after"),
            mark("one", next="after"),
            mark("after", next="end"),
            END,
        ),
        "[start pick split a|start pick split b] both after end",
    ),
    "foreach_in_switch": (
        (
            begin(next="pick"),
            choose("pick", "many", {"one": "one", "many": "split"}),
            mark("split", **XS, next="each"),
            item("each", next="all"),
            join("all", "after"),
            mark("one", next="after"),
            mark("after", next="end"),
            END,
        ),
        "[start pick split each1|start pick split each2] all after end",
    ),
    "switch_in_branch": (
        (
            begin(next=("pick", "b")),
            choose("pick", "y", {"x": "x", "y": "y"}),
            mark("x", next="both"),
            mark("y", next="both"),
            mark("b", next="both"),
            join("both", "end"),
            END,
        ),
        "[start pick y|start b] both end",
    ),
    "switch_in_foreach": (
        (
            begin(**XS, next="each"),
            item("each", *ODD, cases={"odd": "odd", "even": "even"}, condition="kind"),
            mark("odd", next="all"),
            mark("even", next="all"),
            join("all", "end"),
            END,
        ),
        "[start each1 odd|start each2 even] all end",
    ),
    "recursion": (
        (
            begin("self.rounds = 0", "self$rounds <- 0", next="work"),
            mark("work", *ROUNDS, cases={"again": "work", "done": "end"}, condition="kind"),
            END,
        ),
        "start work work work end",
    ),
    "recursion_of_steps": (
        (
            begin("self.rounds = 0", "self$rounds <- 0", next="work"),
            mark("work", next="check"),
            mark("check", *ROUNDS, cases={"again": "mend", "done": "end"}, condition="kind"),
            mark("mend", next="work"),
            END,
        ),
        "start work check mend work check mend work check end",
    ),
    "recursion_in_foreach": (
        (
            begin(**XS, next="enter"),
            item("enter", "self.rounds = self.input", "self$rounds <- self$input", next="work"),
            mark("work", *ROUNDS, cases={"again": "work", "done": "ready"}, condition="kind"),
            mark("ready", next="all"),
            join("all", "end"),
            END,
        ),
        "[start enter1 work work ready|start enter2 work ready] all end",
    ),
    "recursion_around_foreach": (
        (
            begin("self.rounds = 0", "self$rounds <- 0", next="split"),
            mark("split", **XS, next="each"),
            item("each", next="all"),
            Step(
                "all",
                "self.merge_artifacts(inputs, exclude=['trail'])\nself.trail = inputs[1].trail",
                "merge_artifacts(self, inputs, exclude = 'trail')\nself$trail <- inputs[[2]]$trail",
                join=True,
                next="check",
            ),
            mark("check", *ROUNDS, cases={"again": "split", "done": "end"}, condition="kind"),
            END,
        ),
        "start" + " split each2 check" * 3 + " end",
    ),
    "parallel": (
        (
            begin(next="work", num_parallel=3),
            item("work", with_={"parallel": {}}, next="all"),
            join("all", "end"),
            END,
        ),
        "[start work0|start work1|start work2] all end",
    ),
    "parallel_in_foreach": (
        (
            begin(**XS, next="count"),
            mark("count", "self.size = self.input", "self$size <- self$input", next="work", num_parallel="size"),
            item("work", with_={"parallel": {}}, next="gang"),
            join("gang", "all"),
            join("all", "end"),
            END,
        ),
        "[[start count work0] gang|[start count work0|start count work1] gang] all end",
    ),
}  # fmt: skip


def camel(name):
    return "".join(word.title() for word in name.split("_")) + "Flow"


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_takes_its_way(run_flow, shape):
    steps, trail = SHAPES[shape]
    assert run_flow(FlowText(camel(shape), steps)).data.trail == trail


def test_a_gang_is_part_of_the_foreach_stack(run_flow):
    look_py = "self.stack = [list(level) for level in self.foreach_stack()]"
    look_r = "self$stack <- lapply(foreach_stack(self), \\(level) list(level$index, level$count, level$input))"
    steps = (
        Step("start", "self.items = ['a', 'b']", "self$items <- c('a', 'b')", next="split", foreach="items"),
        Step("split", next="work", num_parallel=2),
        Step("work", look_py, look_r, with_={"parallel": {}}, next="gang"),
        Step("gang", look_py, look_r, next="all", join=True),
        Step("all", next="end", join=True),
        Step("end"),
    )
    run = run_flow(FlowText("StackFlow", steps))
    stacks = sorted(task.data.stack for task in run["work"])
    assert stacks == [[[i, 2, item], [n, None, n]] for i, item in enumerate("ab") for n in (0, 1)]
    assert sorted(task.data.stack for task in run["gang"]) == [[[0, 2, "a"]], [[1, 2, "b"]]]


# Switches


def keyed(py, r, cases):
    """A flow whose start chooses by a value; `end` has the name of the step that was chosen."""
    steps = (
        Step("start", f"self.value = {py}", f"self$value <- {r}", cases=cases, condition="value"),
        *(Step(name, f"self.went = {name!r}", f'self$went <- "{name}"', next="end") for name in ("a", "b")),
        Step("end"),
    )
    return FlowText("KeyFlow", steps)


@pytest.mark.parametrize(
    ("py", "r", "cases"),
    [
        ("True", "TRUE", {"TRUE": "b", "FALSE": "a"}),
        ("7", "7", {"1": "a", "7": "b"}),
        ("0.5", "0.5", {"0.5": "b", "0.25": "a"}),
        ("'größer als'", "'größer als'", {"kleiner": "a", "größer als": "b"}),
    ],
    ids=["logical", "number", "fraction", "text"],
)
def test_a_case_is_a_text_a_number_or_a_logical(run_flow, py, r, cases):
    assert run_flow(keyed(py, r, cases)).data.went == "b"


def test_a_value_without_a_case_fails_the_step_and_says_what_there_is(call_flow, project):
    done = call_flow(keyed("'huge'", "'huge'", {"small": "a", "large": "b"}))
    assert done.code == 1
    assert 'step start has no case for value = "huge"' in done.text
    assert 'The cases are "small", "large".' in done.text
    task = project.latest["start"].task
    assert (task.status, task.exception.code) == ("failed", "switch_no_case")
    assert task.data.value == "huge"


def test_a_switch_names_its_condition_when_it_is_not_there(call_flow):
    flow = keyed("1", "1", {"1": "a", "2": "b"})
    start = Step("start", "self.valu = 1", "self$valu <- 1", cases={"1": "a", "2": "b"}, condition="value")
    done = call_flow(FlowText("KeyFlow", (start, *flow.steps[1:])))
    assert done.code == 1
    assert "'value' is to say which step follows after step start, but there is no artifact of that name" in done.text


def test_tasks_of_a_loop_have_an_iteration(run_flow):
    steps = (
        Step("start", "self.n = 0", "self$n <- 0", next="work"),
        Step(
            "work",
            "self.n += 1\nself.seen = current.iteration\nself.more = self.n < 3",
            'self$n <- self$n + 1\nself$seen <- current("iteration")\nself$more <- self$n < 3',
            cases={"True": "work", "False": "end"},
            condition="more",
        ),
        Step("end", "self.outside = current.iteration", 'self$outside <- current("iteration")'),
    )
    run = run_flow(FlowText("IterationFlow", steps))
    assert [(task.iteration, task.data.seen, task.index) for task in run["work"]] == [
        (0, 0, None),
        (1, 1, None),
        (2, 2, None),
    ]
    assert (run["start"].task.iteration, run.data.outside) == (None, None)


# Gangs

MEET_PY = """
import pathlib, time
place = pathlib.Path(self.place) / str(current.retry_count)
place.mkdir(exist_ok=True)
(place / str(self.index)).touch()
deadline = time.time() + 30
while len(list(place.iterdir())) < current.parallel.num_nodes:
    assert time.time() < deadline, "the others do not run at the same time"
    time.sleep(0.02)
"""
MEET_R = """
place <- file.path(self$place, current("retry_count"))
dir.create(place, showWarnings = FALSE)
file.create(file.path(place, self$index))
deadline <- Sys.time() + 30
while (length(list.files(place)) < current("parallel")$num_nodes) {
  if (Sys.time() > deadline) stop("the others do not run at the same time")
  Sys.sleep(0.02)
}
"""


def gang(py, r, folder, *, size=3, name="GangFlow", **decorators):
    """A gang whose tasks wait until all of them run, and then do what is said."""
    steps = (
        Step("start", f"self.place = {str(folder)!r}", f'self$place <- "{folder}"', next="work", num_parallel=size),
        Step("work", MEET_PY + py, MEET_R + r, with_={"parallel": {}, **decorators}, next="all"),
        Step(
            "all",
            "self.got = [getattr(item, 'got', None) for item in inputs]",
            "self$got <- lapply(inputs, \\(item) if ('got' %in% names(item)) item$got)",
            join=True,
            next="end",
        ),
        Step("end"),
    )
    return FlowText(name, steps)


def test_the_tasks_of_a_gang_run_at_the_same_time_and_know_each_other(run_flow, tmp_path):
    py = "p = current.parallel\nself.got = [p.main_ip, p.num_nodes, p.node_index, p.control_task_id, current.is_parallel]"
    r = """
    p <- current("parallel")
    self$got <- list(p$main_ip, p$num_nodes, p$node_index, p$control_task_id, current("is_parallel"))
    """
    run = run_flow(gang(py, r, tmp_path), "--max-workers", "3")
    tasks = list(run["work"])
    control = tasks[0].id
    assert run.data.got == [["127.0.0.1", 3, index, control, True] for index in range(3)]
    assert [task.index for task in tasks] == [0, 1, 2]


FAIL_PY = """
if current.retry_count == 0:
    if self.index == 1:
        raise ValueError("first try")
    time.sleep(60)
self.got = current.retry_count
"""
FAIL_R = """
if (current("retry_count") == 0) {
  if (self$index == 1) stop("first try")
  Sys.sleep(60)
}
self$got <- current("retry_count")
"""


def test_a_task_that_fails_stops_the_others_and_all_are_tried_again(run_flow, tmp_path):
    run = run_flow(gang(FAIL_PY, FAIL_R, tmp_path, retry={"times": 1, "minutes_between_retries": 0}))
    assert list(run.data.got) == [1, 1, 1]
    statuses = [[attempt.status for attempt in task.attempts] for task in run["work"]]
    assert statuses == [["interrupted", "success"], ["failed", "success"], ["interrupted", "success"]]


def test_a_task_that_fails_without_retry_ends_the_run(call_flow, project, tmp_path):
    done = call_flow(gang(FAIL_PY, FAIL_R, tmp_path))
    assert done.code == 1
    assert "first try" in done.text
    assert [task.status for task in project.latest["work"]] == ["interrupted", "failed", "interrupted"]
    project.no_process_left()


def test_catch_keeps_the_error_in_every_task_of_a_gang(run_flow, tmp_path):
    run = run_flow(gang(FAIL_PY, FAIL_R, tmp_path, catch={"var": "error"}))
    assert [task.data.error["exception"] for task in run["work"]] == ["first try"] * 3
    assert [task.status for task in run["work"]] == ["caught"] * 3


def test_a_gang_that_never_fits_is_refused_before_the_run(call_flow, project, tmp_path):
    done = call_flow(gang("", "", tmp_path), "--max-workers", "2")
    assert done.code == 1
    assert "starts 3 tasks of step *work* that must run at the same time, but the run has only 2 workers" in done.text
    assert "--max-workers 3" in done.text
    assert project.statuses() == []


def test_a_gang_whose_size_is_known_late_is_refused_before_it_starts(call_flow, project):
    steps = (
        Step("start", "self.size = 5", "self$size <- 5", next="work", num_parallel="size"),
        Step("work", with_={"parallel": {}}, next="all"),
        Step("all", join=True, next="end"),
        Step("end"),
    )
    done = call_flow(FlowText("LateFlow", steps), "--max-workers", "4")
    assert done.code == 1
    assert "the run has only 4 workers" in done.text
    assert [step.id for step in project.latest] == ["start"]
    assert project.latest["start"].task.exception.code == "gang_too_large"


# Ends


def test_the_first_and_the_last_step_may_have_any_name(run_flow):
    steps = (mark("work", next="finish"), mark("finish", end=True))
    first = Step("begin", 'self.trail = "begin"', 'self$trail <- "begin"', start=True, next="work")
    run = run_flow(FlowText("EndsFlow", (first, *steps), other=frozenset({"begin", "finish"})))
    assert run.data.trail == "begin work finish"
    assert [step.id for step in run] == ["begin", "work", "finish"]


def test_a_flow_may_have_a_single_step(run_flow):
    flow = FlowText("SingleFlow", (Step("only", "self.x = 1", "self$x <- 1"),), other=frozenset({"only"}))
    run = run_flow(flow)
    assert run.data.x == 1
    assert [step.id for step in run] == ["only"]


def test_show_tells_cases_and_gangs(call_flow, project, form):
    project.write(**FlowText("ShowFlow", SHAPES["recursion"][0]).files(form))
    assert "=> by kind: again: work, done: end" in project.call("show").out
    assert '"work" -> "work" [label="kind = again"];' in project.call("show", "--dot").out
    [work] = [step for step in project.call("show", "--json").json["steps"] if step["name"] == "work"]
    assert work["transition"] == {
        "kind": "switch",
        "targets": ["work", "end"],
        "condition": "kind",
        "cases": {"again": "work", "done": "end"},
    }


def test_a_problem_names_file_and_line(call_flow, project, form):
    steps = (begin(next="pick"), choose("pick", "a", {"a": "end"}), END)
    done = call_flow(FlowText("ProblemFlow", steps))
    assert done.code == 1
    assert "The switch at step *pick* has only one case, 'a'" in done.text
    line = int(re.search(rf"{project.file}:(\d+), step pick", done.text)[1])
    written = (project.folder / project.file).read_text().splitlines()[line - 1]
    assert re.search(r"""def pick|pick = r_step|step\("pick\"""", written)
