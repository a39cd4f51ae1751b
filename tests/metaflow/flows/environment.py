import os

from metaflow import FlowSpec, environment, step


class EnvironmentFlow(FlowSpec):
    @environment(vars={"GREETING": "Grüße", "NUMBER": "3"})
    @step
    def start(self):
        self.greeting = os.environ["GREETING"]
        self.number = int(os.environ["NUMBER"])
        self.next(self.end)

    @step
    def end(self):
        self.outside = os.environ.get("GREETING")


if __name__ == "__main__":
    EnvironmentFlow()
