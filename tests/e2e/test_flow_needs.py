"""resources, secrets, project, exit hooks, --with, parameters and options from the environment; in Python, in R and mixed."""

from __future__ import annotations

import json
import re
import time

import pytest

from tests.e2e.forms import FlowText, Step
from tests.e2e.test_flow_decorators import COUNT_PY, COUNT_R
from tests.e2e.test_flow_language import plain

SECRET = 'hunter2 "quoted"'
INLINE = {"type": "inline", "options": {"env_vars": {"TOKEN": SECRET}}}

# resources


def packed(cpu, count=4):
    """A foreach of sleeping tasks that note when they ran."""
    return FlowText(
        "PackedFlow",
        (
            Step("start", f"self.items = list(range({count}))", f"self$items <- seq_len({count})", next="work", foreach="items"),
            Step(
                "work",
                """
                import os, time
                began = time.time()
                time.sleep(0.4)
                self.span = [began, time.time()]
                self.threads = os.environ["OMP_NUM_THREADS"]
                """,
                """
                began <- as.numeric(Sys.time())
                Sys.sleep(0.4)
                self$span <- c(began, as.numeric(Sys.time()))
                self$threads <- Sys.getenv("OMP_NUM_THREADS")
                """,
                next="join",
                with_={"resources": {"cpu": cpu, "memory": 10}},
            ),
            Step(
                "join",
                "self.spans = [list(i.span) for i in inputs]\nself.threads = inputs[0].threads",
                "self$spans <- unname(gather_inputs(inputs, 'span'))\nself$threads <- inputs[[1]]$threads",
                next="end",
                join=True,
            ),
            Step("end"),
        ),
        other=frozenset({"work"}),
    )  # fmt: skip


def most_at_once(spans):
    return max(sum(a <= began < b for a, b in spans) for began, _ in spans)


def test_tasks_run_side_by_side_as_far_as_they_fit(run_flow, project):
    data = run_flow(packed(2), "--max-resources", "cpu=4").data
    assert most_at_once([plain(span) for span in data.spans]) == 2
    assert data.threads == "2"


def test_a_task_that_can_never_fit_is_refused_before_the_run(call_flow, project):
    done = call_flow(packed(3), "--max-resources", "cpu=2,memory=5")
    assert done.code == 1
    assert re.search(r"flow\.\w+:\d+, step work: Step \*work\* asks for cpu=3, but this machine has cpu=2\.", done.err)
    assert "Step *work* asks for memory=10 MB, but this machine has memory=5 MB." in done.err
    assert "--max-resources cpu=3" in done.err
    assert project.statuses() == []


# secrets

SPEAKING = FlowText(
    "SecretFlow",
    (
        Step("start", next="speak"),
        Step(
            "speak",
            """
            import ctypes, json, os, sys
            token, other = os.environ["TOKEN"], os.environ["OTHER"]
            print("python", token, other)
            print("error", token, file=sys.stderr)
            print(json.dumps([token]), repr(token))
            os.write(1, b"cut " + token[:3].encode())
            os.write(1, token[3:].encode() + b"\\n")
            os.system('echo child "$TOKEN"; echo child "$OTHER" >&2')
            ctypes.CDLL(None).puts(b"c " + token.encode())
            ctypes.CDLL(None).fflush(None)
            from pyflow import get_secret
            self.known = [len(token), len(other), len(get_secret("env.OTHER")["OTHER"])]
            if count("speak.txt") < 2:
                raise ValueError("it is " + token)
            """,
            """
            token <- Sys.getenv("TOKEN")
            other <- Sys.getenv("OTHER")
            cat("r", token, other, "\\n")
            message("error ", token)
            print(token)
            cat("cut ", substr(token, 1, 3), sep = "")
            cat(substr(token, 4, 100), "\\n", sep = "")
            system('echo child "$TOKEN"; echo child "$OTHER" >&2')
            warning("beware of ", token)
            self$known <- c(nchar(token), nchar(other), nchar(get_secret("env.OTHER")$OTHER))
            if (count("speak.txt") < 2) stop("it is ", token)
            """,
            next="end",
            with_={
                "secrets": {"sources": [INLINE, {"type": "env", "names": ["OTHER"]}]},
                "retry": {"times": 1, "minutes_between_retries": 0},
            },
        ),
        Step(
            "end",
            "import os\nself.after = os.environ.get('TOKEN')",
            "value <- Sys.getenv('TOKEN')\nself$after <- if (nzchar(value)) value",
        ),
    ),
    top_py=COUNT_PY,
    top_r=COUNT_R,
)
OTHER = "a-long-secret-from-outside\nwith a second line"


