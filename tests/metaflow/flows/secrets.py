import os

from metaflow import FlowSpec, secrets, step


class SecretsFlow(FlowSpec):
    @secrets(sources=[{"type": "inline", "id": "tale", "options": {"env_vars": {"SECRET_NAME": "Rumpelstilzchen"}}}])
    @step
    def start(self):
        self.length = len(os.environ["SECRET_NAME"])
        self.next(self.end)

    @step
    def end(self):
        self.outside = "SECRET_NAME" in os.environ


if __name__ == "__main__":
    SecretsFlow()
