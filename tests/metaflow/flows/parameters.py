# run: --count 4 --flag True --names a,b --data {"k":[1,null]}
from metaflow import FlowSpec, JSONType, Parameter, step


def computed(context):
    return context.parameter_name.upper()


class BaseFlow(FlowSpec):
    count = Parameter("count", default=1)
    factor = 3
    table = {"x": [1, 2]}

    @step
    def start(self):
        self.product = self.count * self.factor
        self.next(self.end)


class ParametersFlow(BaseFlow):
    flag = Parameter("flag", type=bool, default=False)
    ratio = Parameter("ratio", default=0.25)
    names = Parameter("names", separator=",", default="x")
    data = Parameter("data", type=JSONType, default="[]")
    made = Parameter("made", default=computed)
    absent = Parameter("absent", default=None)

    @step
    def end(self):
        self.seen = [self.count, self.flag, self.ratio, list(self.names), self.data, self.made, self.absent]
        try:
            self.factor = 4
        except AttributeError:
            self.refused = True


if __name__ == "__main__":
    ParametersFlow()
