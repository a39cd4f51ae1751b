"""Every end-to-end test has a project of its own; a test that names `form` runs once for each form of its flow."""

from __future__ import annotations

import pytest

from tests.e2e.forms import FORMS
from tests.e2e.project import Project


@pytest.fixture(params=FORMS)
def form(request) -> str:
    return request.param


@pytest.fixture
def project(request, tmp_path):
    """A project in an empty folder; it has R where the test's form or the test itself needs it."""
    needs_r = (
        request.node.callspec.params.get("form", "python") != "python" if hasattr(request.node, "callspec") else False
    )
    library = request.getfixturevalue("rlib") if needs_r or "rlib" in request.fixturenames else None
    project = Project(tmp_path / "project", library)
    yield project
    project.kill_all()


@pytest.fixture
def run_flow(project, form):
    """Write a flow in the test's form and run it; gives the run."""

    def run(flow, *args, **files):
        project.write(**flow.files(form), **files)
        return project.run(*args)

    return run


@pytest.fixture
def call_flow(project, form):
    """The same for a flow that need not succeed; gives how the command ended."""

    def call(flow, *args, **files):
        project.write(**flow.files(form), **files)
        return project.call("run", *args)

    return call
