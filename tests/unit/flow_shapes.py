"""Random flows of every shape, for property tests: a shape is a list of blocks, from which a valid graph is made.

A block is ("step",), ("branch", [shape, ...]), ("foreach", shape), ("gang",), ("switch", [shape, ...]), whose ways meet
again, or ("loop", shape), which is gone through until a switch at its end goes on. One way of a branch or switch may be
empty: straight into the join, or to where the ways meet.
"""

from collections import Counter

from hypothesis import strategies as st

from pyflow.spec.graph import Decorator, Function, Graph, Step, Transition

_STEP = st.just(("step",))
_GANG = st.just(("gang",))


def _ways(kind, shapes):
    full = st.lists(shapes, min_size=2, max_size=3).map(lambda ways: (kind, ways))
    return st.one_of(full, shapes.map(lambda way: (kind, [[], way])))


def _larger(shapes):
    around = [shapes.map(lambda way, kind=kind: (kind, way)) for kind in ("foreach", "loop")]
    blocks = st.one_of(_STEP, _GANG, _ways("branch", shapes), _ways("switch", shapes), *around)
    return st.lists(blocks, min_size=1, max_size=3)


SHAPES = st.recursive(st.lists(_STEP, min_size=1, max_size=2), _larger, max_leaves=8)

RETRY = Decorator("retry", {"times": 2, "minutes_between_retries": 1})
CATCH = Decorator("catch", {"var": "caught"})
PARALLEL = Decorator("parallel")
DECORATORS = st.lists(st.sampled_from([(), (RETRY,), (CATCH,), (RETRY, CATCH)]), min_size=1, max_size=7)


def graph_of(shape, decorators=((),)):
    """The graph of a shape: a split s3 is closed by the join j4, and so on. Steps take turns with `decorators`."""
    maker = _Maker(decorators)
    start = maker.shape(shape, "end")
    maker.add("end", Transition("end"))
    return Graph("Random", "python", None, tuple(reversed(maker.steps)), start=start)


class _Maker:
    """Makes steps from the last one to the first one."""

    def __init__(self, decorators):
        self.decorators = decorators
        self.steps = []
        self.number = iter(range(1, 10_000))

    def name(self, letter):
        return f"{letter}{next(self.number)}"

    def add(self, name, transition, *, join=False, own=()):
        mine = self.decorators[len(self.steps) % len(self.decorators)]
        if transition.kind in ("foreach", "parallel", "switch"):
            mine = tuple(decorator for decorator in mine if decorator is not CATCH)
        self.steps.append(Step(name, "python", Function(None), transition, join, (*own, *mine)))
        return name

    def shape(self, blocks, after):
        """Adds the steps of the blocks; returns the name of the first one."""
        for block in reversed(blocks):
            after = getattr(self, block[0])(after, *block[1:])
        return after

    def step(self, after):
        return self.add(self.name("s"), Transition("linear", (after,)))

    def join(self, after):
        return self.add(self.name("j"), Transition("linear", (after,)), join=True)

    def branch(self, after, ways):
        join = self.join(after)
        return self.add(self.name("s"), Transition("branch", tuple(self.shape(way, join) for way in ways)))

    def foreach(self, after, way):
        join = self.join(after)
        return self.add(self.name("s"), Transition("foreach", (self.shape(way, join),), "items"))

    def gang(self, after):
        member = self.add(self.name("s"), Transition("linear", (self.join(after),)), own=(PARALLEL,))
        return self.add(self.name("s"), Transition("parallel", (member,), num_parallel="size"))

    def ordinary(self, name):
        """A step that a switch may lead to."""
        return self.step(name) if name.startswith("j") else name

    def switch(self, after, ways):
        after = self.ordinary(after)
        return self.choose(self.name("s"), [self.shape(way, after) for way in ways])

    def loop(self, after, way):
        check = self.name("s")
        first = self.shape(way, check)
        self.choose(check, [first, self.ordinary(after)])
        # The check is made after what it goes back to; a shape's steps stand in the order of making.
        return first

    def choose(self, name, targets):
        cases = tuple((str(number), target) for number, target in enumerate(targets))
        targets = tuple(dict.fromkeys(targets))
        return self.add(name, Transition("switch", targets, condition="kind", cases=cases))


class Chooser:
    """Chooses a case of a switch, by what was chosen before at the same step and place: all cases in turn."""

    def __init__(self, graph):
        self.graph = graph
        self.visits = Counter()

    def __call__(self, step, indices):
        targets = self.graph.step(step).transition.targets
        self.visits[step, indices] += 1
        return targets[(sum(indices) + self.visits[step, indices]) % len(targets)]


def expected_tasks(graph, count):
    """All (step, indices of the open splits) of a run without failure; `count(step, indices)` is the width of a foreach
    or gang, and a Chooser chooses."""
    found = []
    choose = Chooser(graph)

    def walk(name, indices):
        """Follows the flow up to the join that closes the innermost split; returns that join."""
        while True:
            step = graph.step(name)
            found.append((name, indices))
            kind, targets = step.transition.kind, step.transition.targets
            if kind == "end":
                return None
            if kind == "switch":
                name = choose(name, indices)
                continue
            if kind == "branch":
                joins = {into(target, (*indices, index)) for index, target in enumerate(targets)}
            elif kind in ("foreach", "parallel"):
                joins = {into(targets[0], (*indices, index)) for index in range(count(name, indices))}
            elif graph.step(targets[0]).join:
                return targets[0]
            else:
                name = targets[0]
                continue
            [name] = joins

    def into(name, indices):
        return name if graph.step(name).join else walk(name, indices)

    walk(graph.start, ())
    return found
