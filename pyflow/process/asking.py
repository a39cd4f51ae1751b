"""Requests and answers as JSON text: how R asks Python in its own session, so that no bridge converts a value."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from pyflow.spec.errors import PyflowError, UserError

Request = Mapping[str, Any]
Operations = Mapping[str, Callable[[Request], Any]]


def answer(text: str, operations: Operations) -> str:
    """The answer to `{"op": NAME, ...}`: `{"ok": RESULT}` or `{"error": {"code", "message", "hint"}}`. Never raises."""
    try:
        request = json.loads(text)
        op = request["op"]
        if op not in operations:
            raise UserError(f"unknown request {op!r}", code="protocol_error")
        told: dict[str, Any] = {"ok": operations[op](request)}
    except PyflowError as error:
        told = {"error": {"code": error.code, "message": error.message, "hint": error.hint}}
    except (KeyError, TypeError, ValueError) as error:
        message = f"not a request: {type(error).__name__}: {error}: {text}"
        told = {"error": {"code": "protocol_error", "message": message, "hint": ""}}
    return json.dumps(told, ensure_ascii=False)
