from metaflow import FlowSpec, current, step


class JoinsFlow(FlowSpec):
    @step
    def start(self):
        self.common = {"a": [1, 2]}
        self.grown = [0]
        self.outer = ["p", "q"]
        self.next(self.left, self.right)

    @step
    def left(self):
        self.x = 1
        self.same = (1, "two", None)
        self.grown.append(1)
        self.next(self.fan)

    @step
    def fan(self):
        self.next(self.inner, foreach="outer")

    @step
    def inner(self):
        self.place = [self.index, self.input, current.step_name]
        self.letters = "ab"
        self.next(self.deepest, foreach="letters")

    @step
    def deepest(self):
        self.path = [item[2] if len(item) > 2 else item for item in self.foreach_stack()]
        self.next(self.join_deepest)

    @step
    def join_deepest(self, inputs):
        self.paths = [item.path for item in inputs]
        self.merge_artifacts(inputs, include=["place", "common"])
        self.next(self.join_inner)

    @step
    def join_inner(self, inputs):
        self.paths = [path for item in inputs for path in item.paths]
        self.x = 1
        self.same = (1, "two", None)
        self.grown = [0, 1]
        self.next(self.both)

    @step
    def right(self):
        self.x = 2
        self.same = (1, "two", None)
        self.grown.append(1)
        self.next(self.both)

    @step
    def both(self, inputs):
        try:
            self.merge_artifacts(inputs)
        except Exception as error:
            self.refused = "x" in str(error)
        self.x = inputs.join_inner.x + inputs.right.x
        self.merge_artifacts(inputs, exclude=["paths"])
        self.paths = inputs.join_inner.paths
        self.next(self.end)

    @step
    def end(self):
        self.names = sorted(name for name in ("common", "x", "same", "grown", "paths", "outer") if hasattr(self, name))


if __name__ == "__main__":
    JoinsFlow()
