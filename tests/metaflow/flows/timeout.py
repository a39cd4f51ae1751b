import time

from metaflow import FlowSpec, catch, step, timeout


class TimeoutFlow(FlowSpec):
    @timeout(seconds=1)
    @catch(var="failed")
    @step
    def start(self):
        self.before = 1
        time.sleep(30)
        self.next(self.quick)

    @timeout(minutes=1, seconds=5)
    @step
    def quick(self):
        self.after = self.before + 1
        self.next(self.end)

    @step
    def end(self):
        self.is_timeout = "imeout" in str(self.failed.type)


if __name__ == "__main__":
    TimeoutFlow()
