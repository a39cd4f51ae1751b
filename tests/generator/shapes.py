"""Shapes of graphs, as data. Nothing here says what a step does.

A step of role `work` is where behaviours do things that may go wrong; `compose` makes a chain of steps of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Node:
    """A step and where it leads. `size`: items of a foreach, members of a gang. `cases` of a switch are by key; `pick` says
    how it chooses: the `first` case, the `last`, by `index` in the foreach, or `turns`: "more" until it has had its turns.
    """

    name: str
    kind: str
    next: tuple[str, ...] = ()
    join: bool = False
    size: int = 0
    cases: Mapping[str, str] | None = None
    pick: str = ""
    work: bool = False


def to(name: str, next: str, **more: bool) -> Node:
    return Node(name, "linear", (next,), **more)


def work(name: str, next: str) -> Node:
    return Node(name, "linear", (next,), work=True)


def join(name: str, next: str) -> Node:
    return Node(name, "linear", (next,), join=True)


def branch(name: str, *next: str) -> Node:
    return Node(name, "branch", next)


def foreach(name: str, next: str, size: int) -> Node:
    return Node(name, "foreach", (next,), size=size)


def gang(name: str, next: str, size: int) -> Node:
    return Node(name, "parallel", (next,), size=size)


def switch(name: str, pick: str, **cases: str) -> Node:
    return Node(name, "switch", tuple(cases.values()), cases=cases, pick=pick)


END = Node("end", "end")

SHAPES: Mapping[str, tuple[Node, ...]] = {
    "linear": (to("start", "middle"), work("middle", "end"), END),
    "branch": (branch("start", "left", "right"), work("left", "both"), work("right", "both"), join("both", "end"), END),
    "nested_branch": (
        branch("start", "left", "right"),
        branch("left", "left_a", "left_b"),
        work("left_a", "left_both"),
        to("left_b", "left_both"),
        join("left_both", "left_after"),
        to("left_after", "both"),
        work("right", "both"),
        join("both", "end"),
        END,
    ),
    "foreach": (foreach("start", "each", 3), work("each", "gather"), join("gather", "end"), END),
    "nested_foreach": (
        foreach("start", "second", 2),
        foreach("second", "third", 2),
        foreach("third", "leaf", 2),
        work("leaf", "gather_three"),
        join("gather_three", "gather_two"),
        join("gather_two", "gather_one"),
        join("gather_one", "end"),
        END,
    ),
    "switch": (
        switch("start", "last", short="quick", long="slow"),
        to("quick", "after"),
        work("slow", "after"),
        to("after", "end"),
        END,
    ),
    "nested_switch": (
        switch("start", "first", inward="deeper", outward="outside"),
        switch("deeper", "last", one="first", two="second"),
        to("first", "after_inner"),
        work("second", "after_inner"),
        to("after_inner", "after"),
        to("outside", "after"),
        to("after", "end"),
        END,
    ),
    "branch_in_switch": (
        switch("start", "first", wide="fork", narrow="single"),
        branch("fork", "left", "right"),
        work("left", "both"),
        work("right", "both"),
        join("both", "after"),
        to("single", "after"),
        to("after", "end"),
        END,
    ),
    "foreach_in_switch": (
        switch("start", "last", single="alone", many="fan"),
        to("alone", "after"),
        foreach("fan", "each", 3),
        work("each", "gather"),
        join("gather", "after"),
        to("after", "end"),
        END,
    ),
    "switch_in_branch": (
        branch("start", "choose", "right"),
        switch("choose", "first", yes="good", no="bad"),
        work("good", "chosen"),
        to("bad", "chosen"),
        to("chosen", "both"),
        work("right", "both"),
        join("both", "end"),
        END,
    ),
    "switch_in_foreach": (
        foreach("start", "choose", 4),
        switch("choose", "index", even="one", odd="two"),
        work("one", "chosen"),
        to("two", "chosen"),
        to("chosen", "gather"),
        join("gather", "end"),
        END,
    ),
    "recursion": (
        to("start", "again"),
        switch("again", "turns", more="again", done="after"),
        work("after", "end"),
        END,
    ),
    "recursion_in_foreach": (
        foreach("start", "again", 3),
        switch("again", "turns", more="again", done="after"),
        work("after", "gather"),
        join("gather", "end"),
        END,
    ),
    "parallel": (gang("start", "member", 2), work("member", "gather"), join("gather", "end"), END),
}
