"""Searches (spec.search) as SQL. What people wrote reaches the database as bound parameters only; the texts that are
put together here are those of queries.sql and the expressions below.

Candidates are the runs or tasks that meet the conditions on their facts; only for these the values of artifacts are
looked up, all of one name together. What a condition on a value says of a candidate is whether it is in a set.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any

from pyflow.spec.search import (
    Among,
    Compare,
    Condition,
    Either,
    Every,
    Field,
    Not,
    Order,
    Search,
    Value,
    values_of,
)
from pyflow.spec.task import PARAMETERS, Scalar

_RUN_STATUS = "shown_status(runs.status, runs.flow, runs.run)"
_OF_RUN = {
    "flow": "runs.flow",
    "run": "runs.run",
    "user": "runs.username",
    "status": _RUN_STATUS,
    "created": "runs.created_at",
    "finished": "runs.finished_at",
    "duration": "runs.finished_at - runs.created_at",
    "origin": "runs.origin",
}
_OF_TASK = _OF_RUN | {
    "step": "tasks.step",
    "task": "tasks.task",
    "attempt": "tasks.attempt",
    "status": f"iif(tasks.status = 'running' AND {_RUN_STATUS} <> 'running', 'interrupted', tasks.status)",
    "created": "tasks.created_at",
    "finished": "tasks.finished_at",
    "duration": "tasks.finished_at - tasks.created_at",
    "origin": "tasks.origin",
}
_OF_ARTIFACT = _OF_TASK | {
    "name": "artifacts.name",
    "kind": "blobs.kind",
    "type": "blobs.type",
    "size": "blobs.size",
    "digest": "blobs.digest",
}
_FIELDS: Mapping[str, Mapping[str, str]] = {"runs": _OF_RUN, "tasks": _OF_TASK, "artifacts": _OF_ARTIFACT}
_TAGS = "SELECT value FROM json_each(runs.tags) UNION ALL SELECT value FROM json_each(runs.system_tags)"
_SIGNS = {"=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


class Statement:
    """The SQL of a search of `kind` (`runs`, `tasks`, `artifacts`), its parameters, and the columns `value_N`,
    `text_N` of the values in `search.shown`."""

    def __init__(self, queries: Mapping[str, str], kind: str, search: Search) -> None:
        self.queries = queries
        self.kind = kind
        self.values: dict[str, Any] = {"spins": search.spins, "limit": -1 if search.limit is None else search.limit}
        self._numbers = count()
        self._tables = {value: f"v{number}" for number, value in enumerate(search.shown)}
        early, late = _split(search.where)
        parts = {
            "early": self._all(early),
            "values": "".join(self._table(value) for value in self._tables),
            "columns": "".join(
                f", of_{t}.number AS number_{t}, of_{t}.text AS text_{t}" for t in self._tables.values()
            ),
            "joins": "\n".join(self._joined(value, search.sort) for value in self._tables),
            "late": self._all(late),
            "order": "".join(self._ordered(order) + ", " for order in search.sort),
        }
        self.sql = queries[f"find_{kind}"]
        for name, text in parts.items():
            self.sql = self.sql.replace(f"{{{name}}}", text)

    def shown(self, row: dict[str, Any]) -> dict[str, Scalar]:
        """Take the values out of a row of the answer; by label, without those that are no scalars."""
        found = {
            value.label: scalar_of(row.pop(f"number_{t}"), row.pop(f"text_{t}")) for value, t in self._tables.items()
        }
        return {label: scalar for label, scalar in found.items() if scalar is not None}

    def _bound(self, value: Any) -> str:
        """A parameter with the value."""
        name = f"p{next(self._numbers)}"
        self.values[name] = value
        return f":{name}"

    # Values of artifacts

    def _table(self, value: Value) -> str:
        """The tables in front of the query that hold the value for each candidate that has it."""
        table = self._tables[value]
        self.values[table] = value.name
        if value.step is not None:
            return self._layers(f"{table}_given", table, "of_step", value.step) + self._filled("value_of_step", table)
        own = self._layers(f"{table}_own", table, f"own_of_{self.kind}")
        given = self._layers(f"{table}_given", table, "of_step", PARAMETERS)
        return own + given + self._filled("value_own_or_given", table)

    def _layers(self, table: str, name: str, start: str, step: str | None = None) -> str:
        first = self.queries[start].strip().removesuffix(";")
        if step is not None:
            first = first.replace("{step}", self._bound(step))
        return self._filled("value_layers", table).replace("{start}", first).replace("{name}", f":{name}")

    def _filled(self, query: str, table: str) -> str:
        return ", " + self.queries[query].strip().removesuffix(";").replace("{table}", table)

    def _joined(self, value: Value, sort: tuple[Order, ...]) -> str:
        """One value for each candidate, also where a step has many tasks: the one that comes first in the order."""
        best = "max" if Order(value, descending=True) in sort else "min"
        return self.queries["value_joined"].strip().removesuffix(";").format(table=self._tables[value], best=best)

    def _ordered(self, order: Order) -> str:
        direction = "DESC" if order.descending else "ASC"
        if isinstance(order.by, Value):
            table = f"of_{self._tables[order.by]}"
            number, text = f"{table}.number", f"{table}.text"
        elif order.by == Field("value"):
            number, text = "blobs.number", "blobs.text"
        else:
            expression = _FIELDS[self.kind][order.by.name]
            return f"{expression} IS NULL, {expression} {direction}"
        missing = f"{number} IS NULL AND {text} IS NULL"
        return f"{missing}, {number} IS NULL, {number} {direction}, {text} {direction}"

    # Conditions

    def _all(self, conditions: list[Condition]) -> str:
        return " AND ".join(map(self._condition, conditions)) or "TRUE"

    def _condition(self, condition: Condition) -> str:
        match condition:
            case Every(parts):
                return f"({' AND '.join(map(self._condition, parts))})"
            case Either(parts):
                return f"({' OR '.join(map(self._condition, parts))})"
            case Not(inner):
                # What is not known is not the case.
                return f"NOT coalesce({self._condition(inner)}, FALSE)"
            case Among(Field(name), options) if name in _FIELDS[self.kind]:
                return f"{_FIELDS[self.kind][name]} IN ({', '.join(map(self._bound, options))})"
            case Among(left, options):
                return f"({' OR '.join(self._condition(Compare(left, '=', option)) for option in options)})"
            case Compare(Value() as left, operator, right):
                return self._of_value(left, operator, right)
            case Compare(Field("tag"), operator, right):
                return self._of_tags(operator, right)
            case Compare(Field("value"), operator, right):
                return self._typed("blobs", operator, right)
            case Compare(Field(name), operator, Field(other)):
                left, right = _FIELDS[self.kind][name], _FIELDS[self.kind][other]
                return f"instr({left}, {right}) > 0" if operator == "~" else f"{left} {_SIGNS[operator]} {right}"
            case Compare(Field(name), operator, right):
                return self._of_field(_FIELDS[self.kind][name], operator, right)

    def _of_field(self, expression: str, operator: str, right: Any) -> str:
        if right is None:
            return f"{expression} IS {'NOT ' if operator == '!=' else ''}NULL"
        if operator == "~":
            return f"instr({expression}, {self._bound(right)}) > 0"
        return f"{expression} {_SIGNS[operator]} {self._bound(right)}"

    def _of_tags(self, operator: str, right: Any) -> str:
        if operator == "!=":
            return f"NOT {self._of_tags('=', right)}"
        return f"EXISTS (SELECT 1 FROM ({_TAGS}) WHERE {self._of_field('value', operator, right)})"

    def _of_value(self, left: Value, operator: str, right: Any) -> str:
        table = self._tables[left]
        if isinstance(right, Value):
            found = self._two_values(operator).format(left=table, right=self._tables[right])
            return f"candidates.id IN ({found})"
        if right is None:
            return f"candidates.id {'NOT IN' if operator == '=' else 'IN'} (SELECT owner FROM {table})"
        return f"candidates.id IN (SELECT owner FROM {table} WHERE {self._typed(table, operator, right)})"

    def _two_values(self, operator: str) -> str:
        if operator == "~":
            condition = "instr({left}.text, {right}.text) > 0"
        elif operator == "!=":
            condition = "({left}.number IS NOT {right}.number OR {left}.text IS NOT {right}.text)"
        else:
            sign = _SIGNS[operator]
            condition = f"({{left}}.number {sign} {{right}}.number OR {{left}}.text {sign} {{right}}.text)"
        return (
            f"SELECT {{left}}.owner FROM {{left}} JOIN {{right}} ON {{left}}.owner = {{right}}.owner WHERE {condition}"
        )

    def _typed(self, table: str, operator: str, right: Scalar) -> str:
        """A comparison with the scalar in `table`: of numbers with numbers, of texts with texts."""
        column = f"{table}.text" if isinstance(right, str) else f"{table}.number"
        if right is None:
            return f"({table}.number IS NULL AND {table}.text IS NULL) = {'TRUE' if operator == '=' else 'FALSE'}"
        if isinstance(right, bool):
            both = columns_of(right)
            number, text = (f"{table}.{name} IS {self._bound(both[name])}" for name in ("number", "text"))
            return f"{'NOT ' if operator == '!=' else ''}({number} AND {text})"
        if operator == "!=":
            return f"{column} IS NOT {self._bound(right)}"
        return self._of_field(column, operator, right)


def scalar_of(number: int | float | None, text: str | None) -> Scalar:
    """The scalar of a blob's columns."""
    if number is None:
        return text
    return bool(number) if text in ("true", "false") else number


def columns_of(scalar: Scalar) -> dict[str, Any]:
    """The columns of a scalar."""
    if isinstance(scalar, bool):
        return {"number": int(scalar), "text": str(scalar).lower()}
    return {"number": None, "text": scalar} if isinstance(scalar, str) else {"number": scalar, "text": None}


def _split(where: Condition | None) -> tuple[list[Condition], list[Condition]]:
    """The conditions that must all be met: those on facts alone, and those that need values."""
    if where is None:
        return [], []
    parts = where.parts if isinstance(where, Every) else (where,)
    return [part for part in parts if not values_of(part)], [part for part in parts if values_of(part)]
