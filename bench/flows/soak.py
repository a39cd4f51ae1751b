"""A flow in both languages with enough tasks to be killed in; its final artifacts are the same every time."""

import time

from pyflow import FlowSpec, Parameter, r_step, step


class SoakFlow(FlowSpec):
    width = Parameter("width", default=12)

    @step
    def start(self):
        self.items = list(range(self.width))
        self.next(self.outer, foreach="items")

    @step
    def outer(self):
        time.sleep(0.05)
        self.squares = [self.input**2, self.input**3]
        self.next(self.model)

    model = r_step("soak.R", "fit", next="gather")

    @step
    def gather(self, inputs):
        self.table = {str(branch.squares[0]): branch.slope for branch in inputs}
        self.total = sum(branch.squares[1] for branch in inputs)
        self.next(self.both)

    @step
    def both(self):
        self.next(self.left, self.right)

    @step
    def left(self):
        time.sleep(0.1)
        self.side = "left"
        self.next(self.join)

    @step
    def right(self):
        self.side = "right"
        self.next(self.join)

    @step
    def join(self, inputs):
        self.sides = [branch.side for branch in inputs]
        self.merge_artifacts(inputs, exclude=["side"])
        self.next(self.end)

    @step
    def end(self):
        self.done = True


if __name__ == "__main__":
    SoakFlow()
