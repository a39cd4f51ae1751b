"""The fixtures of the end-to-end tests, and the option that writes the texts anew."""

import os

import pytest

from tests.e2e.conftest import project

__all__ = ["project"]


@pytest.fixture
def update() -> bool:
    """Whether to write the texts instead of comparing them: `UPDATE_MESSAGES=1 pytest -n0 tests/messages`; then review them."""
    return bool(os.environ.get("UPDATE_MESSAGES"))
