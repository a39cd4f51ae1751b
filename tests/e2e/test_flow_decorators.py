"""retry, catch, timeout and environment, in Python, in R and mixed."""

from __future__ import annotations

from tests.e2e.forms import FlowText, Step
from tests.e2e.test_flow_language import plain

AT_ONCE = {"minutes_between_retries": 0}
# Appends a line to a file and tells how many it has: which attempt this is, whatever pyflow says.
COUNT_PY = """
def count(name):
    with open(name, "a") as file:
        file.write("x")
    with open(name) as file:
        return len(file.read())
"""
COUNT_R = """
count <- function(name) {
  cat("x", file = name, append = TRUE)
  nchar(readLines(name, warn = FALSE))
}
"""

RETRY = FlowText(
    "RetryFlow",
    (
        Step("start", next=("flaky", "caught", "crashing", "fine")),
        Step(
            "flaky",
            """
            attempt = count("flaky.txt")
            print("attempt", attempt)
            if attempt < 3:
                raise ValueError(f"attempt {attempt} fails")
            self.attempts = [attempt, current.retry_count]
            self.failed = None
            """,
            """
            attempt <- count("flaky.txt")
            cat("attempt", attempt, "\\n")
            if (attempt < 3) stop("attempt ", attempt, " fails")
            self$attempts <- c(attempt, current("retry_count"))
            self$failed <- NULL
            """,
            next="join",
            with_={"retry": {"times": 3, **AT_ONCE}},
        ),
        Step(
            "caught",
            """
            self.attempts = [count("caught.txt"), current.retry_count]
            self.before = "kept"
            raise KeyError("lost")
            """,
            """
            self$attempts <- c(count("caught.txt"), current("retry_count"))
            self$before <- "kept"
            stop("'lost'")
            """,
            next="join",
            with_={"catch": {"var": "failed", "print_exception": True}, "retry": {"times": 1, **AT_ONCE}},
        ),
        Step(
            "crashing",
            """
            count("crashing.txt")
            import os, signal
            os.kill(os.getpid(), signal.SIGKILL)
            """,
            """
            count("crashing.txt")
            tools::pskill(Sys.getpid(), 9)
            Sys.sleep(60)
            """,
            next="join",
            with_={"catch": {"var": "failed"}, "retry": {"times": 1, **AT_ONCE}},
        ),
        Step("fine", "self.attempts = [1, 0]", "self$attempts <- c(1L, 0L)", next="join", with_={"catch": {"var": "failed"}}),
        Step(
            "join",
            """
            self.attempts = [list(inputs.flaky.attempts), list(inputs.caught.attempts)]
            self.before = inputs.caught.before
            self.errors = {name: getattr(inputs, name).failed for name in ("flaky", "caught", "crashing", "fine")}
            """,
            """
            self$attempts <- list(inputs$flaky$attempts, inputs$caught$attempts)
            self$before <- inputs$caught$before
            names <- c("flaky", "caught", "crashing", "fine")
            self$errors <- setNames(lapply(names, \\(name) inputs[[name]]$failed), names)
            """,
            next="end",
            join=True,
        ),
        Step("end"),
    ),
    other=frozenset({"flaky", "caught", "crashing"}),
    top_py=COUNT_PY,
    top_r=COUNT_R,
)  # fmt: skip


def test_retry_and_catch(run_flow, project, form):
    run = run_flow(RETRY)
    data = run.data
    assert plain(data.attempts) == [[3, 2], [2, 1]]
    assert data.before == "kept"
    errors = data.errors
    assert errors["flaky"] is None and errors["fine"] is None
    language = RETRY.language("caught", form)
    assert (errors["caught"]["exception"], errors["caught"]["language"]) == ("'lost'", language)
    assert errors["caught"]["type"] == {"python": "KeyError", "r": "simpleError"}[language]
    assert errors["caught"]["code"] == "step_failed"
    assert errors["crashing"]["code"] == "step_crashed"
    assert "SIGKILL" in errors["crashing"]["exception"] or "signal 9" in errors["crashing"]["exception"]
    flaky = run["flaky"].task
    assert [(a.status, a.stdout.split()) for a in flaky.attempts] == [
        ("failed", ["attempt", "1"]), ("failed", ["attempt", "2"]), ("success", ["attempt", "3"])
    ]  # fmt: skip
    assert "attempt 1 fails" in flaky.attempts[0].stderr
    assert [task.status for task in (flaky, run["caught"].task, run["crashing"].task)] == [
        "success",
        "caught",
        "caught",
    ]
    assert (project.folder / "crashing.txt").read_text() == "xx"
    log = project.call("logs", f"{run.id}/flaky", "--attempt", "0")
    assert log.out.split() == ["attempt", "1"] and "attempt 1 fails" in log.err
    missing = project.call("logs", f"{run.id}/flaky", "--attempt", "7")
    assert missing.code == 1 and "has no attempt 7" in missing.err