def test_secrets_reach_the_step_and_nothing_else(project, form):
    project.environment["OTHER"] = OTHER
    project.write(**SPEAKING.files(form))
    done = project.call("run")
    assert done.code == 0, done.text
    run = project.latest
    assert plain(run.data.known) == [len(SECRET), len(OTHER), len(OTHER)]
    assert run.data.after is None
    first, second = run["speak"].task.attempts
    assert (first.status, second.status) == ("failed", "success")
    for attempt in (first, second):
        assert "child *****" in attempt.stdout and "cut *****" in attempt.stdout
        assert "error *****" in attempt.stderr and "child *****" in attempt.stderr
    assert "it is *****" in first.stderr
    values = [SECRET, json.dumps(SECRET)[1:-1], *OTHER.splitlines()]
    for text in (done.text, json.dumps(run.row.graph), json.dumps(run.row.info)):
        assert not any(value in text for value in values)
    assert in_clear(project, *OTHER.splitlines()) == []
    source = project.file if form.partition("_")[0] == "python" else "flow.R"
    copies = {path for path in in_clear(project, "hunter2") if not is_copy_of(project, path, source)}
    assert copies == set(), "only the flow's own file, and its copy, may hold what is written in it"
    project.no_process_left()
    project.nothing_half_written()


def in_clear(project, *values):
    """Files of the store that hold one of the values."""
    files = [path for path in project.root.rglob("*") if path.is_file()]
    return [path for path in files if any(value.encode() in path.read_bytes() for value in values)]


def is_copy_of(project, path, source):
    """Whether a file of the store is the run's copy of the flow's file, or the package that has it."""
    return (project.folder / source).read_bytes() in path.read_bytes()


@pytest.mark.parametrize(
    ("sources", "message", "code"),
    [
        (["env.NO_SUCH_VARIABLE"], "the environment has no variable NO_SUCH_VARIABLE", "secret_missing"),
        (
            [{"type": "inline", "options": {"env_vars": {"LC_ALL": "x"}}}],
            "the secret LC_ALL would replace",
            "secret_override",
        ),
    ],
)
def test_a_secret_that_is_not_to_be_had_fails_the_step_and_can_be_caught(project, sources, message, code):
    flow = FlowText(
        "MissingFlow",
        (
            Step("start", next="end", with_={"secrets": {"sources": sources}, "catch": {"var": "failed"}}),
            Step("end"),
        ),
    )
    project.write(**flow.files("python"))
    failed = project.run().data.failed
    assert failed["code"] == code and message in failed["exception"]


def test_an_unknown_source_is_refused_before_the_run(project):
    flow = FlowText("UnknownFlow", (Step("start", next="end", with_={"secrets": {"sources": ["envv.A"]}}), Step("end")))
    project.write(**flow.files("python"))
    done = project.call("run")
    assert done.code == 1
    assert "have a source of an unknown type, 'envv'. Did you mean 'env'?" in done.err
    assert project.statuses() == []


def test_a_step_with_secrets_that_is_stopped_leaves_nothing(project):
    flow = FlowText(
        "StoppedFlow",
        (
            Step("start", "import os, time\nos.system('sleep 60 &')\nprint('x', os.environ['TOKEN'], flush=True)\ntime.sleep(60)",
                 next="end", with_={"secrets": {"sources": [INLINE]}, "timeout": {"seconds": 0.5}}),
            Step("end"),
        ),
    )  # fmt: skip
    project.write(**flow.files("python"))
    done = project.call("run")
    assert done.code == 1 and "longer than its timeout" in done.err
    assert "x *****" in project.latest["start"].task.stdout
    project.no_process_left()
    project.nothing_half_written()


# project and exit hooks

HOOKS_PY = """
def told(run):
    import os
    open("told.txt", "a").write(f"{run.id} {run.successful} {current.run_id} {current.branch_name} {os.getpid()}\\n")
    print("told on standard output")

def failing():
    print("about to fail")
    raise RuntimeError("no hook")
"""
HOOKS_R = """
told <- function(run) {
  line <- paste(run$id, if (run$successful) "True" else "False", current("run_id"), current("branch_name"), Sys.getpid())
  cat(line, "\\n", file = "told.txt", append = TRUE)
  cat("told on standard output\\n")
}
failing <- function() {
  cat("about to fail\\n")
  stop("no hook")
}
"""
NAMES = ("project_name", "branch_name", "project_flow_name", "is_user_branch", "is_production")
PROJECT = FlowText(
    "ProjectFlow",
    (
        Step("start", next="show"),
        Step(
            "show",
            f"self.found = [getattr(current, name) for name in {NAMES!r}]\nif self.fail: raise ValueError('asked to')",
            f"self$found <- lapply(c{NAMES!r}, current)\nif (self$fail) stop('asked to')",
            next="end",
        ),
        Step("end"),
    ),
    py="fail = Parameter('fail', default=False)",
    r='parameter("fail", default = FALSE)',
    top_py=HOOKS_PY,
    top_r=HOOKS_R,
    with_={
        "project": {"name": "fraud"},
        "exit_hook": {"on_success": ["told", "failing"], "on_error": ["failing", "told"]},
    },
)


