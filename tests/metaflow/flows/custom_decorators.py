from metaflow import FlowMutator, FlowSpec, StepMutator, UserStepDecorator, environment, step, user_step_decorator


@user_step_decorator
def noted(step_name, flow, inputs, attributes):
    flow.notes = [f"before {step_name} {attributes.get('label')}"]
    yield
    flow.notes = [*flow.notes, f"after {step_name}"]


class Counted(UserStepDecorator):
    def init(self, **kwargs):
        self.amount = kwargs.get("amount", 1)

    def pre_step(self, step_name, flow, inputs):
        flow.counter = self.amount

    def post_step(self, step_name, flow, exception=None):
        flow.counter = flow.counter + 100


class Variables(StepMutator):
    def init(self, *args, **kwargs):
        self.value = kwargs["value"]

    def mutate(self, mutable_step):
        mutable_step.add_decorator(environment, deco_kwargs={"vars": {"MUTATED": self.value}})


class WithParameter(FlowMutator):
    def pre_mutate(self, mutable_flow):
        from metaflow import Parameter

        mutable_flow.add_parameter("extra", Parameter("extra", default=7))


@WithParameter
class CustomFlow(FlowSpec):
    @noted(label="x")
    @step
    def start(self):
        self.inside = list(self.notes)
        self.next(self.middle)

    @Counted(amount=5)
    @step
    def middle(self):
        self.counter = self.counter * 2
        self.next(self.end)

    @Variables(value="changed")
    @step
    def end(self):
        import os

        self.variable = os.environ["MUTATED"]
        self.extra_seen = self.extra


if __name__ == "__main__":
    CustomFlow()
