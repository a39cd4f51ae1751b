from metaflow import FlowSpec, step


class SwitchFlow(FlowSpec):
    @step
    def start(self):
        self.kind = "loop"
        self.next({"loop": self.again, "skip": self.skipped}, condition="kind")

    @step
    def again(self):
        self.turns = getattr(self, "turns", 0) + 1
        self.more = "yes" if self.turns < 4 else "no"
        self.next({"yes": self.again, "no": self.after}, condition="more")

    @step
    def skipped(self):
        self.turns = 0
        self.next(self.after)

    @step
    def after(self):
        self.doubled = self.turns * 2
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    SwitchFlow()
