"""The graph part of the flow language, in Python, in R and mixed: linear, branch, foreach, join, merge."""

from __future__ import annotations

import pytest

from tests.e2e.forms import FlowText, Step

LINEAR = FlowText(
    "LinearFlow",
    (
        Step(
            "start",
            """
            self.number = 1
            self.text = "Grüße 你好 🙂"
            """,
            """
            self$number <- 1L
            self$text <- "Grüße 你好 🙂"
            """,
            next="middle",
        ),
        Step(
            "middle",
            """
            self.number += 41
            self.length = len(self.text)
            self.pathspec = current.pathspec
            self.who = [current.flow_name, current.step_name, current.username, current.namespace]
            self.running = current.is_running_flow
            self.retries = current.retry_count
            self.tags = sorted(current.tags)
            self.outside = [self.index is None, self.input is None]
            """,
            """
            self$number <- self$number + 41L
            self$length <- nchar(self$text)
            self$pathspec <- current("pathspec")
            self$who <- c(current("flow_name"), current("step_name"), current("username"), current("namespace"))
            self$running <- current("is_running_flow")
            self$retries <- current("retry_count")
            self$tags <- I(sort(current("tags")))
            self$outside <- c(is.null(self$index), is.null(self$input))
            """,
            next="end",
        ),
        Step("end", "print(self.text, self.number)", "cat(self$text, self$number)"),
    ),
)