def told(project):
    return [line.split() for line in (project.folder / "told.txt").read_text().splitlines()]


def test_a_project_and_its_hooks(project, form):
    project.write(**PROJECT.files(form))
    done = project.call("run", "--branch", "try-1")
    assert done.code == 0, done.text
    run = project.latest
    assert plain(run.data.found) == ["fraud", "test.try-1", "fraud.test.try-1.ProjectFlow", False, False]
    assert {"project:fraud", "project_branch:test.try-1"} <= set(run.system_tags)
    ((id, successful, current_id, branch, _),) = told(project)
    assert (id, successful, current_id, branch) == (run.id, "True", run.id, "test.try-1")
    assert "told on standard output" in done.out and "about to fail" in done.out
    assert "no hook" in done.err
    assert "Exit hook failing failed (exit code 1). The run is not affected: it ended as success." in done.err
    assert done.out.rstrip().endswith("Done!")

    failed = project.call("--production", "run", "--fail", "True", PYFLOW_BRANCH="b")
    assert failed.code == 1
    assert told(project)[1][1:4:2] == ["False", "prod.b"]
    assert failed.err.index("Exit hook failing failed") < failed.err.index("Workflow failed.")
    assert project.latest.status == "failed"
    assert plain(project.run(PYFLOW_PRODUCTION="1").data.found)[1::3] == ["prod", True]
    assert plain(project.run().data.found)[1::2] == ["user.ann", True]
    bad = project.call("run", "--branch", "a b")
    assert bad.code == 2 and "--branch takes a name, not 'a b'" in bad.err
    project.no_process_left()


def test_a_flow_without_a_project_has_no_branch(project):
    project.write(**FlowText("PlainFlow", (Step("start", next="end"), Step("end"))).files("python"))
    done = project.call("run", "--branch", "x")
    assert done.code == 2 and "No such option" in done.err


def test_a_hook_that_is_not_there_is_found_before_the_run(project, form):
    flow = FlowText(
        "NoHookFlow",
        (Step("start", next="end"), Step("end")),
        other=frozenset(),
        with_={"exit_hook": {"on_error": ["tell"]}},
    )
    project.write(**flow.files(form))
    done = project.call("run")
    assert done.code == 1
    assert "no function" in done.err and "tell" in done.err
    assert project.statuses() == []


# --with

FLAKY = FlowText(
    "FlakyFlow",
    (
        Step("start", next="flaky"),
        Step(
            "flaky",
            "self.n = count('flaky.txt')\nif self.n < 2: raise ValueError('not yet')",
            "self$n <- count('flaky.txt')\nif (self$n < 2) stop('not yet')",
            next="never",
        ),
        Step(
            "never",
            "self.m = count('never.txt')\nif self.stop: raise ValueError('never')",
            "self$m <- count('never.txt')\nif (self$stop) stop('never')",
            next="end",
            with_={"retry": {"times": 0}},
        ),
        Step("end"),
    ),
    py="stop = Parameter('stop', default=False)",
    r='parameter("stop", default = FALSE)',
    top_py=COUNT_PY,
    top_r=COUNT_R,
)


