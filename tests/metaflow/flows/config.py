# files: config.json
# before: --config settings config.json --config-value limits {"low":1,"high":5}
import os

from metaflow import Config, FlowSpec, Parameter, config_expr, environment, retry, step


class ConfigFlow(FlowSpec):
    settings = Config("settings")
    limits = Config("limits", default_value={"low": 0})
    plain = Config("plain", default_value={"k": [1, 2]})
    depth = Parameter("depth", default=settings.model.depth)

    @environment(vars={"MODEL": config_expr("settings.model.name.lower()")})
    @step
    def start(self):
        self.model = os.environ["MODEL"]
        self.sum = self.limits.low + self.limits["high"]
        self.labels = list(self.settings.labels)
        self.keys = sorted(self.settings.keys())
        self.next(self.end)

    @retry(times=settings.model.times)
    @step
    def end(self):
        self.result = [self.depth, self.plain.k[1], self.settings["model"]["name"]]


if __name__ == "__main__":
    ConfigFlow()
