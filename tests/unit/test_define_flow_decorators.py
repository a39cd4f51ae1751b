"""@project and @exit_hook on a class, @resources and @secrets on a step, and parameters with choices."""

import click
import pytest

from pyflow import FlowSpec, Parameter, exit_hook, project, resources, secrets, step
from pyflow.define.compile import compile_flow
from pyflow.spec.check import check_graph
from pyflow.spec.errors import DefinitionError


def tell(run):
    pass


@project(name="base_project")
class Base(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass


@exit_hook(on_success=[tell, "tell"], on_error=tell)
class Derived(Base):
    @resources(cpu=2)
    @secrets(sources=["env.TOKEN", {"type": "env", "names": ["A"]}])
    @step
    def start(self):
        self.next(self.end)


def test_decorators_of_a_flow_and_of_its_base_are_in_the_graph():
    graph = compile_flow(Derived)
    assert check_graph(graph) == []
    assert [(item.name, item.args) for item in graph.decorators] == [
        ("project", {"name": "base_project", "branch": None, "production": False}),
        ("exit_hook", {"on_success": ["tell", "tell"], "on_error": ["tell"], "options": {}}),
    ]
    assert [item.line for item in graph.decorators] == [16, 27]
    assert [item.name for item in compile_flow(Base).decorators] == ["project"]


def test_a_step_keeps_what_was_said_of_its_needs():
    found = {item.name: item.args for item in compile_flow(Derived).step("start").decorators}
    assert found["resources"] == {"cpu": 2}
    assert found["secrets"] == {
        "sources": ["env.TOKEN", {"type": "env", "names": ["A"]}], "role": None, "allow_override": False
    }  # fmt: skip


def test_what_cannot_be_a_hook_or_stand_here_is_refused():
    with pytest.raises(DefinitionError, match="no function defined at the top") as caught:
        exit_hook(on_success=[lambda run: None])
    assert caught.value.code == "exit_hook_function"
    with pytest.raises(DefinitionError, match="@project stands on 'tell', which is no flow") as caught:
        project(name="a")(tell)
    assert caught.value.code == "decorator_misplaced"


@pytest.mark.parametrize(
    ("parameter", "expected"),
    [
        (Parameter("mode", choices=["a", "b"]), {"type": "str", "choices": ("a", "b"), "has_default": False}),
        (Parameter("mode", choices=[1, 2], default=1), {"type": "int", "choices": (1, 2), "default": 1}),
        (Parameter("mode", type=click.Choice(["a", "b"]), default="a"), {"type": "str", "choices": ("a", "b")}),
        (Parameter("mode", default=(1, 2), multiple=True), {"type": "int", "multiple": True, "default": [1, 2]}),
        (Parameter("mode", multiple=True, type=float), {"type": "float", "multiple": True, "has_default": False}),
        (Parameter("mode", is_flag=True), {"type": "bool", "is_flag": True, "default": False}),
        (Parameter("mode", default=lambda context: context.parameter_name), {"type": "str", "default": "mode"}),
        (Parameter("mode", default=lambda context, deploy_time: deploy_time), {"type": "bool", "default": True}),
    ],
)
def test_kinds_of_parameters(parameter, expected):
    found = parameter.to_spec("TestFlow", 1, {})
    assert {name: getattr(found, name) for name in expected} == expected


def test_a_default_function_that_fails_is_told_with_the_parameter():
    message = "the default of parameter 'mode' is a function that failed: ZeroDivisionError"
    with pytest.raises(DefinitionError, match=message) as caught:
        Parameter("mode", default=lambda context: 1 / 0).to_spec("TestFlow", 1, {})
    assert caught.value.code == "parameter_default"
