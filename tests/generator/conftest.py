"""The fixtures of the end-to-end tests: a project in an empty folder, with R where the form needs it."""

from tests.e2e.conftest import project

__all__ = ["project"]
