from metaflow import FlowSpec, current, retry, step


class RetryFlow(FlowSpec):
    @retry(times=2, minutes_between_retries=0)
    @step
    def start(self):
        self.seen = current.retry_count
        if current.retry_count < 2:
            raise ValueError("not yet")
        self.next(self.plain)

    @retry
    @step
    def plain(self):
        self.count = current.retry_count
        self.next(self.end)

    @step
    def end(self):
        self.more = self.seen + self.count


if __name__ == "__main__":
    RetryFlow()
