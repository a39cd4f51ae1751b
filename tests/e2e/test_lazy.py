"""`lazy(self)`: artifacts without their values, in both languages, of `self` and of a join's inputs, and in the client."""

from __future__ import annotations

import pytest

from pyflow.codec.layout import layout_of

PYTHON = """
import numpy as np
import pandas as pd
from pyflow import FlowSpec, lazy, step


class LazyFlow(FlowSpec):
    @step
    def start(self):
        self.big = pd.DataFrame({"a": np.arange(60_000), "t": ["x", "y"] * 30_000, "b": np.linspace(0, 1, 60_000)})
        self.plain = [1, 2]
        self.next(self.left, self.right)

    @step
    def left(self):
        self.side = pd.DataFrame({"a": [1], "b": ["l"]})
        self.next(self.join)

    @step
    def right(self):
        self.side = pd.DataFrame({"a": [2], "b": ["r"]})
        self.next(self.join)

    @step
    def join(self, inputs):
        handle = lazy(inputs.left).big
        some = handle.columns("b", "a")
        self.report = {
            "names": list(some.columns),
            "sum": int(some["a"].sum()),
            "kind": handle.kind,
            "type": handle.type,
            "size": handle.size,
            "digest": handle.digest,
            "rows": pd.read_feather(handle.path).shape[0],
            "same": handle.value is inputs.left.big and handle.data is handle.value,
            "sides": [lazy(branch).side.columns("b").iloc[0, 0] for branch in inputs],
            "there": ["big" in lazy(inputs.left), "bag" in lazy(inputs.left), *lazy(inputs.left)],
            "errors": self.errors(inputs),
        }
        self.next(self.end)

    def errors(self, inputs):
        tries = [
            lambda: lazy(inputs.left).big.columns("c"),
            lambda: lazy(inputs.left).plain.columns("a"),
            lambda: lazy(inputs.left).bag,
            lambda: lazy(3),
            lambda: lazy(self).report,
        ]
        found = []
        for attempt in tries:
            try:
                attempt()
            except Exception as error:
                found.append(f"{type(error).__name__}: {error}")
        return found

    @step
    def end(self):
        self.fresh = 1
        try:
            lazy(self).fresh
        except AttributeError as error:
            print(error)


if __name__ == "__main__":
    LazyFlow()
"""

R = """
library(rflow)

start <- function(self) {
  self$big <- data.frame(a = 1:60000, t = c("x", "y"), b = seq(0, 1, length.out = 60000))
  self$plain <- list(1, "x")
}
left <- function(self) self$side <- data.frame(a = 1, b = "l")
right <- function(self) self$side <- data.frame(a = 2, b = "r")
failure <- function(code) tryCatch({ force(code); "none" }, rflow_error = function(cnd) {
  paste(class(cnd)[1], conditionMessage(cnd))
})
join <- function(self, inputs) {
  handle <- lazy(inputs$left)$big
  some <- handle$columns(c("b", "a"))
  self$report <- list(
    names = names(some), sum = sum(some$a), class = class(some), kind = handle$kind, type = handle$class,
    size = handle$size, digest = handle$digest, there = file.exists(handle$path), same = identical(handle$value, inputs$left$big),
    sides = vapply(inputs, function(branch) lazy(branch)$side$columns("b")[[1]], ""),
    stored = names(lazy(inputs$left)),
    errors = c(
      failure(lazy(inputs$left)$big$columns("c")), failure(lazy(inputs$left)$plain$columns("a")),
      failure(lazy(inputs$left)$bag), failure(lazy(3)), failure(lazy(inputs$left)$big$columns(1))
    )
  )
  print(handle)
}
end <- function(self) {
  self$fresh <- 1
  cat(failure(lazy(self)$fresh), "\\n")
}

flow("LazyFlow") |>
  step("start", start, next_step = c("left", "right")) |>
  step("left", left, next_step = "join") |>
  step("right", right, next_step = "join") |>
  step("join", join, join = TRUE, next_step = "end") |>
  step("end", end) |>
  run()
"""


