"""Values in the flow language: parameters, files, in-place changes, what untouched artifacts cost, odd sizes."""

from __future__ import annotations

import pytest

from tests.e2e.forms import FlowText, Step
from tests.e2e.test_flow_language import plain

PARAMETERS = FlowText(
    "ParametersFlow",
    (
        Step(
            "start",
            """
            names = ["text", "whole", "number", "flag", "options", "words", "sizes", "computed", "nothing", "of_file", "needed"]
            self.seen = {name: getattr(self, name) for name in names}
            self.types = {name: type(getattr(self, name)).__name__ for name in names}
            """,
            """
            self$seen <- list(
              text = self$text, whole = self$whole, number = self$number, flag = self$flag, options = self$options,
              words = self$words, sizes = self$sizes, computed = self$computed, nothing = self$nothing,
              of_file = self$of_file, needed = self$needed
            )
            self$types <- lapply(self$seen, \\(x) class(x)[1])
            """,
            next="refuse",
        ),
        Step(
            "refuse",
            """
            self.codes = []
            for name, value in (("text", "new"), ("constant_list", [])):
                try:
                    setattr(self, name, value)
                except Exception as error:
                    self.codes.append(error.code)
            self.constants = [self.constant_text, self.constant_list, self.constant_table["n"]]
            self.names = [sorted(current.parameter_names), current.step_name]
            """,
            """
            refused <- \\(code) tryCatch({ code; "not refused" }, error = \\(error) error$code)
            self$codes <- c(refused(self$text <- "new"), refused(self$constant_list <- list()))
            self$constants <- list(self$constant_text, self$constant_list, self$constant_table$n)
            self$names <- list(sort(current("parameter_names"), method = "radix"), current("step_name"))
            """,
            next="end",
        ),
        Step("end"),
    ),
    py="""
    text = Parameter("text", default="a b")
    whole = Parameter("whole", default=3, help="a whole number")
    number = Parameter("number", type=float)
    flag = Parameter("flag", default=False)
    options = Parameter("options", type=JSONType, default='{"depth": 3, "names": ["x", "y"]}')
    words = Parameter("words", default="p,q", separator=",")
    sizes = Parameter("sizes", type=int, separator=":")
    computed = Parameter("computed", default=lambda context: "made")
    nothing = Parameter("nothing", type=int)
    of_file = IncludeFile("of_file", default="notes.txt")
    needed = Parameter("needed", type=int, required=True)
    constant_text = "1.0"
    constant_list = ["a", "b"]
    constant_table = {"n": 7}
    """,
    r="""
    parameter("text", default = "a b")
    parameter("whole", default = 3L, help = "a whole number")
    parameter("number", type = "float")
    parameter("flag", default = FALSE)
    parameter("options", default = list(depth = 3L, names = c("x", "y")))
    parameter("words", default = c("p", "q"), separator = ",")
    parameter("sizes", type = "int", separator = ":")
    parameter("computed", default = function() "made")
    parameter("nothing", type = "int")
    include_file("of_file", default = "notes.txt")
    parameter("needed", type = "int", required = TRUE)
    constant(constant_text = "1.0", constant_list = c("a", "b"), constant_table = list(n = 7L))
    """,
)
DEFAULTS = {
    "text": "a b", "whole": 3, "number": None, "flag": False, "options": {"depth": 3, "names": ["x", "y"]},
    "words": ["p", "q"], "sizes": None, "computed": "made", "nothing": None, "of_file": "Größe\n", "needed": 4,
}  # fmt: skip


def test_parameters_constants_and_included_files(project, form):
    project.write(notes_txt="Größe\n", other_txt="other", **PARAMETERS.files(form))
    refused = project.call("run")
    assert refused.code == 2
    assert "--needed" in refused.err
    data = project.run("--needed", "4").data
    assert plain(data.seen) == DEFAULTS
    assert plain(data.codes) == ["artifact_read_only", "artifact_read_only"]
    assert plain(data.constants) == ["1.0", ["a", "b"], 7]
    parameter_names, step_name = plain(data.names)
    assert parameter_names == sorted(DEFAULTS)
    assert step_name == "refuse"
    given = [
        "--text", "ü'\" $x", "--whole=-5", "--number", "1e-3", "--flag", "yes", "--options", '[1, null, {"a": true}]',
        "--words=x, y", "--sizes", "1:2:3", "--computed", "", "--nothing", "0", "--of-file", "other.txt", "--needed=9",
    ]  # fmt: skip
    run = project.run(*given)
    assert plain(run.data.seen) == {
        "text": "ü'\" $x", "whole": -5, "number": 0.001, "flag": True, "options": [1, None, {"a": True}],
        "words": ["x", "y"], "sizes": [1, 2, 3], "computed": "", "nothing": 0, "of_file": "other", "needed": 9,
    }  # fmt: skip
    assert (run.parameters.whole, run.parameters.constant_text) == (-5, "1.0")
    if PARAMETERS.language("start", form) == "python":
        assert run.data.types["whole"] == "int" and run.data.types["number"] == "float"
    else:
        assert run.data.types["whole"] in ("integer", "numeric") and run.data.types["flag"] == "logical"


