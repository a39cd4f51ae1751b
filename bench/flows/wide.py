"""A foreach of WIDTH empty steps."""

import importlib
import os

framework = importlib.import_module(os.environ["FRAMEWORK"])
FlowSpec, step = framework.FlowSpec, framework.step


class WideFlow(FlowSpec):
    @step
    def start(self):
        self.items = list(range(int(os.environ["WIDTH"])))
        self.next(self.work, foreach="items")

    @step
    def work(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    WideFlow()