def plain(value):
    """Lists and numbers of Python, whatever vector or list the value arrived as."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def test_linear(run_flow):
    run = run_flow(LINEAR, "--tag", "good", "--tag", "späť")
    data = run.data
    assert (data.number, data.text, data.length) == (42, "Grüße 你好 🙂", 10)
    task = run["middle"].task
    assert data.pathspec == task.pathspec
    assert plain(data.who) == ["LinearFlow", "middle", "ann", "user:ann"]
    assert data.running is True
    assert data.retries == 0
    assert plain(data.tags) == ["good", "späť"]
    assert plain(data.outside) == [True, True]
    assert run["end"].task.stdout.startswith("Grüße 你好 🙂 42")
    assert run.user_tags == {"good", "späť"}
    assert [step.id for step in run] == ["start", "middle", "end"]


def branch_step(name, next):
    return Step(name, f"self.value = {name!r}\nself.from_start.append({name!r})", f'self$value <- "{name}"\nself$from_start <- c(self$from_start, "{name}")', next=next)  # fmt: skip


BRANCH = FlowText(
    "BranchFlow",
    (
        Step("start", 'self.from_start = ["start"]', 'self$from_start <- list("start")', next=("a", "b")),
        branch_step("a", next=("a1", "a2")),
        branch_step("a1", next="a_join"),
        branch_step("a2", next="a_join"),
        Step(
            "a_join",
            """
            self.by_name = [inputs.a2.value, inputs.a1.value]
            self.by_number = [inputs[0].value, inputs[1].value]
            self.in_loop = [item.value for item in inputs]
            self.count = len(inputs)
            self.paths = [item.from_start for item in inputs]
            try:
                inputs.a3
            except AttributeError as error:
                self.refused = str(error)
            self.before_merge = hasattr(self, "value")
            """,
            """
            self$by_name <- c(inputs$a2$value, inputs$a1$value)
            self$by_number <- c(inputs[[1]]$value, inputs[[2]]$value)
            self$in_loop <- vapply(inputs, \\(item) item$value, "")
            self$count <- length(inputs)
            self$paths <- unname(gather_inputs(inputs, "from_start"))
            self$refused <- tryCatch(inputs$a3, error = conditionMessage)
            self$before_merge <- "value" %in% names(self)
            """,
            next="both",
            join=True,
        ),
        branch_step("b", next="both"),
        Step(
            "both",
            """
            merge = inputs[0]
            self.by_name = merge.by_name
            self.by_number = inputs.a_join.by_number
            self.in_loop = inputs.a_join.in_loop
            self.count = inputs.a_join.count
            self.paths = inputs.a_join.paths
            self.refused = inputs.a_join.refused
            self.before_merge = inputs.a_join.before_merge
            self.of_b = inputs.b.value
            """,
            """
            for (name in c("by_name", "by_number", "in_loop", "count", "paths", "refused", "before_merge")) {
              self[[name]] <- inputs$a_join[[name]]
            }
            self$of_b <- inputs$b$value
            """,
            next="end",
            join=True,
        ),
        Step("end"),
    ),
)


def test_branch_and_inputs_by_name_number_and_loop(run_flow):
    data = run_flow(BRANCH).data
    assert plain(data.by_name) == ["a2", "a1"]
    assert plain(data.by_number) == ["a1", "a2"]
    assert list(plain(data.in_loop).values() if isinstance(data.in_loop, dict) else data.in_loop) == ["a1", "a2"]
    assert data.count == 2
    assert plain(data.paths) == [["start", "a", "a1"], ["start", "a", "a2"]]
    assert "a3" in data.refused
    assert data.before_merge is False
    assert data.of_b == "b"


SOURCES = {
    "items": ("[3, 1, 2]", "list(3L, 1L, 2L)", [3, 1, 2], [3, 1, 2]),
    "vector": ("np.array([1.5, 2.5])", "c(1.5, 2.5)", [1.5, 2.5], [1.5, 2.5]),
    "named": ("{'x': 10, 'y': 20}", "list(x = 10L, y = 20L)", ["x", "y"], [10, 20]),
    "text": ("'abc'", '"abc"', ["a", "b", "c"], ["abc"]),
    "frame": (
        "pd.DataFrame({'n': [1, 2], 's': ['u', 'v']})",
        "data.frame(n = 1:2, s = c('u', 'v'))",
        [[1, "u"], [2, "v"]],
        [[1, "u"], [2, "v"]],
    ),
}


def foreach_steps():
    yield Step("start", next=tuple(f"make_{kind}" for kind in SOURCES))
    for kind, (py, r, *_) in SOURCES.items():
        yield Step(f"make_{kind}", f"self.{kind} = {py}", f"self${kind} <- {r}", next=f"use_{kind}", foreach=kind)
        yield Step(
            f"use_{kind}",
            """
            item = self.input
            self.seen = [int(item["n"].iloc[0]), item["s"].iloc[0]] if hasattr(item, "iloc") else item
            self.place = self.index
            """,
            """
            item <- self$input
            self$seen <- if (is.data.frame(item)) list(item$n, item$s) else item
            self$place <- self$index
            """,
            next=f"join_{kind}",
        )
        yield Step(
            f"join_{kind}",
            "self.seen = [item.seen for item in inputs]\nself.places = [item.place for item in inputs]",
            'self$seen <- gather_inputs(inputs, "seen")\nself$places <- unlist(gather_inputs(inputs, "place"))',
            next="all",
            join=True,
        )
    yield Step(
        "all",
        "self.seen = {kind: inputs[k].seen for k, kind in enumerate(KINDS)}\nself.places = [list(i.places) if hasattr(i.places, '__len__') else [i.places] for i in inputs]",
        'self$seen <- setNames(unname(gather_inputs(inputs, "seen")), KINDS)\nself$places <- unname(gather_inputs(inputs, "places"))',
        next="end",
        join=True,
    )
    yield Step("end")


KINDS = list(SOURCES)
FOREACH = FlowText(
    "ForeachFlow",
    tuple(foreach_steps()),
    other=frozenset(f"use_{kind}" for kind in SOURCES) | {"make_named", "join_frame"},
    top_py=f"import numpy as np\nimport pandas as pd\nKINDS = {KINDS!r}",
    top_r=f"KINDS <- c({', '.join(map(repr, KINDS))})",
)


def test_foreach_over_every_kind_of_items(run_flow, form):
    data = run_flow(FOREACH).data
    expected = {}
    for kind, (*_, in_python, in_r) in SOURCES.items():
        expected[kind] = in_python if FOREACH.language(f"make_{kind}", form) == "python" else in_r
    assert plain(data.seen) == expected
    places = [plain(item) for item in data.places]
    assert [item if isinstance(item, list) else [item] for item in places] == [
        list(range(len(expected[kind]))) for kind in SOURCES
    ]


NESTED = FlowText(
    "NestedFlow",
    (
        Step("start", "self.one = ['a', 'b']", "self$one <- c('a', 'b')", next="second", foreach="one"),
        Step(
            "second",
            "self.outer = self.input\nself.two = ['1', '2', '3'] if self.input == 'a' else ['4']",
            "self$outer <- self$input\nself$two <- if (self$input == 'a') c('1', '2', '3') else '4'",
            next="third",
            foreach="two",
        ),
        Step(
            "third",
            "self.middle = self.input\nself.three = [True]",
            "self$middle <- self$input\nself$three <- list(TRUE)",
            next="leaf",
            foreach="three",
        ),
        Step(
            "leaf",
            """
            self.stack = [[index, count] for index, count, _ in self.foreach_stack()]
            self.path = f"{self.outer}{self.middle}{self.input}{self.index}"
            """,
            """
            self$stack <- lapply(foreach_stack(self), \\(level) list(level$index, level$count))
            self$path <- paste0(self$outer, self$middle, if (self$input) "True", self$index)
            """,
            next="join_three",
        ),
        *(
            Step(
                f"join_{name}",
                "self.stacks = sum((list(i.stacks) if hasattr(i, 'stacks') else [i.stack] for i in inputs), [])\n"
                "self.paths = sum((list(i.paths) if hasattr(i, 'paths') else [i.path] for i in inputs), [])\n"
                "self.position = self.index",
                "take <- \\(i, many, one) if (many %in% names(i)) as.list(i[[many]]) else list(i[[one]])\n"
                "self$stacks <- do.call(c, lapply(inputs, take, 'stacks', 'stack'))\n"
                "self$paths <- do.call(c, lapply(inputs, take, 'paths', 'path'))\n"
                "self$position <- self$index",
                next=next,
                join=True,
            )
            for name, next in (("three", "join_two"), ("two", "join_one"), ("one", "end"))
        ),
        Step("end"),
    ),
)


def test_foreach_three_deep(run_flow):
    run = run_flow(NESTED)
    data = run.data
    assert plain(data.paths) == ["a1True0", "a2True0", "a3True0", "b4True0"]
    assert plain(data.stacks) == [[[0, 2], [i, 3], [0, 1]] for i in range(3)] + [[[1, 2], [0, 1], [0, 1]]]
    assert data.position is None
    assert sorted(task.index for task in run["third"]) == [0, 0, 1, 2]
    assert {task.data.position for task in run["join_two"]} == {0, 1}


def fan_out(py, r, *, work=("self.square = self.input ** 2", "self$square <- self$input^2"), name="FanFlow"):
    return FlowText(
        name,
        (
            Step("start", py, r, next="work", foreach="items"),
            Step("work", *work, next="join"),
            Step(
                "join",
                "self.total = sum(item.square for item in inputs)",
                'self$total <- sum(unlist(gather_inputs(inputs, "square")))',
                next="end",
                join=True,
            ),
            Step("end"),
        ),
    )


@pytest.mark.parametrize("form", ["python", "r"], indirect=True)
def test_a_wide_foreach_keeps_its_order_and_shows_its_size(project, form):
    count = 300 if form == "python" else 110
    project.write(**fan_out(f"self.items = list(range({count}))", f"self$items <- seq_len({count}) - 1L").files(form))
    refused = project.call("run")
    assert refused.code == 1
    assert f"{count} items, more than --max-num-splits 100" in refused.err
    assert f"--max-num-splits {count}" in refused.err
    assert project.latest.status == "failed"
    run = project.run("--max-num-splits", str(count), "--max-workers", "4")
    assert run.data.total == sum(i * i for i in range(count))
    assert [task.index for task in run["work"]] == list(range(count))


@pytest.mark.parametrize(
    ("py", "r", "code", "message"),
    [
        ("self.items = []", "self$items <- list()", "foreach_empty", "foreach over 'items' has no items"),
        ("self.items = lambda: 1", "self$items <- function() 1", "foreach_not_iterable", "items"),
        ("self.other = []", "self$other <- list()", "foreach_not_iterable", "has no artifact of that name"),
    ],
)
def test_a_foreach_without_items(project, form, py, r, code, message):
    # In the mixed forms the step that fans out is in the other language.
    flow = fan_out(py, r)
    flow = FlowText(flow.name, flow.steps, other=frozenset({"start", "join"}))
    project.write(**flow.files(form))
    done = project.call("run")
    assert done.code == 1
    assert message in done.err
    run = project.latest
    assert (run.status, run.exception.code, run.exception.step) == ("failed", code, "start")
    assert "work" not in run


def merging(py, r):
    return FlowText(
        "MergeFlow",
        (
            Step(
                "start", "self.same = 'start'\nself.both = [1]", "self$same <- 'start'\nself$both <- list(1L)",
                next=("left", "right"),
            ),
            Step(
                "left", "self.x = 1\nself.y = 1\nself.z = 'z'\nself.only_left = 'l'\nself.both.append(2)",
                "self$x <- 1L\nself$y <- 1L\nself$z <- 'z'\nself$only_left <- 'l'\nself$both <- list(1L, 2L)", next="merge",
            ),
            Step(
                "right", "self.x = 2\nself.y = 2\nself.z = 'z'\nself.only_right = 'r'\nself.both.append(2)",
                "self$x <- 2L\nself$y <- 2L\nself$z <- 'z'\nself$only_right <- 'r'\nself$both <- list(1L, 2L)", next="merge",
            ),
            Step("merge", py, r, next="end", join=True),
            Step("end"),
        ),
        other=frozenset({"left", "right", "merge"}),
    )  # fmt: skip


MERGE = merging(
    """
    self.errors = []
    for arguments in ({}, {"include": ["same", "nowhere"]}, {"include": ["z"], "exclude": ["x"]}):
        try:
            self.merge_artifacts(inputs, **arguments)
        except Exception as error:
            self.errors.append([error.code, error.message, hasattr(self, "same")])
    self.merge_artifacts(inputs, include=["z"])
    self.after_include = [hasattr(self, "z"), hasattr(self, "same")]
    self.x = 10
    self.merge_artifacts(inputs, exclude=["y"])
    """,
    """
    self$errors <- list()
    attempt <- function(...) {
      tryCatch(merge_artifacts(self, inputs, ...), error = function(error) {
        self$errors <- c(self$errors, list(list(error$code, error$message, "same" %in% names(self))))
      })
    }
    attempt()
    attempt(include = c("same", "nowhere"))
    attempt(include = "z", exclude = "x")
    merge_artifacts(self, inputs, include = "z")
    self$after_include <- c("z" %in% names(self), "same" %in% names(self))
    self$x <- 10L
    merge_artifacts(self, inputs, exclude = "y")
    """,
)


def test_merge_artifacts(run_flow):
    run = run_flow(MERGE)
    data = run.data
    (conflict, all_names, kept), (missing, what, _), (both, *_) = plain(data.errors)
    assert (conflict, missing, both) == ("merge_conflict", "merge_missing", "merge_arguments")
    assert "'x', 'y'" in all_names
    assert "'nowhere'" in what
    assert kept is False, "a refused merge takes nothing over"
    assert plain(data.after_include) == [True, False]
    assert (data.x, data.z, data.same, data.only_left, data.only_right) == (10, "z", "start", "l", "r")
    assert plain(data.both) == [1, 2]
    assert "y" not in data
    # Taken over by digest.
    assert run["end"].task["same"].digest == run["start"].task["same"].digest
