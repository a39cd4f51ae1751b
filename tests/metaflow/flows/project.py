# before: --branch fast
from metaflow import FlowSpec, current, project, step


@project(name="compare")
class ProjectFlow(FlowSpec):
    @step
    def start(self):
        self.names = [current.project_name, current.branch_name, current.project_flow_name]
        self.flags = [current.is_user_branch, current.is_production]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ProjectFlow()
