"""A foreach of WIDTH steps with a score each, whose best is the run's accuracy."""

import importlib
import os

framework = importlib.import_module(os.environ["FRAMEWORK"])
FlowSpec, Parameter, step = framework.FlowSpec, framework.Parameter, framework.step


class Tuning(FlowSpec):
    alpha = Parameter("alpha", default=0.5)

    @step
    def start(self):
        self.items = list(range(int(os.environ["WIDTH"])))
        self.next(self.fit, foreach="items")

    @step
    def fit(self):
        self.score = self.alpha * self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.accuracy = max(i.score for i in inputs)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Tuning()
