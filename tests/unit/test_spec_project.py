"""Branches of a project."""

from dataclasses import replace

import pytest

from pyflow.spec.errors import UsageError
from pyflow.spec.graph import Decorator
from pyflow.spec.project import project_of
from tests.unit.engine_world import graph, step


def flow(**args):
    plain = graph(step("start", "end"), step("end"))
    return replace(plain, decorators=(Decorator("project", {"name": "fraud", **args}),))


@pytest.mark.parametrize(
    ("said", "given", "branch", "production"),
    [
        ({}, {}, "user.ann", False),
        ({"branch": "b1"}, {}, "test.b1", False),
        ({"branch": "b1"}, {"branch": "b2"}, "test.b2", False),
        ({"production": True}, {}, "prod", True),
        ({}, {"production": True}, "prod", True),
        ({"branch": "b1", "production": True}, {}, "prod.b1", True),
        ({"branch": "b1"}, {"branch": "b.2-x", "production": True}, "prod.b.2-x", True),
        ({"branch": None, "production": False}, {}, "user.ann", False),
    ],
)
def test_the_branch_of_a_run(said, given, branch, production):
    found = project_of(flow(**said), user="ann", **given)
    assert found.tags == ("project:fraud", f"project_branch:{branch}")
    assert found.current() == {
        "project_name": "fraud",
        "branch_name": branch,
        "project_flow_name": f"fraud.{branch}.TestFlow",
        "is_user_branch": branch == "user.ann",
        "is_production": production,
    }


def test_a_flow_of_no_project_has_none():
    assert project_of(graph(step("start", "end"), step("end")), user="ann", branch="x", production=True) is None


@pytest.mark.parametrize("branch", ["", "a b", "a/b", "x" * 129])
def test_what_is_no_name_of_a_branch_is_refused(branch):
    with pytest.raises(UsageError, match="--branch takes a name") as caught:
        project_of(flow(), user="ann", branch=branch)
    assert caught.value.code == "project_branch"
