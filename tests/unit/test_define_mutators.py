"""Mutators change a flow's declarations; bases and subclasses are put together."""

import itertools
import textwrap

import pytest

from pyflow.define import load
from pyflow.define.compile import compile_flow
from pyflow.define.config import Given
from pyflow.define.load import load_file
from pyflow.define.mutators import mutate_steps
from pyflow.spec.attach import parse_decorator
from pyflow.spec.check import check_graph
from pyflow.spec.errors import DefinitionError

HEADER = (
    "from pyflow import Config, FlowMutator, FlowSpec, IncludeFile, MutableStep, Parameter, StepMutator, catch, config_expr\n"
    "from pyflow import environment, project, retry, step, timeout, user_step_decorator\n\n"
    "@user_step_decorator\ndef noted(step_name, flow, inputs=None, attributes=None):\n    yield\n\n"
)
STEPS = """
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
numbers = itertools.count()


def compiled(tmp_path, text, name="F", **given):
    path = tmp_path / f"mutated_{next(numbers)}.py"
    path.write_text(HEADER + textwrap.dedent(text))
    return compile_flow(getattr(load_file(path), name), Given(**given))


def flow(top, body="", decorators=""):
    steps = textwrap.indent(textwrap.dedent(body or STEPS), "    ")
    return f"{textwrap.dedent(top)}\n{textwrap.dedent(decorators)}\nclass F(FlowSpec):\n{steps}\n"


def decorators(graph, step="start"):
    return [(item.name, item.args) for item in graph.step(step).decorators]


def raised(tmp_path, text):
    with pytest.raises(DefinitionError) as caught:
        compiled(tmp_path, text)
    return caught.value


def test_a_step_mutator_adds_removes_and_looks(tmp_path):
    top = """
    class change(StepMutator):
        def init(self, times):
            self.times = times

        def mutate(self, mutable_step):
            assert mutable_step.name == "start"
            assert [spec.name for spec in mutable_step.decorator_specs] == ["change", "timeout", "noted"]
            assert mutable_step.get_decorator_specs("timeout")[0].kwargs == {"seconds": 5, "minutes": 0, "hours": 0}
            assert mutable_step.get_decorator_specs("noted")[0].kwargs == {"x": 1}
            assert mutable_step.has_decorator("noted") and not mutable_step.has_decorator("retry")
            assert mutable_step.remove_decorator("timeout")
            assert not mutable_step.remove_decorator("timeout")
            mutable_step.add_decorator("retry", deco_kwargs={"times": self.times})
            mutable_step.add_decorator(catch, deco_kwargs={"var": "failed"})
            mutable_step.add_decorator(noted, deco_kwargs={"x": 2}, duplicates=MutableStep.OVERRIDE)
    """
    body = """
    @change(times=2)
    @timeout(seconds=5)
    @noted(x=1)
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
    """
    graph = compiled(tmp_path, flow(top, body))
    assert decorators(graph) == [
        ("noted", {"x": 2}),
        ("catch", {"var": "failed", "print_exception": True}),
        ("retry", {"times": 2, "minutes_between_retries": 2}),
    ]
    assert [item.custom for item in graph.step("start").decorators] == [True, False, False]
    assert check_graph(graph) == []


@pytest.mark.parametrize(
    ("duplicates", "times"), [("MutableStep.IGNORE", 1), ("MutableStep.OVERRIDE", 3), ("MutableStep.ERROR", None)]
)
def test_a_decorator_that_is_there_already(tmp_path, duplicates, times):
    top = f"""
    class again(StepMutator):
        def mutate(self, mutable_step):
            mutable_step.add_decorator("retry", deco_kwargs={{"times": 3}}, duplicates={duplicates})
    """
    text = flow(
        top, STEPS.replace("    @step\n    def start", "    @again\n    @retry(times=1)\n    @step\n    def start")
    )
    if times is None:
        assert raised(tmp_path, text).code == "decorator_duplicate"
    else:
        assert [args["times"] for name, args in decorators(compiled(tmp_path, text))] == [times]


def test_every_decorator_of_steps_can_be_added(tmp_path):
    text = flow("""
        class all_of_them(StepMutator):
            def mutate(self, step):
                step.add_decorator("parallel")
                step.add_decorator("resources", deco_kwargs={"cpu": 2})
                step.add_decorator("secrets", deco_kwargs={"sources": ["env.HOME"]})
                step.add_decorator("timeout", deco_kwargs={"hours": 1})
    """, """
        @step
        def start(self):
            self.next(self.work, num_parallel=2)

        @all_of_them
        @step
        def work(self):
            self.next(self.join)

        @step
        def join(self, inputs):
            self.next(self.end)

        @step
        def end(self):
            pass
    """)  # fmt: skip
    graph = compiled(tmp_path, text)
    assert [item.name for item in graph.step("work").decorators] == ["timeout", "secrets", "resources", "parallel"]
    assert check_graph(graph) == []


def test_a_mutator_that_is_given_for_a_run_changes_every_step(tmp_path):
    graph = compiled(tmp_path, flow("", decorators='@project(name="p")'))
    (tmp_path / "given_mutators.py").write_text(
        "from pyflow import StepMutator, UserStepDecorator\n\n\nclass noted(UserStepDecorator):\n"
        "    def init(self, label):\n        self.label = label\n\n\nclass sturdy(StepMutator):\n"
        "    def init(self, times=1):\n        self.times = times\n\n"
        "    def mutate(self, step):\n"
        "        step.add_decorator('retry', deco_kwargs={'times': self.times})\n"
        "        step.add_decorator(noted, deco_args=[step.name])\n"
    )
    use = load.located(parse_decorator("given_mutators.sturdy:times=3"), tmp_path)
    for step in mutate_steps(graph, use).steps:
        wrapper, again = step.decorators
        assert (again.name, again.args["times"]) == ("retry", 3)
        assert (wrapper.name, wrapper.args) == ("given_mutators.noted", {"0": step.name})
        assert load.find_wrapper(wrapper.name, wrapper.args).label == step.name
    with pytest.raises(DefinitionError, match="has no step decorator 'sturdi'"):
        load.located(parse_decorator("given_mutators.sturdi"), tmp_path)


def test_removing_may_ask_for_exact_arguments(tmp_path):
    top = """
    class without(StepMutator):
        def mutate(self, mutable_step):
            assert not mutable_step.remove_decorator("noted", deco_kwargs={"x": 3})
            assert mutable_step.remove_decorator("noted", deco_args=[], deco_kwargs={"x": 2})
    """
    head = "    @without\n    @noted(x=1)\n    @noted(x=2)\n    @step\n    def start"
    graph = compiled(tmp_path, flow(top, STEPS.replace("    @step\n    def start", head)))
    assert decorators(graph) == [("noted", {"x": 1})]


def test_a_flow_mutator_changes_all_of_a_flow(tmp_path):
    top = """
    class change(FlowMutator):
        def init(self, extra):
            self.extra = extra

        def pre_mutate(self, mutable_flow):
            assert dict(mutable_flow.configs) == {"config": {"alpha": 7}}
            assert mutable_flow.config.alpha == 7
            assert [name for name, _ in mutable_flow.parameters] == ["old", "gone"]
            mutable_flow.add_parameter(self.extra, Parameter(self.extra, default=mutable_flow.config.alpha))
            mutable_flow.add_parameter("old", Parameter("old", default=2), overwrite=True)
            assert mutable_flow.remove_parameter("gone")
            assert not mutable_flow.remove_parameter("gone")

        def mutate(self, mutable_flow):
            for name, step in mutable_flow.steps:
                step.add_decorator("retry")
            mutable_flow.end.remove_decorator("retry")
            mutable_flow.add_decorator("project", deco_kwargs={"name": "films"})
            assert mutable_flow.start.flow.has_decorator("project")
    """
    body = """
    config = Config("config", default_value={"alpha": 7})
    old = Parameter("old", default=1)
    gone = Parameter("gone", default=1)
    """
    graph = compiled(tmp_path, flow(top, body + STEPS, "@change(extra=config_expr('\"added\"'))"))
    assert {item.name: item.default for item in graph.parameters} == {"old": 2, "added": 7}
    assert [item.name for item in graph.step("start").decorators] == ["retry"]
    assert graph.step("end").decorators == ()
    assert graph.decorator("project").args["name"] == "films"


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("mutable_flow.add_parameter('a', 3)", "parameter_invalid", "3 is no Parameter"),
        ("mutable_flow.add_parameter('old', Parameter('old'))", "parameter_duplicate", "a parameter 'old' already"),
        ("mutable_flow.start.add_decorator('retri')", "decorator_unknown", "no decorator 'retri' to add"),
        ("mutable_flow.start.add_decorator('retry', deco_kwargs={'time': 1})", "decorator_argument", "'time'"),
    ],
)
def test_what_a_mutator_may_not_do(tmp_path, line, code, words):
    top = f"class change(FlowMutator):\n    def pre_mutate(self, mutable_flow):\n        {line}\n"
    error = raised(tmp_path, flow(top, "    old = Parameter('old', default=1)\n" + STEPS, "@change"))
    assert error.code == code
    assert words in error.message


def test_parameters_are_changed_in_pre_mutate_only(tmp_path):
    top = (
        "class change(FlowMutator):\n    def mutate(self, mutable_flow):\n        mutable_flow.remove_parameter('x')\n"
    )
    assert raised(tmp_path, flow(top, decorators="@change")).code == "mutator_too_late"


def test_every_pre_mutate_comes_before_every_mutate(tmp_path):
    top = """
    calls = []

    class outer(FlowMutator):
        def pre_mutate(self, mutable_flow):
            calls.append("outer pre")

        def mutate(self, mutable_flow):
            calls.append("outer")

    class inner(StepMutator):
        def pre_mutate(self, mutable_step):
            calls.append(f"{mutable_step.name} pre")

        def mutate(self, mutable_step):
            calls.append(mutable_step.name)
    """
    body = STEPS.replace("    @step\n", "    @inner\n    @step\n")
    path = tmp_path / "calls.py"
    path.write_text(HEADER + textwrap.dedent(flow(top, body, "@outer")))
    module = load_file(path)
    compile_flow(module.F)
    assert module.calls == ["outer pre", "start pre", "end pre", "outer", "start", "end"]


# Configurations in decorators and parameters


def test_configurations_are_evaluated_in_decorators_and_defaults(tmp_path):
    body = """
    config = Config("config", default_value={"times": 1, "env": {"A": "x"}, "retry": {"times": 4}, "file": "a.csv"})
    alpha = Parameter("alpha", default=config["times"])
    shout = Parameter("shout", default=config_expr("config.env.A.upper()"))
    late = Parameter("late", default=lambda context: context.configs["config"].times + 1)
    data = IncludeFile("data", default=config.file)
    constant = config.env

    @retry(times=config.times)
    @environment(vars={"A": config.env.A, "B": "b"})
    @noted(label=config.env.A)
    @step
    def start(self):
        self.next(self.end)

    @retry(**config.retry)
    @step
    def end(self):
        pass
    """
    graph = compiled(tmp_path, flow("", body))
    assert {item.name: (item.type, item.default) for item in graph.parameters} == {
        "alpha": ("int", 1),
        "shout": ("str", "X"),
        "late": ("int", 2),
        "data": ("text", "a.csv"),
    }
    assert decorators(graph) == [
        ("retry", {"times": 1, "minutes_between_retries": 2}),
        ("environment", {"vars": {"A": "x", "B": "b"}}),
        ("noted", {"label": "x"}),
    ]
    assert decorators(graph, "end") == [("retry", {"times": 4, "minutes_between_retries": 2})]
    assert graph.constants == ("constant",)
    lines = {item.name: item.line for item in graph.step("start").decorators}
    assert lines["environment"] == lines["retry"] + 1 == lines["noted"] - 1
    given = compiled(
        tmp_path, flow("", body), values={"config": '{"times": 2, "env": {"A": "y"}, "retry": {}, "file": "b"}'}
    )
    assert decorators(given)[0][1]["times"] == 2
    assert graph.configs[0].value["times"] == 1
    assert check_graph(graph) == []


def test_a_flow_decorator_takes_configurations_too(tmp_path):
    body = "    config = Config('config', default_value={'project': 'films'})\n" + STEPS
    text = flow("config = Config('config')\n", body, "@project(name=config.project)")
    assert compiled(tmp_path, text).decorator("project").args["name"] == "films"


def test_a_config_has_the_name_of_its_attribute(tmp_path):
    from pyflow.spec.errors import GraphError

    with pytest.raises((DefinitionError, GraphError), match="the config 'other' is assigned to 'config'"):
        compiled(tmp_path, flow("", "    config = Config('other', default_value=1)\n" + STEPS))


# Inheritance over several files


def test_a_flow_inherits_along_its_bases(tmp_path):
    (tmp_path / "base_flow.py").write_text(
        HEADER
        + textwrap.dedent("""
    class sturdy(FlowMutator):
        def mutate(self, mutable_flow):
            for name, step in mutable_flow.steps:
                step.add_decorator("retry", deco_kwargs={"times": mutable_flow.config.times})

    @sturdy
    @project(name="films")
    class Base(FlowSpec):
        config = Config("config", default_value={"times": 2})
        alpha = Parameter("alpha", default=config.times)
        constant = 1

        @noted
        @step
        def start(self):
            self.next(self.work)
    """)
    )
    (tmp_path / "middle_flow.py").write_text(
        "from base_flow import Base\nfrom pyflow import Parameter, step, retry\n\n\n"
        "class Middle(Base):\n"
        "    beta = Parameter('beta', default=1)\n\n"
        "    @retry(times=4)\n    @step\n    def work(self):\n        self.next(self.end)\n"
    )
    text = """
    from middle_flow import Middle

    class F(Middle):
        constant = 2

        @step
        def end(self):
            pass
    """
    graph = compiled(tmp_path, text)
    assert [item.name for item in graph.steps] == ["start", "work", "end"]
    assert [item.name for item in graph.parameters] == ["alpha", "beta"]
    assert [item.name for item in graph.configs] == ["config"]
    assert graph.parameters[0].default == 2
    assert {name: graph.step(name).decorator("retry").args["times"] for name in ("start", "work", "end")} == {
        "start": 2,
        "work": 4,
        "end": 2,
    }
    assert [item.name for item in graph.step("start").decorators] == ["retry", "base_flow.noted"]
    assert graph.decorator("project").args["name"] == "films"
    assert check_graph(graph) == []


def test_a_flow_decorator_that_a_base_has_too_is_reported(tmp_path):
    text = flow("@project(name='a')\nclass Base(FlowSpec):\n    pass\n").replace("class F(FlowSpec)", "class F(Base)")
    text = text.replace("class F(Base)", "@project(name='b')\nclass F(Base)")
    assert [problem.code for problem in check_graph(compiled(tmp_path, text))] == ["decorator_duplicate"]
