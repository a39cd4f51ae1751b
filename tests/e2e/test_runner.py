"""`Runner`: flows that are run from a program, with values by keyword, side by side, to be watched and to be ended."""

from __future__ import annotations

import asyncio
import datetime
import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from pyflow import Runner
from pyflow.client import Run
from pyflow.interactive.runner import plain as as_json
from pyflow.spec.errors import DefinitionError, RunFailed, UsageError
from tests.e2e.forms import FlowText, Step

FLOW = FlowText(
    "RunnerFlow",
    (
        Step(
            "start",
            "import os\nprint('alpha is', self.alpha)\nself.result = 2 * self.alpha\nself.here = os.getcwd()\n"
            "self.seen = os.environ.get('RUNNER_TEST', '')",
            "cat('alpha is', self$alpha, '\\n')\nself$result <- 2 * self$alpha\nself$here <- getwd()\n"
            "self$seen <- Sys.getenv('RUNNER_TEST')",
            next="end",
        ),
        Step(
            "end",
            "if self.alpha > 9:\n    raise ValueError('too large')",
            "if (self$alpha > 9) stop('too large')",
        ),
    ),
    py='alpha = Parameter("alpha", default=1.0)\nnumber = Parameter("number", default=1)\n'
    'names = Parameter("names", default="a", separator=",")\noptions = Parameter("options", type=JSONType, default="{}")\n'
    'strict = Parameter("strict", default=False)',
    r='parameter("alpha", default = 1)\nparameter("number", default = 1L)\nparameter("names", default = "a", separator = ",")\n'
    'parameter("options", default = list())\nparameter("strict", default = FALSE)',
)
SLOW = FlowText(
    "SlowFlow",
    (
        Step(
            "start",
            "import pathlib, time\npathlib.Path('begun').touch()\nprint('begun', flush=True)\ntime.sleep(60)",
            "file.create('begun')\ncat('begun\\n')\nSys.sleep(60)",
            next="end",
        ),
        Step("end"),
    ),
)
BOTH = pytest.mark.parametrize("form", ["python", "r"])


@pytest.fixture
def make(project):
    """A Runner of the project's flow; what it starts carries the project's mark."""

    def make(flow: FlowText, form: str, **options) -> Runner:
        project.write(**flow.files(form))
        return make_again(**options)

    def make_again(env=None, **options) -> Runner:
        return Runner(
            project.folder / project.file,
            cwd=options.pop("cwd", project.folder),
            env=project.environment | (env or {}),
            **options,
        )

    make.again = make_again
    return make


@BOTH
def test_a_run_with_values_by_keyword(make, form, capsys, project):
    executing = make(FLOW, form).run(
        alpha=np.float64(1.5),
        number=3.0,
        names=["x y", "z"],
        options={"depth": [1, 2], "name": None},
        strict=True,
        tags=["nightly", "of ann"],
        max_workers=2,
        no_retry_wait=True,
        namespace=None,
    )
    assert (executing.status, executing.returncode) == ("successful", 0)
    run = executing.run
    assert isinstance(run, Run) and run.successful
    assert run.data.result == 3
    assert [run.parameters[name] for name in ("alpha", "number", "strict")] == [1.5, 3, True]
    assert run.parameters["names"] == ["x y", "z"]
    assert run.parameters["options"] == {"depth": [1, 2], "name": None}
    assert run.user_tags == {"nightly", "of ann"}
    assert "alpha is 1.5" in executing.stdout
    shown = capsys.readouterr()
    assert shown.out == executing.stdout
    assert shown.err == executing.stderr
    assert "'RunnerFlow/" in repr(executing) and "successful" in repr(executing)
    # What the run remembers is what somebody would type.
    command = run.row.info["command"]
    assert "--alpha=1.5" in command
    assert not [word for word in command if "arguments-file" in word or "attribute" in word]


