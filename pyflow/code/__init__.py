"""A run's code: which files belong to it, the package that keeps them, and what has changed since."""

from __future__ import annotations

from pyflow.code.package import LeftOut, Package, make_package

__all__ = ["LeftOut", "Package", "make_package"]
