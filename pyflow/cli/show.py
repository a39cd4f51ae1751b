"""`show`: the steps of a flow as text, as a Graphviz graph or as the graph's JSON."""

from __future__ import annotations

from collections.abc import Iterator

import click

from pyflow.cli import output
from pyflow.cli.checking import checked
from pyflow.cli.context import FlowContext
from pyflow.spec.graph import MISSING, Decorator, Graph, Parameter, Step, graph_to_json
from pyflow.spec.secrets import without_values
from pyflow.spec.structure import structure


def make(context: FlowContext) -> click.Command:
    @click.command("show", help="Show the steps and how they follow each other.")
    @click.option("--dot", is_flag=True, help="Print the graph in Graphviz's language.")
    @click.option("--json", "as_json", is_flag=True, help="Print the graph as JSON (shared_spec/graph.md).")
    def show(dot: bool, as_json: bool) -> int:
        graph = without_values(checked(context))
        if as_json:
            output.result_json(graph_to_json(graph))
        else:
            for line in _dot(graph) if dot else _text(graph):
                output.result(line)
        return 0

    return show


def _text(graph: Graph) -> Iterator[str]:
    form = structure(graph)
    yield click.style(graph.name, bold=True) + (f": {graph.doc}" if graph.doc else "")
    for parameter in graph.parameters:
        yield f"  --{parameter.name} {_parameter(parameter)}"
    for name in form.order:
        step = graph.step(name)
        indent = "  " * (len(form.open_splits[name]) + 1)
        yield ""
        yield indent + click.style(name, bold=True) + _marks(step)
        for decorator in step.decorators:
            yield f"{indent}  @{_decorator(decorator)}"
        if step.doc:
            yield from (f"{indent}  {line}" for line in step.doc.splitlines())
        if step.transition.targets:
            yield f"{indent}  => {', '.join(step.transition.targets)}{_foreach(step)}"


def _parameter(parameter: Parameter) -> str:
    default = "" if parameter.default is MISSING else f" (default: {parameter.default!r})"
    kind = "file" if parameter.kind == "file" else parameter.type
    required = " required" if parameter.required else ""
    return f"<{kind}>{required}{default}{': ' + parameter.help if parameter.help else ''}"


def _marks(step: Step) -> str:
    marks = ["R"] if step.language == "r" else []
    marks += ["join"] if step.join else []
    return f" ({', '.join(marks)})" if marks else ""


def _decorator(decorator: Decorator) -> str:
    return f"{decorator.name}({', '.join(f'{key}={value!r}' for key, value in decorator.args.items())})"


def _foreach(step: Step) -> str:
    return f" for each of {step.transition.foreach}" if step.transition.foreach else ""


def _dot(graph: Graph) -> Iterator[str]:
    yield f'digraph "{graph.name}" {{'
    yield "  rankdir=LR; node [shape=box, style=rounded, fontname=Helvetica];"
    for step in graph.steps:
        label = step.name + ("\\n(R)" if step.language == "r" else "")
        yield f'  "{step.name}" [label="{label}"];'
    for step in graph.steps:
        foreach = step.transition.foreach
        label = f' [label="foreach {foreach}"]' if foreach else ""
        for target in step.transition.targets:
            yield f'  "{step.name}" -> "{target}"{label};'
    yield "}"
