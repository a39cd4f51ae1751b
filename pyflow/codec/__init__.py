"""Python values <-> artifacts (shared_spec/artifact.md)."""

from __future__ import annotations

from pyflow.codec.codec import Description, PythonCodec

__all__ = ["Description", "PythonCodec"]
