"""Random flows of every shape, for property tests: a shape is a list of blocks, from which a valid graph is made.

A block is ("step",), ("branch", [shape, ...]) or ("foreach", shape); a branch may have one empty shape: a way straight
into its join.
"""

from hypothesis import strategies as st

from pyflow.spec.graph import Decorator, Function, Graph, Step, Transition

_STEP = st.just(("step",))


def _larger(shapes):
    branch = st.lists(shapes, min_size=2, max_size=3).map(lambda ways: ("branch", ways))
    short = shapes.map(lambda way: ("branch", [[], way]))
    return st.lists(st.one_of(_STEP, branch, short, shapes.map(lambda way: ("foreach", way))), min_size=1, max_size=3)


SHAPES = st.recursive(st.lists(_STEP, min_size=1, max_size=2), _larger, max_leaves=8)

RETRY = Decorator("retry", {"times": 2, "minutes_between_retries": 1})
CATCH = Decorator("catch", {"var": "caught"})
DECORATORS = st.lists(st.sampled_from([(), (RETRY,), (CATCH,), (RETRY, CATCH)]), min_size=1, max_size=7)


def graph_of(shape, decorators=((),)):
    """The graph of a shape: a split s3 is closed by the join j4, and so on. Steps take turns with `decorators`."""
    steps = []
    number = iter(range(1, 10_000))

    def add(name, transition, *, join=False):
        mine = decorators[len(steps) % len(decorators)]
        if transition.kind == "foreach":
            mine = tuple(decorator for decorator in mine if decorator is not CATCH)
        steps.append(Step(name, "python", Function(None), transition, join, mine))

    def emit(blocks, after):
        """Adds the steps of the blocks; returns the name of the first one."""
        for block in reversed(blocks):
            after = emit_block(block, after)
        return after

    def emit_block(block, after):
        name, join = (f"{letter}{next(number)}" for letter in "sj")
        if block[0] == "step":
            add(name, Transition("linear", (after,)))
            return name
        add(join, Transition("linear", (after,)), join=True)
        if block[0] == "branch":
            add(name, Transition("branch", tuple(emit(way, join) for way in block[1])))
        else:
            add(name, Transition("foreach", (emit(block[1], join),), "items"))
        return name

    start = emit(shape, "end")
    add("end", Transition("end"))
    return Graph("Random", "python", None, tuple(reversed(steps)), start=start)


def expected_tasks(graph, count):
    """All (step, indices of the open splits) of a run without failure; `count(step, indices)` is a foreach's width."""
    found = []

    def walk(name, indices):
        """Follows the flow up to the join that closes the innermost split; returns that join."""
        while True:
            step = graph.step(name)
            found.append((name, indices))
            targets = step.transition.targets
            if step.transition.kind == "end":
                return None
            if step.transition.kind == "branch":
                joins = {into(target, (*indices, index)) for index, target in enumerate(targets)}
            elif step.transition.kind == "foreach":
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
