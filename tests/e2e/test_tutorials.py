"""The tutorial, pulled and run as its README says, in both languages."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import pyflow
from pyflow.cli.tutorials import episodes

FOLDER = Path(pyflow.__file__).parent / "tutorials"
SAYS = {
    "01-hello": {"python": ["hello Ada!"], "r": ["hello Ada!"]},
    "02-playlist": {"python": ["1. Titanic", "Bonus: Avatar"], "r": ["1. Titanic", "Bonus: Avatar"]},
    "03-statistics": {"python": [r"Animation +400\.7 +", "Drama"], "r": ["Animation 400.7366", "The Lion King"]},
    "04-reuse": {"python": ["Action, from StatisticsFlow/"], "r": ["Action from StatisticsFlow/"]},
}
ARGUMENTS = {"01-hello": ["--name", "Ada"], "02-playlist": ["--genre", "Drama"]}


def tutorials(project, *args):
    command = [sys.executable, "-m", "pyflow", "tutorials", *args]
    return subprocess.run(command, cwd=project.folder, env=project.environment, capture_output=True, text=True)


@pytest.mark.parametrize("language", ["python", "r"])
def test_every_episode_runs_and_says_what_it_should(project, rlib, language):
    assert tutorials(project, "pull", "--dir", ".").returncode == 0
    assert set(episodes()) == set(SAYS)
    for episode in episodes():
        program = [sys.executable, "flow.py"] if language == "python" else ["Rscript", "flow.R"]
        done = subprocess.run(
            [*program, "run", *ARGUMENTS.get(episode, [])],
            cwd=project.folder / episode, env=project.environment, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        for text in SAYS[episode][language]:
            assert re.search(text, done.stdout), done.stdout


def test_episodes_are_listed_told_about_and_never_overwritten(project):
    listed = tutorials(project, "list").stdout
    assert [line.split()[0] for line in listed.splitlines()] == episodes()
    assert "foreach" in tutorials(project, "info", "3").stdout
    assert tutorials(project, "info", "hello").stdout == tutorials(project, "info", "01-hello").stdout
    wrong = tutorials(project, "info", "9")
    assert wrong.returncode == 1 and "01-hello" in wrong.stderr
    assert tutorials(project, "pull", "--episode", "hello", "--dir", "mine").returncode == 0
    again = tutorials(project, "pull", "--episode", "hello", "--dir", "mine")
    assert again.returncode == 1 and "is there already" in again.stderr


def test_the_data_of_two_episodes_are_the_same():
    assert (FOLDER / "02-playlist/movies.csv").read_bytes() == (FOLDER / "03-statistics/movies.csv").read_bytes()
