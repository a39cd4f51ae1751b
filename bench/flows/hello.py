"""Three empty steps. FRAMEWORK chooses whose FlowSpec they belong to."""

import importlib
import os

framework = importlib.import_module(os.environ["FRAMEWORK"])
FlowSpec, step = framework.FlowSpec, framework.step


class HelloFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.middle)

    @step
    def middle(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    HelloFlow()