@BOTH
def test_mistakes_are_told_before_anything_starts(make, form, project, capsys):
    runner = make(FLOW, form)
    mistakes = {
        "alhpa": (1, r"run takes no argument 'alhpa'\nDid you mean 'alpha'\?"),
        "max_worker": (1, "Did you mean 'max_workers'"),
        "alpha": ("much", r"--alpha takes a number, not 'much'"),
        "number": (True, r"--number takes a whole number, not 'true'"),
        "strict": ([1, 2], r"strict takes a single value, not \[1, 2\]"),
        "options": ("{", r"--options takes a JSON text, not '\{'"),
        "max_workers": (0, "0 is not in the range"),
        "no_retry_wait": ("yes", "no_retry_wait is True or False, not 'yes'"),
        "names": (object(), "names cannot be given an object of class object"),
    }
    for name, (value, message) in mistakes.items():
        with pytest.raises(UsageError, match=message):
            runner.run(**{name: value})
    with pytest.raises(UsageError, match="takes no argument 'quite'\nDid you mean 'quiet'"):
        make.again(quite=True).run()
    with pytest.raises(UsageError, match="--alpha cannot be given to resume"):
        runner.resume(alpha=1)
    assert not project.root.exists()
    assert capsys.readouterr() == ("", "")


@BOTH
def test_a_failed_run_is_resumed_and_a_task_repeated(make, form, project):
    runner = make(FLOW, form, show_output=False)
    failed = runner.run(alpha=10)
    assert (failed.status, failed.returncode) == ("failed", 1)
    assert "too large" in failed.stderr
    assert failed.run.exception.step == "end"
    flow = project.folder / project.file
    flow.write_text(flow.read_text().replace("> 9", "> 99"))
    resumed = runner.resume(origin_run_id=failed.run.id, tags="again")
    assert resumed.status == "successful"
    assert resumed.run.origin == failed.run.id
    assert resumed.run.data.result == 20
    assert runner.resume(step_to_rerun="start").run["start"].task.origin_pathspec is None
    flow.write_text(flow.read_text().replace("2 * self", "3 * self"))
    spun = runner.spin("start", persist=True)
    assert spun.status == "successful"
    assert spun.task.data.result == 30
    assert spun.task.pathspec.startswith(f"RunnerFlow/{spun._find().id}/start/")
    assert "ExecutingTask('RunnerFlow/" in repr(spun)
    with pytest.raises(RunFailed, match="has no task of step 'strat'"):
        runner.spin("strat")


def test_where_and_with_what_it_runs(make, project):
    other = project.folder / "elsewhere"
    other.mkdir()
    settings = project.folder / "home" / ".config" / "pyflow" / "config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text('[profiles.mine.run]\ntag = ["profiled"]\n')
    runner = make(FLOW, "python", cwd=other, env={"RUNNER_TEST": "seen"}, show_output=False, profile="mine")
    run = runner.run().run
    assert (run.data.here, run.data.seen, run.user_tags) == (str(other), "seen", {"profiled"})
    assert (other / ".pyflow").is_dir()


def test_a_run_of_another_namespace(make, project):
    runner = make(FLOW, "python", env={"PYFLOW_USER": "bob"}, show_output=False)
    assert runner.run().run.data.result == 2
    assert runner.run(namespace="production:x").run["start"].task.data.result == 2
    assert runner.spin("start").task.data.result == 2


@BOTH
def test_options_before_the_command(make, form, project):
    with_config = FlowText(
        "ConfigFlow",
        (
            Step("start", "self.result = self.config.depth", "self$result <- self$config$depth", next="end"),
            Step("end", "self.again = current.retry_count", "self$again <- current()$retry_count"),
        ),
        py='config = Config("config", default_value={"depth": 1})',
        r='config("config", default_value = list(depth = 1L))',
    )
    runner = make(
        with_config,
        form,
        config_value={"config": {"depth": 5}},
        decospecs=["retry:times=2"],
        quiet=True,
        show_output=False,
    )
    executing = runner.run()
    assert executing.run.data.result == 5
    assert executing.stdout == ""
    (project.folder / "config.json").write_text('{"depth": 7}')
    executing = make.again(config=[("config", "config.json")], show_output=False).run()
    assert executing.run.data.result == 7
    assert make.again(show_output=False).resume(origin_run_id=executing.run.id).run.data.result == 7
    with pytest.raises(UsageError, match="config takes a dict, or a list of pairs"):
        make.again(config=["config.json"])