def test_python(project):
    project.write(flow_py=PYTHON)
    run = project.run()
    report = run["join"].task.data.report
    artifact = run["start"].task.artifacts.big
    assert report["names"] == ["b", "a"]
    assert report["sum"] == 60_000 * 59_999 // 2
    assert (report["kind"], report["size"], report["digest"]) == (artifact.kind, artifact.size, artifact.digest)
    assert report["type"] == artifact.type
    assert report["rows"] == 60_000
    assert report["same"] is True
    assert report["sides"] == ["l", "r"]
    assert report["there"] == [True, False, "big", "plain", "side"]
    missing, no_table, unknown, no_owner, absent = report["errors"]
    assert "has no column 'c'" in missing
    assert "which has no columns" in no_table
    assert "no artifact 'bag'" in unknown and "big" in unknown
    assert "not a int" in no_owner
    assert absent.startswith("AttributeError: there is no artifact 'report'")
    assert "'fresh' was set in this step" in run["end"].task.stdout


def test_r(rlib, project):
    project.write(flow_R=R)
    run = project.run()
    report = run["join"].task.data.report
    artifact = run["start"].task.artifacts.big
    assert list(report["names"]) == ["b", "a"]
    assert report["sum"] == 60_000 * 60_001 // 2
    assert report["class"] == "data.frame"
    assert (report["kind"], report["size"], report["digest"]) == (artifact.kind, artifact.size, artifact.digest)
    assert report["there"] and report["same"]
    assert list(report["sides"]) == ["l", "r"]
    assert list(report["stored"]) == ["big", "plain", "side"]
    missing, no_table, unknown, no_owner, no_names = report["errors"]
    assert missing.startswith("rflow_error_column_missing")
    assert no_table.startswith("rflow_error_not_a_table")
    assert unknown.startswith("rflow_error_artifact_missing")
    assert no_owner.startswith("rflow_error_definition")
    assert no_names.startswith("rflow_error_definition")
    assert "rflow_error_artifact_missing `fresh` was set in this step" in run["end"].task.stdout
    assert "stored big" in run["join"].task.stdout


@pytest.fixture
def damaged(rlib, project):
    """A run whose big table is damaged in the text of one column, and nowhere else."""
    project.write(flow_py=PYTHON)
    artifact = project.run()["start"].task.artifacts.big
    path = artifact.path
    place, size = next(c for c in layout_of(path)["columns"] if c["name"] == "t")["buffers"][2]
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.seek(place)
        file.write(b"\xff" * size)
    return project


def test_the_client_reads_only_the_columns(damaged):
    artifact = damaged.latest["start"].task.artifacts.big
    assert artifact.columns("a")["a"].sum() == 60_000 * 59_999 // 2
    with pytest.raises(Exception, match="damaged"):
        artifact.columns("t")
    with pytest.raises(Exception, match="damaged"):
        artifact.data  # noqa: B018 - reading is the test
    found = damaged.r("""
        artifact <- rflow::flow_client("LazyFlow")$latest_run[["start"]]$tasks[[1]]$artifacts$big
        class_of <- function(code) tryCatch({ force(code); "none" }, error = function(cnd) class(cnd)[1])
        some <- artifact$columns(c("b", "a"))
        cat(jsonlite::toJSON(list(
          sum = sum(some$a), names = names(some), text = class_of(artifact$columns("t")), all = class_of(artifact$value),
          path = class_of(artifact$path), missing = class_of(artifact$columns("c"))
        ), auto_unbox = TRUE, digits = NA))
    """)
    assert found == {
        "sum": 60_000 * 59_999 // 2,
        "names": ["b", "a"],
        "text": "rflow_error_artifact_corrupt",
        "all": "rflow_error_artifact_corrupt",
        "path": "rflow_error_artifact_corrupt",
        "missing": "rflow_error_column_missing",
    }
