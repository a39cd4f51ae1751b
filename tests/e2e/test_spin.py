"""A task of an earlier run is run again: on its inputs, with changed code, in the foreground with a debugger."""

from __future__ import annotations

import json
import os
import signal
import time
from dataclasses import replace

import pytest

from tests.e2e.forms import FlowText, Step
from tests.e2e.terminal import Terminal

SPLIT = FlowText(
    "SpinFlow",
    (
        Step(
            "start",
            'self.items = ["a", "b", "c"]\nself.base = 10',
            'self$items <- c("a", "b", "c")\nself$base <- 10',
            next="work",
            foreach="items",
        ),
        Step(
            "work",
            "self.got = self.input * 2\nself.number = self.base + self.index",
            "self$got <- paste0(self$input, self$input)\nself$number <- self$base + self$index",
            next="join",
        ),
        Step(
            "join",
            "self.all = [i.got for i in inputs]\nself.total = sum(i.number for i in inputs)",
            'self$all <- unlist(gather_inputs(inputs, "got"))\nself$total <- sum(unlist(gather_inputs(inputs, "number")))',
            next="end",
            join=True,
        ),
        Step("end", "print('total', self.total)", "cat('total', self$total, '\\n')"),
    ),
    py='bonus = Parameter("bonus", default=1)',
    r='parameter("bonus", default = 1L)',
)


def changed(project, **replacements: str) -> None:
    """Replace texts in every file of the project."""
    for path in [*project.folder.glob("*.py"), *project.folder.glob("*.R")]:
        text = path.read_text()
        for old, new in replacements.items():
            text = text.replace(old, new)
        path.write_text(text)


def dumped(project, pathspec: str, name: str) -> str:
    """The preview of an artifact of the last spin."""
    done = project.call("dump", pathspec, "--json", PYFLOW_ROOT=str(project.root / "spin"))
    assert done.code == 0, done.text
    (items,) = done.json.values()
    return next(item["preview"] for item in items if item["name"] == name)


def spin(project, *args: str) -> str:
    """Spin, which must succeed; gives the run's id."""
    done = project.call("spin", *args, "--run-id-file", "id.txt")
    assert done.code == 0, done.text
    return (project.folder / "id.txt").read_text()


def test_a_task_runs_again_on_its_inputs(project, form, run_flow):
    run = run_flow(SPLIT)
    task = run["work"].tasks()[2]
    id = spin(project, f"{run.id}/work/{task.id}")
    pathspec = f"{id}/work/{task.id}"
    assert dumped(project, pathspec, "got") == "cc"
    assert dumped(project, pathspec, "number") in ("12", "12.0")
    assert project.latest.id == run.id
    assert task.data.got == "cc"


def test_a_step_name_is_the_first_task_of_the_newest_run(project, form, run_flow):
    first = run_flow(SPLIT)
    changed(project, **{"= 10": "= 20", "<- 10": "<- 20"})
    second = project.run()
    done = project.call("spin", "work")
    assert done.code == 0, done.text
    assert f"SpinFlow/{second.id}/work/{second['work'].task.id}" in done.text
    assert first.id not in done.text
    assert "20" in next(line for line in done.out.splitlines() if line.split()[0] == "number")


def test_changed_code_is_used_and_a_join_works(project, form, run_flow):
    run = run_flow(SPLIT)
    changed(
        project, **{"self.total = sum(": "self.total = 1000 + sum(", "self$total <- sum(": "self$total <- 1000 + sum("}
    )
    id = spin(project, "join")
    assert float(dumped(project, f"{id}/join/{run['join'].task.id}", "total")) == 1033
    assert run.data.total == 33


