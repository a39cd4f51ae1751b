import datetime
import decimal
from collections import OrderedDict, namedtuple

from metaflow import FlowSpec, step

Point = namedtuple("Point", "x y")


class ValuesFlow(FlowSpec):
    """Values of many types pass from step to step."""

    @step
    def start(self):
        import numpy
        import pandas

        self.scalars = [1, 2**70, 1.5, True, None, "text", b"bytes", 1 + 2j]
        self.times = [datetime.date(2024, 2, 29), datetime.datetime(2024, 1, 1, 12, tzinfo=datetime.UTC)]
        self.decimal = decimal.Decimal("1.10")
        self.nested = {"a": ({1, 2}, OrderedDict(x=1)), 3: [None, {"b": (1,)}]}
        self.array = numpy.arange(6).reshape(2, 3)
        self.frame = pandas.DataFrame({"i": [1, 2], "t": ["a", None], "d": pandas.to_datetime(["2024-01-01", None])})
        self.frame_index = self.frame.set_index("i")
        self.series = pandas.Series([1.0, float("nan")], name="s")
        self.next(self.end)

    @step
    def end(self):
        self.frame["new"] = 1
        self.shape = self.array.shape
        self.kinds = [type(value).__name__ for value in self.scalars]


if __name__ == "__main__":
    ValuesFlow()