BUSY_PY = "x = 0\nwhile True:\n    x += 1"
# One call of C code that runs for minutes: no Python code can be run in between.
IN_C_PY = "import re\nre.match(r'(a+)+$', 'a' * 60 + 'b')"


def sleeper(name, py, r):
    attempts = f"self.attempts = count('{name}.txt')\n", f"self$attempts <- count('{name}.txt')\n"
    decorators = {"catch": {"var": "failed"}, "retry": {"times": 1, **AT_ONCE}, "timeout": {"seconds": 0.6}}
    return Step(name, attempts[0] + py, attempts[1] + r, next="join", with_=decorators)


TIMEOUT = FlowText(
    "TimeoutFlow",
    (
        Step("start", next=("asleep", "busy", "quick")),
        sleeper("asleep", "import time\ntime.sleep(60)", "Sys.sleep(60)"),
        sleeper("busy", BUSY_PY, "x <- 0\nwhile (TRUE) x <- x + 1"),
        sleeper("quick", "pass", "NULL"),
        Step(
            "join",
            "self.attempts = [item.attempts for item in inputs]\nself.errors = [item.failed for item in inputs]",
            "self$attempts <- unname(unlist(gather_inputs(inputs, 'attempts')))\n"
            "self$errors <- unname(gather_inputs(inputs, 'failed'))",
            next="end",
            join=True,
        ),
        Step("end"),
    ),
    other=frozenset({"asleep", "busy", "quick"}),
    top_py=COUNT_PY,
    top_r=COUNT_R,
)


def test_timeout_ends_sleeps_and_loops_and_can_be_retried_and_caught(run_flow, project):
    data = run_flow(TIMEOUT).data
    assert plain(data.attempts) == [2, 2, 1]
    asleep, busy, quick = data.errors
    assert quick is None
    for error, step in ((asleep, "asleep"), (busy, "busy")):
        assert (error["type"], error["code"]) == ("TimeoutException", "step_timeout")
        assert error["exception"] == f"step {step} took longer than its timeout of 0.6 s"
    project.no_process_left()


def test_a_timeout_without_catch_fails_the_run_and_ends_c_code_too(project):
    flow = FlowText("StuckFlow", (Step("start", IN_C_PY, next="end", with_={"timeout": {"seconds": 0.5}}), Step("end")))
    project.write(**flow.files("python"))
    done = project.call("run")
    assert done.code == 1
    assert "step start took longer than its timeout of 0.5 s" in done.err
    assert project.latest.exception.code == "step_timeout"
    project.no_process_left()


def test_environment_variables_reach_the_step_and_its_children(run_flow, project):
    project.environment["FROM_OUTSIDE"] = "outside"
    flow = FlowText(
        "EnvironmentFlow",
        (
            Step("start", "import os\nself.before = os.environ.get('MODE')", "value <- Sys.getenv('MODE')\nself$before <- if (nzchar(value)) value", next="work"),
            Step(
                "work",
                """
                import os, subprocess
                self.own = [os.environ["MODE"], os.environ["SIZE"], os.environ["FROM_OUTSIDE"]]
                self.child = subprocess.run(["sh", "-c", "echo $MODE $SIZE"], capture_output=True, text=True).stdout.split()
                """,
                """
                self$own <- Sys.getenv(c("MODE", "SIZE", "FROM_OUTSIDE"), names = FALSE)
                self$child <- strsplit(system("echo $MODE $SIZE", intern = TRUE), " ")[[1]]
                """,
                next="end",
                with_={"environment": {"vars": {"MODE": "füll", "SIZE": "3"}}},
            ),
            Step("end", "import os\nself.after = os.environ.get('MODE')", "value <- Sys.getenv('MODE')\nself$after <- if (nzchar(value)) value"),
        ),
    )  # fmt: skip
    data = run_flow(flow).data
    assert plain(data.own) == ["füll", "3", "outside"]
    assert plain(data.child) == ["füll", "3"]
    assert data.before is None and data.after is None