def test_with_puts_a_decorator_on_every_step_that_has_none(project, form):
    project.write(**FLAKY.files(form))
    assert project.call("run").code == 1
    (project.folder / "flaky.txt").unlink()
    assert plain(project.run("--with", "retry:times=1,minutes_between_retries=0").data.n) == 2
    (project.folder / "flaky.txt").unlink()
    done = project.call("--with=retry:minutes_between_retries=0", "run", "--stop", "True")
    assert done.code == 1
    assert (project.folder / "flaky.txt").read_text() == "xx", "the flaky step was tried again"
    assert (project.folder / "never.txt").read_text() == "xx", "once in each run: what the file says wins"
    (project.folder / "flaky.txt").unlink()
    default = {"PYFLOW_DEFAULT_DECORATORS": "timeout:minutes=5 retry:times=2,minutes_between_retries=0"}
    assert plain(project.run(**default).data.n) == 2
    shown = project.call("show", "--with", "retry:times=3").out
    assert shown.count("@retry(times=3)") == 3 and "@retry(times=0" in shown


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        ("rety", 1, "there is no step decorator 'rety'.\nDid you mean 'retry'?"),
        ("retry:timez=1", 1, "has an unknown argument, 'timez'.\nDid you mean 'times'?"),
        ("retry:times=9", 1, "The maximum number of retries is 4"),
        ("timeout", 1, "has a timeout of 0 seconds"),
        ("retry:times", 2, "'times' is no argument with a value"),
    ],
)
def test_what_is_wrong_with_with_is_told_before_the_run(project, given, code, message):
    project.write(**FLAKY.files("python"))
    done = project.call("run", "--with", given)
    assert (done.code, message in done.err) == (code, True), done.text
    assert project.statuses() == []


# Parameters

CHOICES = FlowText(
    "ChoicesFlow",
    (
        Step("start", next="show"),
        Step(
            "show",
            "self.found = [self.mode, list(self.many), self.verbose, self.alpha]",
            "self$found <- list(self$mode, self$many, self$verbose, self$alpha)",
            next="end",
        ),
        Step("end"),
    ),
    py="""
    mode = Parameter("mode", choices=["fast", "slow"], default="fast")
    many = Parameter("many", default=[1, 2], multiple=True)
    verbose = Parameter("verbose", is_flag=True)
    alpha = Parameter("alpha", default=lambda context: 0.25)
    """,
    r="""
    parameter("mode", choices = c("fast", "slow"), default = "fast")
    parameter("many", default = c(1L, 2L), multiple = TRUE)
    parameter("verbose", is_flag = TRUE)
    parameter("alpha", default = \\() 0.25)
    """,
)


def found(run):
    mode, many, verbose, alpha = run.data.found
    return [mode, plain(many), verbose, alpha]


def test_choices_repeated_options_flags_and_variables(project, form):
    project.write(**CHOICES.files(form))
    assert found(project.run()) == ["fast", [1, 2], False, 0.25]
    assert found(project.run("--mode", "slow", "--many", "3", "--many=4", "--verbose")) == ["slow", [3, 4], True, 0.25]
    variables = {
        "PYFLOW_RUN_MODE": "slow",
        "PYFLOW_RUN_VERBOSE": "yes",
        "PYFLOW_RUN_MANY": "7 8",
        "PYFLOW_RUN_ALPHA": "2",
    }
    assert found(project.run(**variables)) == ["slow", [7, 8], True, 2.0]
    assert found(project.run("--mode=fast", "--verbose=False", **variables)) == ["fast", [7, 8], False, 2.0]
    for arguments, environment, message in (
        (["--mode", "fats"], {}, "--mode takes one of fast, slow, not 'fats'\nDid you mean 'fast'?"),
        (["--many", "x"], {}, "--many takes a whole number, not 'x'"),
        ([], {"PYFLOW_RUN_MODE": "other"}, "PYFLOW_RUN_MODE takes one of fast, slow, not 'other'"),
        ([], {"PYFLOW_RUN_MAX_WORKERS": "none"}, "PYFLOW_RUN_MAX_WORKERS"),
    ):
        done = project.call("run", *arguments, **environment)
        assert (done.code, message in done.err) == (2, True), done.text
    shown = project.call("run", "--help").out
    for text in (
        "--mode [fast|slow]",
        "PYFLOW_RUN_MODE",
        "PYFLOW_RUN_MAX_WORKERS",
        "PYFLOW_DEFAULT_DECORATORS",
        "default: 0.25",
    ):
        assert text in shown


def test_choices_may_be_written_in_any_case(project, form):
    flow = FlowText(
        "CaseFlow",
        (Step("start", next="end"), Step("end", "self.seen = self.mode", "self$seen <- self$mode")),
        py='mode = Parameter("mode", type=Choice(["Fast", "slow"], case_sensitive=False), default="fast")',
        r='parameter("mode", choices = c("Fast", "slow"), ignore_case = TRUE, default = "fast")',
        top_py="from click import Choice",
    )
    project.write(**flow.files(form))
    assert [project.run(*words).data.seen for words in ((), ("--mode", "SLOW"))] == ["Fast", "slow"]
    assert "takes one of Fast, slow, not 'x'" in project.call("run", "--mode", "x").err