def test_files_that_are_no_flow(project, tmp_path):
    with pytest.raises(DefinitionError, match=r"there is no file nowhere\.py\nIt was looked for from"):
        Runner("nowhere.py")
    (tmp_path / "notes.txt").touch()
    with pytest.raises(DefinitionError, match=r"It ends in \.py or \.R"):
        Runner(tmp_path / "notes.txt")
    project.write(flow_py="import nothing_of_that_name\n")
    with pytest.raises(RunFailed, match="No module named 'nothing_of_that_name'"):
        Runner(project.folder / "flow.py").run()
    project.write(flow_py="print('no flow here')\n")
    with pytest.raises(RunFailed, match="ended with exit code 0 before a run began"):
        Runner(project.folder / "flow.py").run()


@BOTH
def test_runs_side_by_side(make, form):
    async def main():
        async with make(FLOW, form) as runner:
            first, second = await asyncio.gather(runner.async_run(alpha=2), runner.async_run(alpha=10))
            assert first.status in ("running", "successful")
            lines = [item async for item in first.stream_log("stdout")]
            assert "".join(f"{item.line}\n" for item in lines) == first.stdout
            half = lines[len(lines) // 2].position
            rest = [line async for _, line in first.stream_log("stdout", half)]
            assert rest == [item.line for item in lines if item.position > half]
            assert await second.wait() is second
            assert [first.status, second.status] == ["successful", "failed"]
            assert [first.run.data.result, second.run.status] == [4, "failed"]
            resumed = await runner.async_resume(step="start", origin_run_id=first.run.id)
            await resumed.wait(stream="stdout")
            assert resumed.run.origin == first.run.id
            spun = await runner.async_spin(f"{first.run.id}/start")
            assert (await spun.wait(timeout=60)).status == "successful"
            assert spun.task.data.result == 4
            with pytest.raises(UsageError, match="no argument 'beta'"):
                await runner.async_run(beta=1)
            with pytest.raises(UsageError, match="there is no stream 'stdin'"):
                await first.wait(stream="stdin")

    asyncio.run(main())


@BOTH
def test_a_run_that_takes_too_long_is_ended(make, form, project):
    async def main():
        runner = make(SLOW, form)
        executing = await runner.async_run()
        assert executing.returncode is None
        async for _, line in executing.stream_log("stdout"):
            if line.endswith("begun"):
                break
        assert executing.status == "running"
        await executing.wait(timeout=0.2)
        assert executing.status == "timeout"
        assert executing.run.status == "interrupted"

    began = time.monotonic()
    asyncio.run(main())
    assert time.monotonic() - began < 30
    project.no_process_left()


def test_leaving_the_block_ends_what_runs(make, project):
    async def main():
        async with make(SLOW, "python") as runner:
            first = await runner.async_run()
        assert first.run.status == "interrupted"
        with await make.again().async_run() as second:
            assert second.run.status == "running"
        assert second.run.status == "interrupted"
        runner = make.again()
        third = await runner.async_run()
        runner.cleanup()
        assert third.run.status == "interrupted"

    asyncio.run(main())
    project.no_process_left()


def test_an_interrupt_of_the_session_ends_the_run(make, project):
    def interrupt() -> None:
        deadline = time.monotonic() + 30
        while not (project.folder / "begun").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, signal.SIGINT)  # where the system delivers it, too

    runner = make(SLOW, "python", show_output=False)
    thread = threading.Thread(target=interrupt)
    # A session in the background of a shell ignores the signal.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        thread.start()
        with pytest.raises(KeyboardInterrupt):
            runner.run()
    finally:
        signal.signal(signal.SIGINT, before)
    thread.join()
    assert project.latest.status == "interrupted"
    project.no_process_left()


def test_its_files_are_gone_with_it(make, tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    executing = make(FLOW, "python", show_output=False).run()
    assert [path.name.startswith("pyflow-runner-") for path in scratch.iterdir()] == [True]
    del executing
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Path("a/b.csv"), "a/b.csv"),
        (datetime.date(2024, 2, 29), "2024-02-29"),
        (np.int64(3), 3),
        (np.array([1.5, 2.0]), [1.5, 2.0]),
        ((1, {"x": {2}}), [1, {"x": [2]}]),
        (None, None),
    ],
)
def test_values_as_json_has_them(value, plain):
    found = as_json("name", value)
    assert found == plain
    assert type(found) is type(plain)


def test_the_working_directory_is_the_programs(project, monkeypatch):
    project.write(**FLOW.files("python"))
    monkeypatch.chdir(project.folder)
    assert Runner("flow.py", show_output=False, env=project.environment).run().run.data.here == os.getcwd()
