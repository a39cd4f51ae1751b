"""The settings that there are. A new one is a line here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Setting:
    """`kind`: `text`, `path` (relative to the file that has it), `whole` (number), `flag` or `words` (a list of text).

    `default` says in words what holds where nothing is set.
    """

    name: str
    kind: str
    default: str
    help: str

    @property
    def variable(self) -> str:
        """The environment variable that sets it too: PYFLOW_RUN_MAX_WORKERS for run.max_workers."""
        return f"PYFLOW_{self.name.upper().replace('.', '_')}"


SETTINGS: Mapping[str, Setting] = {
    setting.name: setting
    for setting in (
        Setting("root", "path", "the nearest .pyflow upward", "The folder of the store."),
        Setting("user", "text", "the login name", "Who runs this."),
        Setting("namespace", "text", "user:NAME", "Whose runs the client shows: a tag, or * for all."),
        Setting("python", "path", "the Python that runs pyflow", "The interpreter of Python steps."),
        Setting("rscript", "path", "Rscript on the PATH", "The interpreter of R steps."),
        Setting("default_decorators", "words", "none", "Decorators for every step, as with --with."),
        Setting("branch", "text", "user.NAME", "The branch of a project's runs."),
        Setting("production", "flag", "false", "Runs belong to their project's production."),
        Setting("run.max_workers", "whole", "16", "At most so many tasks run at once."),
        Setting("run.max_num_splits", "whole", "100", "At most so many tasks from one foreach."),
        Setting("run.tag", "words", "none", "Tags of each run."),
        Setting("run.namespace", "text", "user:NAME", "The namespace of each run."),
        Setting("run.isolation", "text", "fork", "Fork tasks (fork) or start each afresh (spawn)."),
        Setting("run.no_retry_wait", "flag", "false", "Retry failed tasks without waiting."),
        Setting("run.package_suffixes", "text", "none", "Other kinds of files in a run's code: .SUFFIX,..."),
        Setting("run.max_resources", "text", "what the machine has", "What tasks may take together: NAME=NUMBER,..."),
    )
}
