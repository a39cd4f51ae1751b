"""`pyflow doctor` and `pyflow completion`, as users call them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def pyflow(project, *args, **environment):
    command = [sys.executable, "-m", "pyflow", *args]
    return subprocess.run(
        command, cwd=project.folder, env=project.environment | environment, capture_output=True, text=True
    )


def test_the_doctor_finds_everything_here(rlib, project):
    ended = pyflow(project, "doctor", "--json")
    found = {check["name"]: check for check in json.loads(ended.stdout)}
    assert ended.returncode == 0, ended.stdout
    assert sys.executable in found["python"]["found"]
    assert found["r: rflow"]["state"] == found["python: pyarrow"]["state"] == "ok"
    assert "none yet" in found["store"]["found"]
    shown = pyflow(project, "doctor").stdout
    assert all(name in shown for name in found)


@pytest.mark.parametrize(
    ("file", "text", "environment", "name", "fix"),
    [
        (None, "", {"PYFLOW_RSCRIPT": "no-such-r"}, "r", "Install R"),
        ("pyflow.toml", "rot = 'x'", {}, "settings", "Did you mean 'root'?"),
        (
            "empty/rscript",
            "#!/bin/sh\necho broken >&2\nexit 3\n",
            {"PYFLOW_RSCRIPT": "empty/rscript"},
            "r",
            "Reinstall R",
        ),
    ],
)
def test_what_is_missing_is_told_with_what_mends_it(project, file, text, environment, name, fix):
    if file is not None:
        path = project.folder / file
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
    ended = pyflow(project, "doctor", "--json", **environment)
    (check,) = [check for check in json.loads(ended.stdout) if check["name"] == name]
    assert ended.returncode == 1
    assert check["state"] == "missing" and fix in check["fix"], check
    shown = pyflow(project, "doctor", **environment).stdout
    assert "MISSING" in shown and fix in shown


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_gives_a_script_for_the_shell(project, shell):
    if shell == "bash" and not shutil.which("bash"):
        pytest.skip("bash is not installed")
    ended = pyflow(project, "completion", shell)
    assert ended.returncode == 0 and "_PYFLOW_COMPLETE" in ended.stdout, ended.stderr


def test_bash_completes_commands_and_options(project):
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("bash is not installed")
    program = Path(sys.executable).parent / "pyflow"
    if not program.exists():
        pytest.skip("the program pyflow is not beside this Python")
    script = 'eval "$(pyflow completion bash)"; COMP_WORDS=(pyflow con); COMP_CWORD=1; _pyflow_completion pyflow; echo "${COMPREPLY[@]}"'
    path = f"{program.parent}:{project.environment['PATH']}"
    ended = subprocess.run(
        [bash, "-c", script],
        cwd=project.folder,
        env=project.environment | {"PATH": path},
        capture_output=True,
        text=True,
    )
    assert ended.stdout.split() == ["configure"], ended.stderr
