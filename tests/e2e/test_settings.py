"""Settings in files, used by runs of both languages; `pyflow configure`."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.e2e.forms import FlowText, Step

FLOW = FlowText(
    "SettingsFlow",
    (
        Step("start", "self.items = list(range(4))", "self$items <- 0:3", next="work", foreach="items"),
        Step("work", "", "", next="join"),
        Step("join", "", "", next="end", join=True),
        Step("end"),
    ),
)


@pytest.fixture(params=["python", "r"])
def form(request):
    return request.param


def configure(project, *args):
    command = [sys.executable, "-m", "pyflow", "configure", *args]
    return subprocess.run(command, cwd=project.folder, env=project.environment, capture_output=True, text=True)


def test_a_project_file_gives_the_defaults_of_a_run(project, form, call_flow):
    project.write(**FLOW.files(form))
    (project.folder / "pyflow.toml").write_text(
        'root = "elsewhere"\nuser = "zoe"\n[run]\ntag = ["from-file"]\nmax_num_splits = 3\n'
    )
    ended = project.call("run")
    assert ended.code == 1 and "--max-num-splits" in ended.text, ended.text
    ended = project.call("run", "--max-num-splits", "4", "--tag", "typed")
    assert ended.code == 0, ended.text
    found = project.call("diff", json.loads(json.dumps(_run_id(ended.text))), "--json")
    assert found.code == 0, found.text
    assert (project.folder / "elsewhere" / "format.json").exists() and not (project.folder / ".pyflow").exists()


def _run_id(text):
    return text.partition("run-id ")[2].partition(",")[0].strip(")")


def test_configure_shows_where_a_setting_comes_from(project, tmp_path):
    project.environment["PYFLOW_CONFIG_HOME"] = str(tmp_path / "home")
    assert configure(project, "set", "--project", "run.max_workers", "3").returncode == 0
    assert configure(project, "set", "branch", "zoe").returncode == 0
    rows = {row["name"]: row for row in json.loads(configure(project, "show", "--json").stdout)}
    assert rows["run.max_workers"]["value"] == "3"
    assert rows["run.max_workers"]["origin"] == str(project.folder / "pyflow.toml")
    assert rows["branch"]["origin"] == str(tmp_path / "home" / "config.toml")
    wrong = configure(project, "set", "usr", "zoe")
    assert wrong.returncode == 1 and "Did you mean 'user'?" in wrong.stderr


def test_configure_carries_settings_to_another_machine(project, tmp_path):
    project.environment["PYFLOW_CONFIG_HOME"] = str(tmp_path / "home")
    configure(project, "set", "user", "zoe", "--profile", "work")
    assert configure(project, "export", "mine.toml").returncode == 0
    project.environment["PYFLOW_CONFIG_HOME"] = str(tmp_path / "other")
    assert configure(project, "import", "mine.toml").returncode == 0
    assert configure(project, "import", "mine.toml").returncode == 1
    assert "zoe" in (tmp_path / "other" / "config.toml").read_text()
    assert configure(project, "reset").returncode == 0
    assert not (tmp_path / "other" / "config.toml").exists()
