from metaflow import FlowSpec, catch, current, retry, step


class CatchFlow(FlowSpec):
    @step
    def start(self):
        self.numbers = [0, 1, 2]
        self.next(self.divide, foreach="numbers")

    @catch(var="divide_failed")
    @retry(times=1, minutes_between_retries=0)
    @step
    def divide(self):
        self.before = self.input
        self.tries = current.retry_count
        self.quotient = 10 / self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.results = [None if item.divide_failed else item.quotient for item in inputs]
        self.messages = [item.divide_failed.exception for item in inputs if item.divide_failed]
        self.types = [item.divide_failed.type.split(".")[-1] for item in inputs if item.divide_failed]
        self.places = ["10 / self.input" in item.divide_failed.stacktrace for item in inputs if item.divide_failed]
        self.before = [item.before for item in inputs]
        self.next(self.silent)

    @catch(var="silent_failed", print_exception=False)
    @step
    def silent(self):
        raise KeyError("lost")
        self.next(self.end)

    @step
    def end(self):
        self.truth = bool(self.silent_failed)


if __name__ == "__main__":
    CatchFlow()
