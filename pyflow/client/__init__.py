"""Read results: flows, runs, steps, tasks, artifacts. Nothing here writes, no value is opened unasked.

    from pyflow import Flow
    run = Flow("GenreStatsFlow").latest_successful_run
    run.data.genre_stats

Objects ask the store when a question is put to them; what cannot change any more is asked once.
"""

from __future__ import annotations

from pyflow.client.artifacts import Artifact, Artifacts, Data
from pyflow.client.catalog import Catalog, default_catalog, default_metadata, get_metadata, metadata
from pyflow.client.code import Code
from pyflow.client.compare import Comparison, compare
from pyflow.client.failure import Failure
from pyflow.client.find import Found
from pyflow.client.flows import Flow, Pyflow
from pyflow.client.logs import LogLine
from pyflow.client.runs import Run, Step
from pyflow.client.tasks import Attempt, Task
from pyflow.define.namespaces import NamespaceMismatch, default_namespace, get_namespace, namespace

Metaflow = Pyflow
DataArtifact = Artifact

__all__ = [
    "Artifact",
    "Artifacts",
    "Attempt",
    "Catalog",
    "Code",
    "Comparison",
    "Data",
    "DataArtifact",
    "Failure",
    "Flow",
    "Found",
    "LogLine",
    "Metaflow",
    "NamespaceMismatch",
    "Pyflow",
    "Run",
    "Step",
    "Task",
    "compare",
    "default_catalog",
    "default_metadata",
    "default_namespace",
    "get_metadata",
    "get_namespace",
    "metadata",
    "namespace",
]
