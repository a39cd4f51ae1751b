from pyflow import Flow, FlowSpec, Parameter, step


class ReuseFlow(FlowSpec):
    """The genre with the highest median, from the latest statistics."""

    at_least = Parameter("at_least", default=0.0, help="only genres with this median, in millions")

    @step
    def start(self):
        run = Flow("StatisticsFlow").latest_successful_run
        self.source = run.pathspec
        self.statistics = run.data.table
        self.next(self.choose)

    @step
    def choose(self):
        found = self.statistics[self.statistics["median"] >= self.at_least]
        self.chosen = found.sort_values("median", ascending=False)["genre"].iloc[0]
        self.next(self.end)

    @step
    def end(self):
        print(f"{self.chosen}, from {self.source}")


if __name__ == "__main__":
    ReuseFlow()