def test_tasks_of_a_resumed_run_run_again(project, form, call_flow):
    """Those that were taken over, and those that it ran itself; and a resume goes on from the run, not from the spin."""
    bad = 'raise ValueError("not yet")', "stop('not yet')"
    good = "self.total = sum(i.number for i in inputs)", SPLIT.steps[2].r.splitlines()[1]
    join = replace(
        SPLIT.steps[2], py=SPLIT.steps[2].py.replace(good[0], bad[0]), r=SPLIT.steps[2].r.replace(good[1], bad[1])
    )
    assert call_flow(replace(SPLIT, steps=(*SPLIT.steps[:2], join, SPLIT.steps[3]))).code == 1
    failed = project.latest
    changed(project, **dict(zip(bad, good, strict=True)))
    assert project.call("resume").code == 0
    resumed = project.latest
    assert resumed.origin == failed.id and resumed.successful
    work = resumed["work"].tasks()[1]
    assert work.origin_pathspec is not None
    id = spin(project, f"{resumed.id}/work/{work.id}")
    assert dumped(project, f"{id}/work/{work.id}", "number") in ("11", "11.0")
    changed(project, **{"total = sum(": "total = 1000 + sum(", "total <- sum(": "total <- 1000 + sum("})
    id = spin(project, "join", "--persist")
    assert float(resumed["join"].task.data.total) == 33
    assert float(project.flow[id]["join"].task.data.total) == 1033
    assert project.call("resume", "join").code == 0
    assert project.latest.origin == resumed.id and float(project.latest.data.total) == 1033
    assert project.call("resume", "--origin-run-id", id).code == 1


def test_persist_keeps_a_run_that_is_not_the_latest(project, form, run_flow):
    run = run_flow(SPLIT)
    id = spin(project, "join", "--persist")
    flow = project.flow
    assert flow.latest_run.id == flow.latest_successful_run.id == run.id
    assert [item.id for item in flow.runs()] == [run.id]
    assert [item.id for item in flow.runs(spins=True)] == [id, run.id]
    spun = flow[id]
    task = spun["join"].task
    assert spun.spin == f"{run.id}/join/{task.id}"
    assert spun.successful and spun.code is not None
    assert task.data.total == 33 and task.data.bonus == 1
    again = spin(project, f"{id}/join")
    assert dumped(project, f"{again}/join/{task.id}", "total") in ("33", "33.0")


def test_other_inputs_come_from_a_file(project, form, run_flow):
    run = run_flow(SPLIT)
    project.write(
        inputs_py='ARTIFACTS = {"base": 500, "items": ["x", "y", "z"]}\n',
        inputs_R='list(base = 500, items = c("x", "y", "z"))\n',
    )
    work = run["work"].tasks()[1]
    files = ["inputs.py"] if form == "python" else ["inputs.py", "inputs.R"]
    for file in files:
        id = spin(project, f"{run.id}/work/{work.id}", "--artifacts-module", file)
        assert dumped(project, f"{id}/work/{work.id}", "got") == "yy"
        assert float(dumped(project, f"{id}/work/{work.id}", "number")) == 501


def test_a_failing_task_fails_again_with_the_users_traceback(project, form, call_flow):
    flow = FlowText(
        "FailFlow",
        (
            Step("start", "self.x = 0", "self$x <- 0", next="end"),
            Step(
                "end",
                'raise ValueError("no good")',
                'stop("no good")',
                with_={"retry": {"times": 1, "minutes_between_retries": 0}},
            ),
        ),
    )
    assert call_flow(flow).code == 1
    done = project.call("spin", "end")
    assert done.code == 1
    assert "no good" in done.err
    changed(
        project, **{'raise ValueError("no good")': "self.y = self.x + 1", 'stop("no good")': "self$y <- self$x + 1"}
    )
    assert spin(project, "end")


def test_decorators_apply_unless_they_are_skipped(project, form, call_flow):
    flow = FlowText(
        "DecoratedFlow",
        (
            Step("start", next="end"),
            Step(
                "end",
                "import os\nprint('V is', os.environ.get('V'))\nraise ValueError('oh')",
                "cat('V is', Sys.getenv('V'), '\\n')\nstop('oh')",
                with_={
                    "catch": {"var": "failed"},
                    "retry": {"times": 1, "minutes_between_retries": 0},
                    "environment": {"vars": {"V": "set"}},
                },
            ),
        ),
    )
    assert call_flow(flow).code == 0
    # But retry and catch, which hide the error that somebody looks for.
    done = project.call("spin", "end")
    assert done.code == 1 and done.out.count("V is set") == 1, done.text
    assert "oh" in done.err and "failed" not in done.out
    done = project.call("spin", "end", "--skip-decorators")
    assert done.code == 1 and "V is set" not in done.out, done.text


def test_what_cannot_be_repeated_says_why(project, rlib):
    project.write(**SPLIT.files("python"))
    done = project.call("spin", "work")
    assert done.code == 1 and "no run" in done.err
    run = project.run()
    assert "Did you mean 'work'?" in project.call("spin", "wrok").err
    assert "no task work/99" in project.call("spin", f"{run.id}/work/99").err
    changed(project, work="labour")
    done = project.call("spin", f"{run.id}/work")
    assert done.code == 1 and "has no step 'work' now" in done.err


