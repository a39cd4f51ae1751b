"""One R process for all journeys of a test file."""

from __future__ import annotations

import pytest

from tests.properties.r_process import RProcess


@pytest.fixture(scope="module")
def r(rlib, tmp_path_factory):
    process = RProcess(tmp_path_factory.mktemp("artifacts"), rlib)
    yield process
    process.close()
