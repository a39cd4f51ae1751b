"""Every reading command has --json, and prints what shared_spec/cli.schema.json says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from tests.e2e.project import Project

SCHEMA = json.loads((Path(__file__).parents[2] / "shared_spec" / "cli.schema.json").read_text())
FLOW = """
from pyflow import FlowSpec, Parameter, step


class JsonFlow(FlowSpec):
    alpha = Parameter("alpha", default=0.5)

    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.fit, foreach="items")

    @step
    def fit(self):
        print("fitting")
        self.score = self.alpha * self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.best = max(i.score for i in inputs)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    JsonFlow()
"""
# Each definition with the commands that it describes; RUN and OTHER are runs.
COMMANDS = {
    "flows": ["flows"],
    "runs": ["runs", "runs JsonFlow --where best>0.1 --sort best", "runs --limit 1"],
    "tasks": ["tasks RUN", "tasks JsonFlow --where score>0.5"],
    "artifacts": ["artifacts RUN"],
    "lineage": ["lineage RUN/join/4/best"],
    "tag_list": ["tag list --run-id RUN --hide-system-tags", "tag list --all"],
    "diff": ["diff RUN OTHER", "diff RUN RUN"],
    "status": ["status"],
    "gc": ["gc", "gc --keep-last 1"],
    "store_check": ["store check", "store check --read-data"],
    "store_repair": ["store repair"],
    "store_stats": ["store stats", "store stats --flow JsonFlow"],
    "pin_list": ["pin list"],
    "doctor": ["doctor"],
    "configure_show": ["configure show"],
    "version": ["version"],
    "code_show": ["code show RUN"],
    "dump": ["dump RUN/join"],
    "logs": ["logs RUN/fit"],
}


@pytest.fixture(scope="module")
def store(tmp_path_factory, rlib):
    project = Project(tmp_path_factory.mktemp("json") / "project", rlib)
    project.write(flow_py=FLOW)
    paths = []
    for alpha in ("0.5", "2"):
        assert project.call("run", "--alpha", alpha, "--run-id-file", "id.txt").code == 0
        paths.append(f"JsonFlow/{(project.folder / 'id.txt').read_text()}")
    subprocess.run([sys.executable, "-m", "pyflow", "pin", "add", paths[0]], cwd=project.folder, env=project.environment, check=True)  # fmt: skip
    return project, *paths


def test_every_definition_has_a_command():
    assert set(COMMANDS) == set(SCHEMA["$defs"])


@pytest.mark.parametrize(("name", "words"), [(name, words) for name, found in COMMANDS.items() for words in found])
def test_what_it_prints_is_as_the_schema_says(store, name, words):
    project, first, second = store
    args = words.replace("RUN", first).replace("OTHER", second).split()
    ended = subprocess.run([sys.executable, "-m", "pyflow", *args, "--json"], cwd=project.folder, env=project.environment, capture_output=True, text=True)  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    jsonschema.validate(told, {"$ref": f"#/$defs/{name}", **SCHEMA})
    assert told or name in ("status", "store_check", "store_repair", "tag_list")
