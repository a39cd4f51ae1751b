"""`show`: the steps of a flow as text, as a Graphviz graph or as the graph's JSON."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from pyflow.cli import given, output
from pyflow.cli.checking import checked
from pyflow.cli.context import FlowContext
from pyflow.spec.graph import MISSING, Decorator, Graph, Parameter, Step, Transition, graph_to_json
from pyflow.spec.secrets import without_values
from pyflow.spec.structure import structure
from pyflow.views import graph as views


def make(context: FlowContext) -> click.Command:
    @click.command("show", help="Show the steps and how they follow each other.")
    @click.option("--dot", is_flag=True, help="Print the graph in Graphviz's language.")
    @click.option("--svg", "svg_file", type=click.Path(path_type=Path), help="Draw the graph into this file.")
    @click.option("--json", "as_json", is_flag=True, help="Print the graph as JSON (shared_spec/graph.md).")
    def show(dot: bool, svg_file: Path | None, as_json: bool, decorators: tuple[str, ...] = ()) -> int:
        graph = without_values(checked(context))
        if svg_file is not None:
            svg_file.write_text(views.svg(graph) + "\n", encoding="utf-8")
            output.note(f"The graph is in {svg_file}.")
        elif as_json:
            output.result_json(graph_to_json(graph))
        else:
            for line in _dot(graph) if dot else _text(graph):
                output.result(line)
        return 0

    show.params += given.options(context.graph)[:1] if context.graph else []
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
        yield indent + click.style(name, bold=True) + _marks(graph, step)
        for decorator in step.decorators:
            yield f"{indent}  @{_decorator(decorator)}"
        if step.doc:
            yield from (f"{indent}  {line}" for line in step.doc.splitlines())
        if step.transition.targets:
            yield f"{indent}  => {_transition(step.transition)}"


def _parameter(parameter: Parameter) -> str:
    default = "" if parameter.default is MISSING else f" (default: {parameter.default!r})"
    kind = "file" if parameter.kind == "file" else parameter.type
    required = " required" if parameter.required else ""
    return f"<{kind}>{required}{default}{': ' + parameter.help if parameter.help else ''}"


def _marks(graph: Graph, step: Step) -> str:
    marks = [end for end in ("start", "end") if getattr(graph, end) == step.name != end]
    marks += ["R"] if step.language == "r" else []
    marks += ["join"] if step.join else []
    return f" ({', '.join(marks)})" if marks else ""


def _decorator(decorator: Decorator) -> str:
    return f"{decorator.name}({', '.join(f'{key}={value!r}' for key, value in decorator.args.items())})"


def _transition(transition: Transition) -> str:
    targets = ", ".join(transition.targets)
    if transition.kind == "switch":
        cases = ", ".join(f"{key}: {target}" for key, target in transition.cases)
        return f"by {transition.condition}: {cases}"
    if transition.kind == "foreach":
        return f"{targets} for each of {transition.foreach}"
    return f"{targets}, {_size(transition)}" if transition.kind == "parallel" else targets


def _size(transition: Transition) -> str:
    return f"{transition.num_parallel or 'several'} at the same time"


def _edges(step: Step) -> Iterator[tuple[str, str]]:
    """Each target with what stands at the arrow to it."""
    transition = step.transition
    for target in transition.targets:
        if transition.kind == "switch":
            yield target, ", ".join(f"{transition.condition} = {key}" for key, to in transition.cases if to == target)
        elif transition.kind == "parallel":
            yield target, _size(transition)
        else:
            yield target, f"foreach {transition.foreach}" if transition.foreach else ""


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _dot(graph: Graph) -> Iterator[str]:
    yield f'digraph "{graph.name}" {{'
    yield "  rankdir=LR; node [shape=box, style=rounded, fontname=Helvetica];"
    for step in graph.steps:
        label = step.name + ("\\n(R)" if step.language == "r" else "")
        yield f'  "{step.name}" [label="{label}"];'
    for step in graph.steps:
        for target, text in _edges(step):
            label = f' [label="{_escaped(text)}"]' if text else ""
            yield f'  "{step.name}" -> "{target}"{label};'
    yield "}"