def test_binary_files_and_files_of_another_encoding(run_flow):
    flow = FlowText(
        "FilesFlow",
        (
            Step(
                "start",
                "self.size = len(self.image)\nself.first = list(self.image[:3])\nself.length = len(self.latin)",
                "self$size <- length(self$image)\nself$first <- as.integer(self$image[1:3])\nself$length <- nchar(self$latin)",
                next="end",
            ),
            Step("end"),
        ),
        py="""
        image = IncludeFile("image", default="image.bin", is_text=False)
        latin = IncludeFile("latin", default="latin.txt", encoding="latin-1")
        """,
        r="""
        include_file("image", default = "image.bin", is_text = FALSE)
        include_file("latin", default = "latin.txt", encoding = "latin-1")
        """,
        other=frozenset({"start"}),
    )
    data = run_flow(flow, image_bin=b"\x00\xff\n" * 1000, latin_txt="Größe".encode("latin-1")).data
    assert (data.size, plain(data.first), data.length) == (3000, [0, 255, 10], 5)
    assert data.image == b"\x00\xff\n" * 1000
    assert data.latin == "Größe"


IN_PLACE = FlowText(
    "InPlaceFlow",
    (
        Step(
            "start",
            """
            self.items = ["a"]
            self.df = pd.DataFrame({"x": [1.5, 2.5]})
            self.options = {"deep": {"list": ["p"]}}
            self.array = np.zeros(3)
            self.untouched = pd.DataFrame({"g": pd.Categorical(["u", "v"]), "when": pd.to_datetime(["2024-01-01", None])})
            self.untouched_list = ["p", 1.5, None]
            self.removed = "gone"
            """,
            """
            self$items <- list("a")
            self$df <- data.frame(x = c(1.5, 2.5))
            self$options <- list(deep = list(list = list("p")))
            self$array <- c(0, 0, 0)
            self$untouched <- data.frame(g = factor(c("u", "v")), when = as.POSIXct(c("2024-01-01", NA), tz = "UTC"))
            self$untouched_list <- list("p", 1.5, NULL)
            self$removed <- "gone"
            """,
            next="change",
        ),
        Step(
            "change",
            """
            self.items.append("b")
            self.df["y"] = self.df["x"] * 2
            self.options["deep"]["list"].append("q")
            self.array[1] = 5
            self.looked = [len(self.untouched), len(self.untouched_list), str(self.untouched["g"].iloc[0])]
            del self.removed
            self.gone = hasattr(self, "removed")
            """,
            """
            self$items <- c(self$items, "b")
            self$df$y <- self$df$x * 2
            self$options$deep$list[[2]] <- "q"
            self$array[2] <- 5
            self$looked <- list(nrow(self$untouched), length(self$untouched_list), as.character(self$untouched$g[1]))
            remove_artifacts(self, "removed")
            self$gone <- "removed" %in% names(self)
            """,
            next="read",
        ),
        Step(
            "read",
            """
            self.values = [list(self.items), list(self.df["y"]), list(self.options["deep"]["list"]), list(self.array)]
            self.read_again = [self.untouched.shape[0], self.untouched_list[0]]
            self.still_there = hasattr(self, "removed")
            """,
            """
            self$values <- list(self$items, self$df$y, self$options$deep$list, self$array)
            self$read_again <- list(nrow(self$untouched), self$untouched_list[[1]])
            self$still_there <- "removed" %in% names(self)
            """,
            next="end",
        ),
        Step("end"),
    ),
    top_py="import numpy as np\nimport pandas as pd",
)


def test_changes_in_place_are_seen_and_what_is_only_read_stays_the_same_blob(run_flow):
    run = run_flow(IN_PLACE)
    data = run.data
    assert plain(data.values) == [["a", "b"], [3.0, 5.0], ["p", "q"], [0.0, 5.0, 0.0]]
    assert (data.gone, data.still_there) == (False, False)
    assert "removed" not in data and "removed" in run["start"].task
    assert plain(data.looked) == [2, 3, "u"]
    for name in ("untouched", "untouched_list"):
        digests = {run[step].task[name].digest for step in ("start", "change", "read", "end")}
        assert len(digests) == 1, name
        assert run["end"].task[name].inherited
    # The earlier version is still what the earlier step left.
    assert plain(run["start"].task.data["items"]) == ["a"]
    assert list(run["start"].task.data.df.columns) == ["x"]


