"""The main example in both languages, and its results read from the other one."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import pyflow
from pyflow.codec.native import NativeProxy
from tests.e2e.project import Project

EXAMPLE = Path(__file__).parents[2] / "examples" / "genre_stats"
FLOWS = {"GenreStatsFlow": "flow.py", "GenreStatsRFlow": "flow.R"}


@pytest.fixture(scope="module")
def project(tmp_path_factory, rlib):
    """A folder in which both flows have been run, from there and not from where they lie."""
    if not (EXAMPLE / "movies.csv").is_file():
        pytest.skip("the example's data is not there; make setup writes it")
    project = Project(tmp_path_factory.mktemp("example") / "project", rlib)
    for file in FLOWS.values():
        done = project.call("run", "--max_genres", "3", file=str(EXAMPLE / file))
        assert done.code == 0, done.text
        assert "films" in done.out and "median" in done.out
    assert not (EXAMPLE / ".pyflow").exists()
    return project


@pytest.fixture
def runs(project, monkeypatch):
    """The run of each flow, as a user's session in the folder gets it."""
    monkeypatch.chdir(project.folder)
    return {name: pyflow.Flow(name).latest_successful_run for name in FLOWS}


def statistics(run):
    return {
        genre: (stats["genre"], stats["n"], [*stats["quartiles"], stats["correlation"]])
        for genre, stats in run.data.genre_stats.items()
    }


def test_both_flows_give_equal_results(runs):
    python, r = (statistics(run) for run in runs.values())
    assert list(python) == list(r) and len(python) == 3
    for genre in python:
        assert python[genre][:2] == r[genre][:2]
        assert python[genre][2] == pytest.approx(r[genre][2], rel=1e-12)
    coefficients = [run.data.coefficients for run in runs.values()]
    assert list(coefficients[0].columns) == ["genre", "intercept", "slope", "r_squared"]
    assert [list(map(str, table["genre"])) for table in coefficients] == [list(python)] * 2
    for column in ("intercept", "slope", "r_squared"):
        assert coefficients[0][column].to_numpy() == pytest.approx(coefficients[1][column].to_numpy(), rel=1e-9)
    for run in runs.values():
        assert list(run.data.failed) == []
        assert run.parameters.max_genres == 3
        assert sorted(task.index for task in run["score"]) == [0, 1, 2]
        assert [step.id for step in run] == ["start", "compute_statistics", "score", "fit", "join", "end"]


READ = """
suppressMessages(library(rflow))
run <- flow_client("{flow}")$latest_successful_run
films <- run$step("compute_statistics")$tasks[[1]]$data$films
model <- run$data$model
found <- list(
  successful = run$successful, table = class(films), columns = lapply(films, typeof), rows = nrow(films),
  genre = class(run$data$coefficients$genre), levels = levels(run$data$coefficients$genre),
  stats = run$data$genre_stats, slope = run$data$coefficients$slope,
  model = class(model), coefficients = as.list(coef(model)), predicted = unname(predict(model, data.frame(rating = 7))),
  genres = run$step("start")$task$data$genres, stdout = run$step("end")$task$stdout,
  created = class(run$created_at), ended = run$finished_at >= run$created_at
)
cat(jsonlite::toJSON(found, auto_unbox = TRUE, digits = NA, null = "null"))
"""


@pytest.mark.parametrize("flow", FLOWS)
def test_r_reads_both_runs(project, runs, flow):
    found = project.r(READ.replace("{flow}", flow))
    run = runs[flow]
    films = run["compute_statistics"].task.data.films
    assert found["successful"] is True and found["ended"] is True
    assert (found["table"], found["rows"]) == ("data.frame", len(films))
    assert found["columns"]["rating"] == "double" and found["columns"]["title"] == "character"
    expected = statistics(run)
    for genre, (name, count, numbers) in expected.items():
        stats = found["stats"][genre]
        assert (stats["genre"], stats["n"]) == (name, count)
        assert [*stats["quartiles"], stats["correlation"]] == pytest.approx(numbers)
    # pandas' concat turns categories that differ into text; rbind in R keeps a factor.
    assert found["genre"] == ("factor" if flow == "GenreStatsRFlow" else "character")
    assert found["slope"] == pytest.approx(list(run.data.coefficients["slope"]))
    assert found["model"] == "lm" and found["coefficients"]["rating"] == pytest.approx(found["slope"][0])
    first = found["coefficients"]
    assert found["predicted"] == pytest.approx(first["(Intercept)"] + 7 * first["rating"])
    assert found["genres"] == list(expected)
    assert found["stdout"] == run["end"].task.stdout and "median" in found["stdout"]
    assert found["created"][0] == "POSIXct"


@pytest.mark.parametrize("flow", FLOWS)
def test_python_reads_both_runs(runs, flow):
    run = runs[flow]
    films = run["compute_statistics"].task.data.films
    assert isinstance(films, pd.DataFrame)
    assert list(films.columns) == ["title", "year", "genre", "rating", "gross"]
    assert films["gross"].dtype == "float64" and films["year"].dtype.kind in "iI"
    fitted = next(task for task in run["fit"] if task.index == 1).data.coefficients
    assert isinstance(fitted["genre"].dtype, pd.CategoricalDtype), "a factor of R"
    assert list(fitted["genre"].cat.categories) == [list(run.data.genre_stats)[1]]
    model = run.data.model
    assert isinstance(model, NativeProxy)
    assert "lm" in repr(model) and "r" in repr(model).lower()
    assert run["end"].task["model"].kind == "native"


