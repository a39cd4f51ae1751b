"""A flow class becomes a graph; mistakes in its source are found with their place."""

from __future__ import annotations

import importlib
import itertools
import textwrap

import pytest

from pyflow.define.compile import compile_flow
from pyflow.define.load import load_file
from pyflow.spec.check import check_graph
from pyflow.spec.errors import GraphError
from pyflow.spec.graph import MISSING, graph_to_json, parse_graph

HEADER = (
    "from pyflow import FlowSpec, IncludeFile, JSONType, Parameter, catch, environment, parallel, r_step, retry, step\n"
)
numbers = itertools.count()


def compiled(tmp_path, body, name="F"):
    """The graph of flow class F with this body; the class statement is on line 2."""
    path = tmp_path / f"flow_{next(numbers)}.py"
    path.write_text(
        HEADER + f"class {name}(FlowSpec):\n" + textwrap.indent(textwrap.dedent(body).strip("\n"), "    ") + "\n"
    )
    return compile_flow(getattr(load_file(path), name))


def problems(tmp_path, body):
    with pytest.raises(GraphError) as caught:
        compiled(tmp_path, body)
    return [(p.code, p.where.step, p.where.line) for p in caught.value.problems]


LINEAR = """
    x = 3
    _hidden = 4
    alpha = Parameter("alpha", default=0.5, help="rate")

    @retry(times=2)
    @catch(var="e")
    @step
    def start(self):
        "Begins."
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_a_class_becomes_a_graph(tmp_path):
    graph = compiled(tmp_path, LINEAR)
    assert [s.name for s in graph.steps] == ["start", "end"]
    start = graph.step("start")
    assert (start.transition.kind, start.transition.targets) == ("linear", ("end",))
    assert [(d.name, d.line) for d in start.decorators] == [("retry", 7), ("catch", 8)]
    assert (start.line, start.doc) == (10, "Begins.")
    assert graph.constants == ("x",)
    assert [(p.name, p.type, p.default, p.help, p.line) for p in graph.parameters] == [
        ("alpha", "float", 0.5, "rate", 5)
    ]
    assert check_graph(graph) == []


def test_the_graph_survives_json(tmp_path):
    graph = compiled(tmp_path, LINEAR)
    assert parse_graph(graph_to_json(graph)) == graph


def test_branch_foreach_and_join(tmp_path):
    graph = compiled(
        tmp_path,
        """
        @step
        def start(self):
            self.next(self.a, self.b)
        @step
        def a(self):
            self.next(self.work, foreach="xs")
        @step
        def work(this):
            this.next(this.inner)
        @step
        def inner(self, inputs):
            self.next(self.join)
        @step
        def b(self):
            self.next(self.join)
        @step
        def join(self, inputs):
            self.next(self.end)
        @step
        def end(self): pass
        """,
    )
    assert [(s.name, s.transition.kind, s.transition.foreach, s.join) for s in graph.steps] == [
        ("start", "branch", None, False),
        ("a", "foreach", "xs", False),
        ("work", "linear", None, False),
        ("inner", "linear", None, True),
        ("b", "linear", None, False),
        ("join", "linear", None, True),
        ("end", "end", None, False),
    ]


def test_an_r_step_names_its_file_and_function(tmp_path):
    (tmp_path / "m.R").write_text("fit <- function(self) NULL\n")
    graph = compiled(
        tmp_path,
        """
        @step
        def start(self):
            self.next(self.fit)
        fit = retry(times=1)(r_step("m.R", "fit", next="end"))
        @step
        def end(self): pass
        """,
    )
    fit = graph.step("fit")
    assert (fit.language, fit.function.file, fit.function.name) == ("r", str(tmp_path / "m.R"), "fit")
    assert (fit.line, [d.name for d in fit.decorators]) == (6, ["retry"])


def test_inheritance_takes_steps_from_bases(tmp_path):
    path = tmp_path / "inherits.py"
    path.write_text(
        HEADER
        + textwrap.dedent(
            """
            class Base(FlowSpec):
                p = Parameter("p", default=1)
                @step
                def start(self):
                    self.next(self.end)
                @step
                def end(self): pass

            class Child(Base):
                @step
                def start(self):
                    self.next(self.middle)
                @step
                def middle(self):
                    self.next(self.end)
            """
        )
    )
    graph = compile_flow(load_file(path).Child)
    assert {s.name: s.transition.targets for s in graph.steps} == {
        "start": ("middle",),
        "middle": ("end",),
        "end": (),
    }
    assert [p.name for p in graph.parameters] == ["p"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("self.next()", "transition_invalid"),
        ("self.next('end')", "transition_invalid"),
        ("self.next(self.end, self.start, foreach='x')", "transition_invalid"),
        ("self.next(self.end, foreach=xs)", "transition_invalid"),
        ("self.next(self.end, wrong=1)", "transition_invalid"),
        ("if True: self.next(self.end)", "transition_invalid"),
    ],
)
def test_a_next_of_no_known_form_is_a_problem_with_its_line(tmp_path, line, code):
    found = problems(
        tmp_path,
        f"""
        @step
        def start(self):
            {line}
        @step
        def end(self): pass
        """,
    )
    assert found == [(code, "start", 5)]


def test_all_problems_are_told_at_once(tmp_path):
    found = problems(
        tmp_path,
        """
        @step
        def start(self):
            self.next()
        @step
        def middle(self, inputs, more):
            self.next(self.end)
        fit = r_step("missing.R", "fit", next="end")
        b = Parameter("c", default=1)
        @step
        def end(self): pass
        """,
    )
    assert [code for code, _, _ in found] == [
        "transition_invalid",
        "step_invalid",
        "file_missing",
        "parameter_name_mismatch",
    ]


def test_two_steps_of_one_name_reach_the_checker(tmp_path):
    graph = compiled(
        tmp_path,
        """
        @step
        def start(self):
            self.next(self.end)
        @step
        def start(self):
            self.next(self.end)
        @step
        def end(self): pass
        """,
    )
    found = check_graph(graph)
    assert [(p.code, p.where.line) for p in found] == [("step_duplicate", 7)]


@pytest.mark.parametrize(
    ("declaration", "type_", "default"),
    [
        ('Parameter("p", default="a")', "str", "a"),
        ('Parameter("p", default=1)', "int", 1),
        ('Parameter("p", default=1.5)', "float", 1.5),
        ('Parameter("p", default=True)', "bool", True),
        ('Parameter("p", type=JSONType, default=\'{"a": 1}\')', "json", '{"a": 1}'),
        ('Parameter("p", type=int)', "int", MISSING),
        ('Parameter("p")', "str", MISSING),
        ('Parameter("p", default=lambda context: len(context.parameter_name))', "int", 1),
        ('Parameter("p", default="a,b", separator=",")', "str", "a,b"),
    ],
)
def test_the_type_of_a_parameter(tmp_path, declaration, type_, default):
    graph = compiled(tmp_path, f"p = {declaration}\n" + textwrap.dedent(LINEAR))
    p = graph.parameters[0]
    assert (p.type, p.default) == (type_, default)


def test_a_decorator_below_step_is_refused_where_it_stands(tmp_path):
    path = tmp_path / "below.py"
    path.write_text(HEADER + "class F(FlowSpec):\n    @step\n    @retry\n    def start(self): pass\n")
    with pytest.raises(Exception, match="Put @retry above @step") as caught:
        load_file(path)
    assert caught.value.code == "decorator_misplaced"


def test_public_names_import():
    module = importlib.import_module("pyflow")
    assert {name: getattr(module, name) for name in module.__all__}


def test_node_info_is_kept_on_the_function(tmp_path):
    body = LINEAR.replace("@step\n    def start", '@step(node_info={"color": "red"})\n    def start')
    assert compiled(tmp_path, body).step("start").transition.targets == ("end",)
    module = load_file(max(tmp_path.glob("flow_*.py")))
    assert (module.F.start.node_info, module.F.end.node_info) == ({"color": "red"}, {})


def test_choices_of_click_keep_their_case_rule(tmp_path):
    lines = (
        "import click\n"
        'mode = Parameter("mode", type=click.Choice(["Fast", "slow"], case_sensitive=False), default="fast")\n'
        'kind = Parameter("kind", type=click.Choice(["A", "b"]), default="A")\n'
    )
    graph = compiled(tmp_path, textwrap.indent(lines, "    ") + LINEAR)
    assert [(item.choices, item.ignore_case) for item in graph.parameters[:2]] == [
        (("Fast", "slow"), True),
        (("A", "b"), False),
    ]
    assert check_graph(graph) == []
    assert parse_graph(graph_to_json(graph)) == graph


SETTINGS = """
    settings = Config("settings", default_value={"alpha": {"default": 0.5, "help": "rate"}, "data": {"default": "x.csv"}})
    alpha = Parameter("alpha", required=False, **settings.alpha)
    data = IncludeFile("data", **settings.data)
    mode = Parameter(**settings.mode)