def test_r_objects_that_change_in_place(project, rlib):
    project.write(
        flow_R="""
        library(rflow)
        Counter <- R6::R6Class("Counter", public = list(n = 0, add = function() { self$n <- self$n + 1; invisible(self) }))
        flow("EnvironmentFlow") |>
          step("start", function(self) {
            self$counter <- Counter$new()
            self$box <- list2env(list(value = "old"))
            self$model <- lm(dist ~ speed, cars)
          }, next_step = "change") |>
          step("change", function(self) {
            self$counter$add()$add()
            box <- self$box
            box$value <- "new"
            self$slope <- coef(self$model)[["speed"]]
          }, next_step = "pass") |>
          step("pass", py_function("steps.py", "look"), next_step = "end") |>
          step("end", function(self) {
            self$result <- list(self$counter$n, self$box$value)
          }) |>
          run()
        """,
        steps_py="def look(self):\n    self.seen = repr(self.counter)\n",
    )
    run = project.run()
    assert plain(run.data.result) == [2.0, "new"]
    assert run.data.slope == pytest.approx(3.9324, abs=1e-4)
    assert "Counter" in run.data.seen
    assert run["pass"].task["counter"].digest == run["change"].task["counter"].digest
    assert run["end"].task["model"].digest == run["start"].task["model"].digest
    assert run["start"].task["counter"].kind == "native"


LARGE = FlowText(
    "LargeFlow",
    (
        Step(
            "start",
            "self.frame = pd.DataFrame({'x': np.arange(6_250_000, dtype='float64')})\nself.empty = pd.DataFrame({'x': []})",
            "self$frame <- data.frame(x = as.numeric(0:6249999))\nself$empty <- data.frame(x = numeric())",
            next="use",
        ),
        Step(
            "use",
            "self.sums = [float(self.frame['x'].sum()), len(self.empty)]\nself.none = None\nself.nothing = []",
            "self$sums <- c(sum(self$frame$x), nrow(self$empty))\nself$none <- NULL\nself$nothing <- list()",
            next="end",
        ),
        Step("end"),
    ),
    top_py="import numpy as np\nimport pandas as pd",
)


def test_an_artifact_of_50_mb_and_an_empty_one(run_flow):
    run = run_flow(LARGE)
    assert plain(run.data.sums) == [6_250_000 * 6_249_999 / 2, 0]
    assert run.data.none is None
    assert plain(run.data.nothing) == []
    assert run["end"].task["frame"].size > 50_000_000
    assert run["end"].task["frame"].digest == run["start"].task["frame"].digest


def test_a_parser_makes_the_value_of_an_included_file(project, form):
    flow = FlowText(
        "ParserFlow",
        (
            Step("start", "self.size = self.table['size']", "self$size <- self$table$size", next="end"),
            Step("end", "self.twice = self.size * 2", "self$twice <- self$size * 2L"),
        ),
        py='table = IncludeFile("table", default="table.yaml", parser="yaml")',
        r='include_file("table", default = "table.yaml", parser = "yaml")',
    )
    project.write(**flow.files(form), table_yaml="size: 4\n")
    run = project.run()
    assert run.data.table == {"size": 4} and run.data.twice == 8


def test_a_function_of_the_flow_may_be_the_parser(project):
    flow = FlowText(
        "ParserFlow",
        (Step("start", next="end"), Step("end")),
        py='words = IncludeFile("words", default="words.txt", parser=split)',
        top_py="def split(text):\n    return text.split()",
    )
    project.write(**flow.files("python"), words_txt="one two")
    assert project.run().data.words == ["one", "two"]


def test_a_task_knows_its_run_its_flow_and_what_can_be_given(project, form):
    flow = FlowText(
        "KnowingFlow",
        (
            Step("start", next="end"),
            Step(
                "end",
                "self.found = [self.name, current.run.id == current.run_id, current.task.pathspec == current.pathspec]\n"
                "self.before = current.run['start'].task.successful\nself.names = current.parameter_names\n"
                "self.steps = [step['name'] for step in current.graph['steps']]",
                """
                run <- current("run")
                self$found <- list(self$name, run$id == current("run_id"), current("task")$pathspec == current("pathspec"))
                self$before <- run$step("start")$task$successful
                self$names <- as.list(current("parameter_names"))
                self$steps <- lapply(current("graph")$steps, \\(step) step$name)
                """,
            ),
        ),
        py='version = 3\nalpha = Parameter("alpha", default=1)',
        r='parameter("alpha", default = 1)\nconstant(version = 3)',
    )
    project.write(**flow.files(form))
    run = project.run()
    data = run.data
    assert (data.found, data.before, plain(data.names)) == (["KnowingFlow", True, True], True, ["alpha"])
    assert data.steps == ["start", "end"] == [step["name"] for step in run.graph["steps"]]
