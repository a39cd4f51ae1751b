from pyflow import FlowSpec, Parameter, step


class HelloFlow(FlowSpec):
    """Greets somebody."""

    name = Parameter("name", default="world", help="whom to greet")

    @step
    def start(self):
        """What is put on self is kept."""
        self.words = ["hello", self.name]
        self.next(self.greet)

    @step
    def greet(self):
        """This runs in another process, and has the words."""
        self.greeting = " ".join(self.words) + "!"
        self.next(self.end)

    @step
    def end(self):
        print(self.greeting)


if __name__ == "__main__":
    HelloFlow()
