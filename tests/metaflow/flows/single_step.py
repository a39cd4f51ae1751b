from metaflow import FlowSpec, step


class SingleFlow(FlowSpec):
    @step
    def only(self):
        self.x = 1


if __name__ == "__main__":
    SingleFlow()
