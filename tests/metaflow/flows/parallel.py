from metaflow import FlowSpec, current, parallel, step


class ParallelFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.work, num_parallel=3)

    @parallel
    @step
    def work(self):
        self.node = current.parallel.node_index
        self.nodes = current.parallel.num_nodes
        self.square = self.node**2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.squares = sorted(item.square for item in inputs)
        self.nodes = {item.nodes for item in inputs}
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ParallelFlow()
