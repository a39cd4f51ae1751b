"""Graphs, timelines and pages as SVG and HTML."""

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings

from pyflow.views import graph, layout, page, timeline
from pyflow.views.text import seconds_text, size_text
from tests.unit.flow_shapes import SHAPES, graph_of

SVG = "{http://www.w3.org/2000/svg}"


@settings(max_examples=60, deadline=None)
@given(SHAPES)
def test_every_shape_of_flow_can_be_drawn(shape):
    flow = graph_of(shape)
    image = ET.fromstring(graph.svg(flow))
    width, height = float(image.get("width")), float(image.get("height"))
    boxes = {
        rect: tuple(float(rect.get(k)) for k in ("x", "y", "width", "height")) for rect in image.iter(f"{SVG}rect")
    }
    assert len(boxes) == len(flow.steps)
    for x, y, w, h in boxes.values():
        assert x >= 0 and y >= 0 and x + w <= width and y + h <= height
    placed = sorted(boxes.values())
    for one in placed:
        for other in placed:
            beside = one[0] + one[2] <= other[0] or other[0] + other[2] <= one[0]
            assert one == other or beside or one[1] + one[3] <= other[1] or other[1] + other[3] <= one[1]
    arrows = [path for path in image.iter(f"{SVG}path") if path.get("marker-end")]
    assert len(arrows) == len({(step.name, target) for step in flow.steps for target in step.transition.targets})


def test_states_colour_steps_and_stand_under_their_names():
    flow = graph_of([("step",)])
    name = flow.steps[0].name
    text = graph.svg(flow, {name: graph.State("failed", "3 tasks, 1 failed")})
    assert text.count("#f4acb7") == 1 and "3 tasks, 1 failed" in text


def test_layers_follow_the_longest_way_and_long_edges_get_bends():
    placed = layout.place("abcd", [("a", "b"), ("b", "c"), ("c", "d"), ("a", "d")])
    assert [[item for item in row if isinstance(item, str)] for row in placed.layers] == [["a"], ["b"], ["c"], ["d"]]
    assert len(placed.ways["a", "d"]) == 4


def test_crossing_branches_are_put_side_by_side():
    placed = layout.place("sabxye", [("s", "a"), ("s", "b"), ("a", "y"), ("b", "x"), ("x", "e"), ("y", "e")])
    assert placed.layers[1] == ("a", "b") and placed.layers[2] == ("y", "x")


def test_a_timeline_has_a_bar_for_each_task_or_one_for_many():
    bars = [timeline.Bar(i, i + 1, "success", f"t{i}") for i in range(3)]
    image = ET.fromstring(timeline.svg([("start", bars[:1]), ("fit <b>", bars)]))
    assert len(list(image.iter(f"{SVG}rect"))) == 4
    many = timeline.svg([("fit", [timeline.Bar(i, i + 1, "success", "t") for i in range(5000)])])
    assert many.count("<rect") == 1 and "5000 tasks" in many and len(many) < 3000
    assert timeline.svg([]) == ""


def test_what_users_wrote_is_escaped():
    text = page.page(
        page.title("Run", "<script>alert(1)</script>", "failed"),
        page.facts({"<b>": "<i>x</i>", "none": None}),
        page.table(("a",), [("<img>",)]),
        page.section("x", page.block("<pre>")),
        timeline.svg([("<u>", [timeline.Bar(0, 1, "<s>", "<q>")])]),
    )
    assert not re.search(r"<(script|b|i|img|u|s|q)>", text)
    assert "&lt;script&gt;" in text and ">none<" not in text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0124, "12 ms"),
        (0.9999, "1.0 s"),
        (3.44, "3.4 s"),
        (59.99, "1 min 0 s"),
        (312, "5 min 12 s"),
        (7500, "2 h 5 min"),
    ],
)
def test_times_as_people_read_them(seconds, text):
    assert seconds_text(seconds) == text


@pytest.mark.parametrize(("size", "text"), [(812, "812 B"), (999.6, "1.0 kB"), (12_300, "12.3 kB"), (4e12, "4.0 TB")])
def test_sizes_as_people_read_them(size, text):
    assert size_text(size) == text