@pytest.fixture
def terminal(project):
    opened = []

    def open_terminal(*args: str) -> Terminal:
        opened.append(Terminal(project.command(*args), cwd=project.folder, environment=project.environment))
        return opened[-1]

    yield open_terminal
    for item in opened:
        item.close()


BREAK = FlowText(
    "BreakFlow",
    (
        Step("start", "self.x = 41", "self$x <- 41", next="middle"),
        Step(
            "middle",
            "self.y = 1\n# here\nself.z = self.x + self.y",
            "self$y <- 1\n# here\nself$z <- self$x + self$y",
            next="end",
        ),
        Step("end"),
    ),
)


def language(form: str) -> str:
    return BREAK.language("middle", form)


def test_a_debugger_stops_in_the_step(project, form, run_flow, terminal):
    run = run_flow(BREAK)
    changed(project, **{"# here": "breakpoint()" if language(form) == "python" else "browser()"})
    person = terminal("spin", "middle")
    if language(form) == "python":
        person.expect("(Pdb) ")
        person.type("self.x + 1")
        person.expect("42")
        person.expect("(Pdb) ")
        person.type("self.y = 100")
        person.expect("(Pdb) ")
        person.type("c")
    else:
        person.expect("Browse[1]> ")
        person.type("self$x + 1")
        person.expect("[1] 42")
        person.expect("Browse[1]> ")
        person.type("self$y <- 100")
        person.expect("Browse[1]> ")
        person.type("c")
    person.expect("141")
    assert person.end() == 0
    assert run["middle"].task.data.z == 42


def test_leaving_the_debugger_ends_the_spin(project, form, run_flow, terminal):
    run_flow(BREAK)
    changed(project, **{"# here": "breakpoint()" if language(form) == "python" else "browser()"})
    person = terminal("spin", "middle")
    person.expect("(Pdb) " if language(form) == "python" else "Browse[1]> ")
    person.type("q" if language(form) == "python" else "Q")
    assert person.end() == 1
    assert "Step failure" in person.text
    project.no_process_left()


def test_ctrl_c_ends_the_step(project, form, run_flow, terminal):
    run_flow(BREAK)
    changed(
        project,
        **{
            "# here": "print('waiting', flush=True); __import__('time').sleep(60)"
            if language(form) == "python"
            else "cat('waiting\\n'); Sys.sleep(60)"
        },
    )
    person = terminal("spin", "middle")
    person.expect("waiting")
    person.press(b"\x03")
    assert person.end() == 130
    project.no_process_left()


@pytest.fixture
def r_session(project, rlib):
    """R at a terminal, in the project's folder."""
    person = Terminal(("R", "--quiet", "--no-save"), cwd=project.folder, environment=project.environment)
    person.expect("> ")
    person.type("library(rflow)")
    person.expect("> ")
    yield person
    person.close()


def python_step_that(project, text: str):
    """A finished run of a flow in Python whose step `middle` has this line now."""
    project.write(**BREAK.files("python"))
    project.run()
    changed(project, **{"# here": text})


def test_a_python_step_has_the_terminal_of_an_r_session(project, r_session):
    python_step_that(project, "breakpoint()")
    r_session.type('self <- spin("BreakFlow/middle")')
    r_session.expect("(Pdb) ")
    r_session.type("self.x + 1")
    r_session.expect("42")
    r_session.expect("(Pdb) ")
    r_session.type("while True: pass")
    time.sleep(0.5)
    r_session.press(b"\x03")
    r_session.expect("KeyboardInterrupt")
    r_session.expect("(Pdb) ")
    r_session.type("self.y = 100")
    r_session.expect("(Pdb) ")
    r_session.type("c")
    r_session.expect("> ")
    r_session.type("cat('z is', self$z, '\\n')")
    r_session.expect("z is 141 ")
    r_session.type("q()")
    assert r_session.end() == 0
    project.no_process_left()


