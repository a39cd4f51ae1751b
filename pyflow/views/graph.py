"""A flow's graph as SVG: steps as boxes from left to right, coloured by state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from pyflow.spec.graph import Graph, Step
from pyflow.spec.structure import structure
from pyflow.views import layout
from pyflow.views.colors import COLORS, INK, LINE, NOTHING

_HEIGHT, _GAP_X, _GAP_Y, _MARGIN, _LETTER = 40, 70, 22, 12, 7.2
_LABEL = 11


@dataclass(frozen=True)
class State:
    """What a step did: a status, and a line under its name (`3 tasks, 1.2 s`)."""

    status: str | None = None
    note: str = ""


@dataclass(frozen=True)
class _Box:
    x: float
    y: float
    width: float

    @property
    def middle(self) -> float:
        return self.y + _HEIGHT / 2


def svg(graph: Graph, states: Mapping[str, State] | None = None) -> str:
    """The graph as an SVG image; `states` by step for one that ran."""
    form = structure(graph)
    steps = {step.name: step for step in graph.steps}
    edges = [(s.name, t) for s in graph.steps for t in dict.fromkeys(s.transition.targets)]
    forward = [edge for edge in edges if edge not in form.back]
    placed = layout.place(form.order, forward)
    notes = {name: (states or {}).get(name, State()) for name in steps}
    boxes, width, height = _boxes(placed, steps, notes)
    parts = [_way([boxes[item] for item in placed.ways[edge]], _text(steps[edge[0]], edge[1])) for edge in forward]
    parts += [_back(boxes[source], boxes[target], _text(steps[source], target)) for source, target in form.back]
    parts += [_step(steps[name], boxes[name], notes[name]) for name in steps]
    height += 2 * _GAP_Y if form.back else 0
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" role="img" font-family="Helvetica, Arial, sans-serif" font-size="13">'
        f"<title>{escape(graph.name)}</title>{_ARROW}{''.join(parts)}</svg>"
    )


_ARROW = (
    '<defs><marker id="pyflow-arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" '
    f'orient="auto-start-reverse"><path d="M0 0 L8 4 L0 8 z" fill="{LINE}"/></marker></defs>'
)


def _boxes(
    placed: layout.Placed, steps: Mapping[str, Step], notes: Mapping[str, State]
) -> tuple[dict[object, _Box], float, float]:
    tallest = max(len(row) for row in placed.layers)
    height = tallest * (_HEIGHT + _GAP_Y) - _GAP_Y + 2 * _MARGIN
    found: dict[object, _Box] = {}
    x = float(_MARGIN)
    for row in placed.layers:
        widths = [_width(steps[item], notes[item]) if isinstance(item, str) else 0.0 for item in row]
        y = (height - len(row) * (_HEIGHT + _GAP_Y) + _GAP_Y) / 2
        for item, width in zip(row, widths, strict=True):
            own = width if isinstance(item, str) else max(widths)
            found[item] = _Box(x + (max(widths) - own) / 2, y, own)
            y += _HEIGHT + _GAP_Y
        x += max(widths) + max([_GAP_X, *(_labels(steps, item) for item in row)])
    return found, x - _GAP_X + _MARGIN, height


def _width(step: Step, state: State) -> float:
    return max(70.0, _LETTER * max(len(_name(step)), len(state.note)) + 24)


def _labels(steps: Mapping[str, Step], item: object) -> float:
    """How much room the texts at a step's arrows need."""
    if not isinstance(item, str):
        return 0.0
    return max((6.2 * len(_text(steps[item], target)) + 30 for target in steps[item].transition.targets), default=0.0)


def _name(step: Step) -> str:
    return f"{step.name} (R)" if step.language == "r" else step.name


def _text(step: Step, target: str) -> str:
    """What stands at an arrow."""
    transition = step.transition
    if transition.kind == "switch":
        return ", ".join(str(case) for case, to in transition.cases if to == target)
    if transition.kind == "foreach":
        return f"each of {transition.foreach}"
    return f"{transition.num_parallel or 'several'} at a time" if transition.kind == "parallel" else ""


def _step(step: Step, box: _Box, state: State) -> str:
    fill = COLORS.get(state.status or "", NOTHING)
    name = escape(_name(step))
    dash = ' stroke-dasharray="4 3"' if state.status is None and state.note else ""
    line = box.middle + 4.5 if not state.note else box.middle - 2
    shown = f'<text x="{box.x + box.width / 2:.1f}" y="{line:.1f}" text-anchor="middle" fill="{INK}">{name}</text>'
    if state.note:
        shown += (
            f'<text x="{box.x + box.width / 2:.1f}" y="{box.middle + 13:.1f}" text-anchor="middle" fill="{INK}" '
            f'opacity="0.75" font-size="{_LABEL}">{escape(state.note)}</text>'
        )
    title = escape(f"{step.name}: {state.status or 'not run'}" + (f"\n{step.doc}" if step.doc else ""))
    return (
        f'<g><title>{title}</title><rect x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{_HEIGHT}" '
        f'rx="8" fill="{fill}" stroke="{LINE}"{dash}/>{shown}</g>'
    )


def _way(boxes: Sequence[_Box], label: str) -> str:
    """An arrow through bends, as a smooth line."""
    x, y = boxes[0].x + boxes[0].width, boxes[0].middle
    path = f"M{x:.1f} {y:.1f}"
    for box in boxes[1:]:
        half = (box.x - x) / 2
        path += f" C{x + half:.1f} {y:.1f} {box.x - half:.1f} {box.middle:.1f} {box.x:.1f} {box.middle:.1f}"
        x, y = box.x + box.width, box.middle
        if box is not boxes[-1]:
            path += f" L{x:.1f} {y:.1f}"
    # Near its end, where arrows of one step are apart.
    text = _label(boxes[1].x - 12, boxes[1].middle - 7, label, anchor="end")
    return f'<path d="{path}" fill="none" stroke="{LINE}" stroke-width="1.4" marker-end="url(#pyflow-arrow)"/>{text}'


def _back(source: _Box, target: _Box, label: str) -> str:
    """The arrow of a loop, under the boxes."""
    x1, x2 = source.x + source.width / 2, target.x + target.width / 2
    y1, y2 = source.y + _HEIGHT, target.y + _HEIGHT
    low = max(y1, y2) + 2 * _GAP_Y
    if source == target:
        x1, x2 = x1 + 18, x2 - 18
    path = f"M{x1:.1f} {y1:.1f} C{x1:.1f} {low:.1f} {x2:.1f} {low:.1f} {x2:.1f} {y2:.1f}"
    text = _label((x1 + x2) / 2, low - 8, label)
    return f'<path d="{path}" fill="none" stroke="{LINE}" stroke-width="1.4" marker-end="url(#pyflow-arrow)"/>{text}'


def _label(x: float, y: float, text: str, anchor: str = "middle") -> str:
    if not text:
        return ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{LINE}" font-size="{_LABEL}">{escape(text)}</text>'
    )