"""


def test_a_section_of_a_configuration_may_be_the_arguments_of_a_parameter(tmp_path):
    steps = LINEAR[LINEAR.index("    @retry") :]
    settings = "    from pyflow import Config\n" + SETTINGS.replace(
        '"data":', '"mode": {"name": "mode", "type": "str", "choices": ["a", "b"], "default": "b"}, "data":'
    )
    alpha, data, mode = compiled(tmp_path, settings + steps).parameters
    assert (alpha.default, alpha.help, alpha.type) == (0.5, "rate", "float")
    assert (data.kind, data.default) == ("file", "x.csv")
    assert (mode.name, mode.choices, mode.default) == ("mode", ("a", "b"), "b")
    wrong = settings.replace('"help"', '"hlep"')
    with pytest.raises(GraphError, match=r"Parameter: .*unexpected keyword argument 'hlep'"):
        compiled(tmp_path, wrong + steps)


def test_the_parser_of_a_file_is_found_by_its_name(tmp_path):
    (tmp_path / "readers_of_test.py").write_text("def read(text):\n    return text\n")
    lines = (
        "from readers_of_test import read\n"
        "one = IncludeFile('one', default='x', parser=read)\n"
        "two = IncludeFile('two', default='x', parser='yaml')\n"
        "three = IncludeFile('three', default='x', parser=shout)\n"
    )
    path = tmp_path / "flow_with_parsers.py"
    body = textwrap.indent(lines, "    ") + LINEAR
    path.write_text(f"{HEADER}\ndef shout(text):\n    return text.upper()\n\nclass F(FlowSpec):\n{body}")
    graph = compile_flow(load_file(path).F)
    assert [item.parser for item in graph.parameters[:3]] == ["readers_of_test.read", "yaml", "shout"]
    assert parse_graph(graph_to_json(graph)) == graph
    assert problems_of_lambda(tmp_path) == ["parameter_invalid"]


def problems_of_lambda(tmp_path):
    return [
        code for code, _, _ in problems(tmp_path, "    words = IncludeFile('words', parser=lambda text: 1)" + LINEAR)
    ]