@pytest.mark.parametrize("flow", FLOWS)
def test_pyflow_r_opens_the_model(project, flow):
    """In a process of its own: R embedded in the test process would stay in it."""
    pytest.importorskip("rpy2", reason="rpy2 is optional")
    code = f"""
import pyflow, pyflow.r, json
run = pyflow.Flow({flow!r}).latest_successful_run
model = pyflow.r.open(run.data.model)
assert model.classes() == ["lm"], model.classes()
slope = model.r("coef").values()[1]
assert abs(slope / run.data.coefficients["slope"].iloc[0] - 1) < 1e-9, slope
print(json.dumps("gross ~ rating" in repr(model)))
"""
    project.write(open_py=code)
    done = project.call(file="open.py")
    assert (done.code, done.out) == (0, "true\n"), done.text


DATES_PY = """
import datetime as dt
import pandas as pd
from pyflow import FlowSpec, step


class DatesFlow(FlowSpec):
    @step
    def start(self):
        self.day = dt.date(2024, 2, 29)
        self.moment = dt.datetime(2024, 7, 1, 12, 30, 15, 250000, tzinfo=dt.timezone.utc)
        self.days = pd.DataFrame({
            "day": [dt.date(2024, 2, 29), None],
            "when": pd.to_datetime(["2024-07-01 12:30", None]).tz_localize("Europe/Berlin"),
            "size": pd.Categorical(["small", "large"], categories=["small", "middle", "large"], ordered=True),
            "count": pd.array([1, None], dtype="Int32"),
            "share": [0.5, float("nan")],
        })
        self.span = dt.timedelta(hours=36)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    DatesFlow()
"""
DATES_R = """
library(rflow)
flow("DatesRFlow") |>
  step("start", function(self) {
    self$day <- as.Date("2024-02-29")
    self$moment <- as.POSIXct("2024-07-01 12:30:15.25", tz = "UTC")
    self$days <- data.frame(
      day = as.Date(c("2024-02-29", NA)),
      when = as.POSIXct(c("2024-07-01 12:30", NA), tz = "Europe/Berlin"),
      size = factor(c("small", "large"), levels = c("small", "middle", "large"), ordered = TRUE),
      count = c(1L, NA),
      share = c(0.5, NaN)
    )
    self$span <- as.difftime(36, units = "hours")
  }, next_step = "end") |>
  step("end") |>
  run()
"""
READ_DATES = """
suppressMessages(library(rflow))
data <- flow_client("FLOW")$latest_run$data
days <- data$days
found <- list(
  day = c(class(data$day), format(data$day)), moment = c(class(data$moment)[1], format(data$moment, "%H:%M:%OS3", tz = "UTC")),
  days = c(class(days$day), format(days$day)), zone = attr(days$when, "tzone"), when = format(days$when[1], "%Y-%m-%d %H:%M"),
  gone = is.na(days$when), size = list(class(days$size), levels(days$size), as.integer(days$size)),
  count = list(typeof(days$count), is.na(days$count)), share = c(is.nan(days$share), is.na(days$share)),
  span = list(class(data$span), as.numeric(data$span, units = "hours"))
)
cat(jsonlite::toJSON(found, auto_unbox = TRUE, null = "null"))
"""
IN_R = {
    "day": ["Date", "2024-02-29"], "moment": ["POSIXct", "12:30:15.250"], "days": ["Date", "2024-02-29", None],
    "zone": "Europe/Berlin", "when": "2024-07-01 12:30", "gone": [False, True],
    "size": [["ordered", "factor"], ["small", "middle", "large"], [1, 3]], "count": ["integer", [False, True]],
    "share": [False, True, False, True], "span": ["difftime", 36],
}  # fmt: skip


@pytest.fixture(scope="module")
def dates(tmp_path_factory, rlib):
    project = Project(tmp_path_factory.mktemp("dates") / "project", rlib)
    project.write(dates_py=DATES_PY, dates_R=DATES_R)
    for file in ("dates.py", "dates.R"):
        done = project.call("run", file=file)
        assert done.code == 0, done.text
    return project


@pytest.mark.parametrize("flow", ["DatesFlow", "DatesRFlow"])
def test_dates_times_and_factors_in_r(dates, flow):
    assert dates.r(READ_DATES.replace("FLOW", flow)) == IN_R


@pytest.mark.parametrize("flow", ["DatesFlow", "DatesRFlow"])
def test_dates_times_and_factors_in_python(dates, flow):
    data = dates.client(flow).latest_run.data
    assert data.day == dt.date(2024, 2, 29)
    assert data.moment == dt.datetime(2024, 7, 1, 12, 30, 15, 250000, tzinfo=dt.UTC)
    assert data.span == dt.timedelta(hours=36)
    days = data.days
    assert days["day"].iloc[0] == dt.date(2024, 2, 29) and pd.isna(days["day"].iloc[1])
    assert str(days["when"].dt.tz) == "Europe/Berlin"
    assert days["when"].iloc[0] == pd.Timestamp("2024-07-01 12:30", tz="Europe/Berlin") and pd.isna(
        days["when"].iloc[1]
    )
    assert list(days["size"].cat.categories) == ["small", "middle", "large"] and days["size"].cat.ordered
    assert list(days["size"]) == ["small", "large"]
    assert str(days["count"].dtype) == "Int32" and days["count"].iloc[0] == 1 and pd.isna(days["count"].iloc[1])
    assert days["share"].dtype == "float64" and np.isnan(days["share"].iloc[1])