def test_options_of_run_come_from_the_environment(project):
    project.write(**CHOICES.files("python"))
    file = project.folder / "id.txt"
    run = project.run(PYFLOW_RUN_TAG="nightly", PYFLOW_RUN_RUN_ID_FILE=str(file))
    assert "nightly" in run.user_tags and file.read_text() == run.id


# Ends that are not retried, and waits


def ending(name, py, r):
    step = Step(name, f"count('{name}.txt')\n{py}", f"count('{name}.txt')\n{r}", next="join",
                with_={"retry": {"times": 1, "minutes_between_retries": 0}, "catch": {"var": "failed"}})  # fmt: skip
    return step


STATUS = FlowText(
    "StatusFlow",
    (
        Step("start", next=("never", "again", "gone")),
        ending("never", "import sys\nsys.exit(202)", "quit('no', 202)"),
        ending("again", "import sys\nsys.exit(203)", "quit('no', 203)"),
        ending("gone", "import os\nos._exit(202)", "quit('no', 202)"),
        Step(
            "join",
            "self.codes = [item.failed['code'] for item in inputs]",
            "self$codes <- vapply(gather_inputs(inputs, 'failed'), \\(x) x$code, '', USE.NAMES = FALSE)",
            next="end",
            join=True,
        ),
        Step("end"),
    ),
    other=frozenset({"never", "again", "gone"}),
    top_py=COUNT_PY,
    top_r=COUNT_R,
)


def test_exit_status_202_is_not_retried(project, form):
    project.write(**STATUS.files(form))
    done = project.call("run")
    assert done.code == 0, done.text
    tries = {name: (project.folder / f"{name}.txt").read_text() for name in ("never", "again", "gone")}
    assert tries == {"never": "x", "again": "xx", "gone": "x"}
    assert plain(project.latest.data.codes)[:2] == ["step_exit", "step_exit"]


def test_the_wait_of_a_retry_is_kept_or_left_out(project):
    flow = FlowText(
        "WaitFlow",
        (
            Step("start", "if count('n.txt') % 2: raise ValueError('not yet')", next="end",
                 with_={"retry": {"times": 1, "minutes_between_retries": 0.03}}),
            Step("end"),
        ),
        top_py=COUNT_PY,
    )  # fmt: skip
    project.write(**flow.files("python"))

    def seconds(run):
        first, second = run["start"].task.attempts
        return (second.started_at - first.finished_at).total_seconds()

    began = time.monotonic()
    assert 1.7 < seconds(project.run()) < 10
    assert time.monotonic() - began > 1.7
    assert seconds(project.run("--no-retry-wait")) < 1.5


# Code that stays in C

STUCK = FlowText(
    "StuckFlow",
    (
        Step("start", next="stuck"),
        Step(
            "stuck",
            "self.n = count('stuck.txt')\nimport ctypes\nctypes.PyDLL(None).usleep(2_000_000_000)",
            "self$n <- count('stuck.txt')\ndist(matrix(0, 6000, 3000))",
            next="end",
            with_={
                "timeout": {"seconds": 0.5},
                "retry": {"times": 1, "minutes_between_retries": 0},
                "catch": {"var": "failed"},
            },
        ),
        Step("end"),
    ),
    top_py=COUNT_PY,
    top_r=COUNT_R,
)


def test_code_that_stays_in_c_is_ended_retried_and_caught(project, form):
    project.write(**STUCK.files(form))
    run = project.run()
    assert (run.data.failed["type"], run.data.failed["code"]) == ("TimeoutException", "step_timeout")
    assert "took longer than its timeout of 0.5 s" in run.data.failed["exception"]
    assert (project.folder / "stuck.txt").read_text() == "xx"
    project.no_process_left()


def test_catch_can_keep_the_error_from_being_printed(project, form):
    def caught(name, shown):
        with_ = {"catch": {"var": name, "print_exception": shown}}
        return Step(
            name + "_step", f"raise ValueError('{name} text')", f"stop('{name} text')", next="join", with_=with_
        )

    flow = FlowText(
        "QuietFlow",
        (
            Step("start", next=("loud_step", "quiet_step")),
            caught("loud", True),
            caught("quiet", False),
            Step("join", "self.quiet = inputs.quiet_step.quiet", "self$quiet <- inputs$quiet_step$quiet", next="end", join=True),
            Step("end"),
        ),
        other=frozenset({"loud_step", "quiet_step"}),
    )  # fmt: skip
    project.write(**flow.files(form))
    run = project.run()
    assert "loud text" in run["loud_step"].task.stderr
    assert "quiet text" not in run["quiet_step"].task.stderr
    assert "quiet text" in run.data.quiet["exception"]