def test_browser_stops_in_an_r_session(project, r_session):
    project.write(**BREAK.files("r"))
    project.run()
    changed(project, **{"# here": "browser()"})
    r_session.type('self <- spin("BreakFlow/middle")')
    r_session.expect("Browse[1]> ")
    r_session.type("self$y <- 100")
    r_session.expect("Browse[1]> ")
    r_session.type("c")
    r_session.expect("> ")
    r_session.type("cat('z is', self$z, '\\n')")
    r_session.expect("z is 141 ")


def test_ctrl_c_ends_a_python_step_and_leaves_the_r_session(project, r_session):
    python_step_that(project, "print('waiting', flush=True); __import__('time').sleep(60)")
    for _ in range(2):
        r_session.type('self <- spin("BreakFlow/middle")')
        r_session.expect("waiting")
        r_session.press(b"\x03")
        r_session.expect("KeyboardInterrupt")
        r_session.expect("> ")
    r_session.type("Sys.sleep(60)")
    time.sleep(0.5)
    r_session.press(b"\x03")
    r_session.expect("> ")
    r_session.type("q()")
    assert r_session.end() == 0
    project.no_process_left()


def test_an_interrupt_of_r_alone_ends_a_python_step(project, rlib):
    """As the stop button of an editor sends it, which has no terminal."""
    python_step_that(project, "open('here', 'w').close(); __import__('time').sleep(60)")
    project.write(
        session_R="library(rflow)\n"
        "message <- tryCatch(spin('BreakFlow/middle'), error = conditionMessage)\n"
        "cat('it said:', message, 'and z is', spin('BreakFlow/end', run = FALSE)$z, '\\n')\n"
    )
    with project.started(file="session.R") as process:
        project.wait_for_files(process, "here")
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(30) == 0, project.output
    assert "KeyboardInterrupt" in project.output and "and z is 42" in project.output
    project.no_process_left()


def test_the_results_say_that_they_are_apart(project, rlib):
    project.write(**SPLIT.files("python"))
    project.run()
    done = project.call("spin", "end")
    assert "total 33" in done.out
    assert "PYFLOW_ROOT=.pyflow/spin python flow.py dump" in done.err
    marker = json.loads((project.root / "spin" / "format.json").read_text())
    assert marker["base"] == ".."


SESSION = """
import io, sys
import pyflow
{before}
self = pyflow.spin("SpinFlow/{step}"{options})
{after}
"""


def session(project, step: str, after: str, options: str = "", before: str = "") -> str:
    """What a session of Python prints that opens a task."""
    text = SESSION.format(step=step, after=after, options=options, before=before)
    project.write(session_py=text)
    done = project.in_python("session.py")
    assert done.code == 0, done.text
    return done.out


def test_a_session_gets_the_self_of_the_task(project, form, run_flow):
    run_flow(SPLIT)
    assert "aa 10 ['a', 'b', 'c']" in session(project, "work", "print(self.got, int(self.base), list(self.items))")
    given = ", artifacts={'items': ['x', 'y', 'z'], 'base': 5}"
    assert "xx 5" in session(project, "work", "print(self.got, int(self.base))", given)
    assert "['aa', 'bb', 'cc']" in session(project, "join", "print([i.got for i in self.inputs])", ", run=False")
    assert "33" in session(project, "join", "print(int(self.total))")


def test_a_session_sees_changed_code_and_the_steps_own_exception(project, form, run_flow):
    run_flow(SPLIT)
    changed(
        project,
        **{"print('total', self.total)": "raise KeyError('mine')", "cat('total', self$total, '\\n')": "stop('mine')"},
    )
    kind = "KeyError" if SPLIT.language("end", form) == "python" else "RunFailed"
    before = "try:\n    pyflow.spin('SpinFlow/end')\nexcept Exception as error:\n    print(type(error).__name__, 'mine' in str(error))"
    out = session(project, "join", "print(int(self.total))", before=before)
    assert f"{kind} True" in out and "33" in out


def test_r_prints_into_a_notebooks_cell(project, rlib):
    """There standard output is no descriptor."""
    flow = FlowText(
        "SpinFlow", (Step("start", next="end"), Step("end", r="cat('from R', 6 * 7, '\\n')")), other=frozenset(["end"])
    )
    project.write(**flow.files("python_with_r"))
    project.run()
    out = session(
        project,
        "end",
        "text = sys.stdout.getvalue(); sys.stdout = sys.__stdout__; print('cell:', text)",
        before="sys.stdout = io.StringIO()",
    )
    assert "cell: from R 42" in out
