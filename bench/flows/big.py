"""A foreach whose tasks all read one big table and wait for one another, so that their memory can be measured."""

import os
import time
from pathlib import Path

import numpy as np
import pandas as pd

from pyflow import FlowSpec, step

PLACE = Path(os.environ["BENCH_PLACE"])
ROWS, WIDTH = int(os.environ["ROWS"]), int(os.environ["WIDTH"])
MISSING = os.environ.get("MISSING") == "1"


class BigFlow(FlowSpec):
    @step
    def start(self):
        random = np.random.default_rng(1)
        columns = {f"x{k}": random.standard_normal(ROWS) for k in range(10)}
        if MISSING:
            # As an R step leaves them.
            for values in columns.values():
                values.view(np.uint64)[::100] = 0x7FF0_0000_0000_07A2
        self.big = pd.DataFrame(columns)
        self.items = list(range(WIDTH))
        self.next(self.work, foreach="items")

    @step
    def work(self):
        # DataFrame.sum() makes a mask as long as the column; what is measured is the table, not pandas.
        self.total = str(sum(float(self.big[name].to_numpy().sum()) for name in self.big))
        (PLACE / f"ready-{self.input}").touch()
        while not (PLACE / "go").exists():
            time.sleep(0.05)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.totals = {branch.total for branch in inputs}
        self.next(self.end)

    @step
    def end(self):
        assert len(self.totals) == 1


if __name__ == "__main__":
    BigFlow()
