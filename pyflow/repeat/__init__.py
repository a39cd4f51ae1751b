"""Carry out one task of an earlier run again: on its inputs, with the code as it is now, where a person can watch."""

from __future__ import annotations

from pyflow.repeat.carry import Repeated, carry_out, open_only, open_session
from pyflow.repeat.origin import Origin, find_origin, request_of, undecorated
from pyflow.repeat.values import Given, given_values, replaced

__all__ = [
    "Given",
    "Origin",
    "Repeated",
    "carry_out",
    "find_origin",
    "given_values",
    "open_only",
    "open_session",
    "replaced",
    "request_of",
    "undecorated",
]
