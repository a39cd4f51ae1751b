import pandas as pd

from pyflow import FlowSpec, Parameter, step


class TuningFlow(FlowSpec):
    """How well a model with this alpha does, in three folds."""

    alpha = Parameter("alpha", default=0.5, help="how much the model is smoothed")

    @step
    def start(self):
        self.folds = [1, 2, 3]
        self.next(self.fit, foreach="folds")

    @step
    def fit(self):
        print(f"fold {self.input}")
        self.fold = self.input
        self.score = round(1 - (self.alpha - 0.3) ** 2 - self.fold / 100, 4)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.scores = pd.DataFrame({"fold": [i.fold for i in inputs], "score": [i.score for i in inputs]})
        self.accuracy = min(i.score for i in inputs)
        self.next(self.end)

    @step
    def end(self):
        print(f"alpha {self.alpha}: accuracy {self.accuracy}")


if __name__ == "__main__":
    TuningFlow()
