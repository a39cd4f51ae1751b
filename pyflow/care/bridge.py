"""What R's store_gc() and its like ask through reticulate (process.asking)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pyflow.care import here
from pyflow.process.asking import Operations, Request, answer


def ask(text: str) -> str:
    """Answer one request."""
    return answer(text, OPERATIONS)


def _gc(request: Request) -> dict[str, Any]:
    return here.store_gc(**{key: value for key, value in request.items() if key != "op"})


def _rows(rows: Any) -> list[dict[str, Any]]:
    return [asdict(row) for row in rows]


OPERATIONS: Operations = {
    "store_gc": _gc,
    "delete_runs": lambda request: here.delete_runs(*request["paths"]),
    "pin": lambda request: asdict(here.pin(request["path"], request["note"])),
    "unpin": lambda request: here.unpin(request["path"]),
    "pins": lambda request: _rows(here.pins()),
    "store_check": lambda request: _rows(here.store_check(read_data=request["read_data"])),
    "store_repair": lambda request: _rows(here.store_repair()),
    "store_stats": lambda request: _rows(here.store_stats(request.get("flow"))),
}
