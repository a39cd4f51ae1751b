"""The small language in which runs, tasks and artifacts are searched. Pure: a text in, a condition out.

    accuracy > 0.9 and params.alpha in (1, 2) and not tag = 'draft'

A name is a fact of what is searched (`status`, `user`, `created`, ...: FIELDS) or else the value of an artifact:
`accuracy` of the run's last step (of the task itself, where tasks are searched), or the parameter of that name;
`params.alpha` the parameter; `fit.score` the artifact of step `fit`, which may have many tasks: one of them is enough.
A name that is also a fact, a word of the language or no plain name stands in backticks: `status` is then an artifact.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pyflow.spec.errors import UserError
from pyflow.spec.names import nearest
from pyflow.spec.search import (
    ANY,
    FIELDS,
    NUMBER,
    OPERATORS,
    SECONDS,
    STATUSES,
    TEXT,
    TIME,
    Among,
    Compare,
    Condition,
    Either,
    Every,
    Field,
    Name,
    Not,
    Order,
    Value,
)
from pyflow.spec.task import PARAMETERS, Scalar

# How deep a condition may be nested.
DEEPEST = 100


def parse_where(text: str, kind: str, now: float) -> Condition:
    """The condition in `text` for a search of `kind` (a key of FIELDS). Raises UserError `where_invalid`, whose message
    points at the place. `now` is what times such as '7d' count back from."""
    return _Parser(text, kind, now).whole()


def parse_sort(text: str, kind: str) -> tuple[Order, ...]:
    """`accuracy` (the smallest first), `-accuracy` (the largest first), or several of them with commas between."""
    return _Parser(text, kind, 0.0).orders()


def parse_moment(text: str, now: float) -> float:
    """Seconds since 1970 of a time such as `2026-11-24`, `2026-11-24 17:30`, or `7d`, 7 days ago (`s m h d w`).

    A time without a zone is one of this machine's. Raises UserError `time_invalid`.
    """
    ago = _SPAN.fullmatch(text.strip())
    if ago:
        return now - float(ago[1]) * _SECONDS[ago[2]]
    try:
        return datetime.fromisoformat(text.strip()).astimezone().timestamp()
    except (ValueError, OverflowError, OSError):
        raise UserError(
            f"{text!r} is not a time",
            code="time_invalid",
            hint="Write 2026-11-24, 2026-11-24T17:30, or 7d for 7 days ago.",
        ) from None


_SPAN = re.compile(r"(\d+(?:\.\d+)?) ?([smhdw])")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.]))
      | (?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")
      | (?P<name>(?:[^\W\d]\w*|`[^`]+`)(?:\.(?:[^\W\d]\w*|`[^`]+`))?)
      | (?P<sign>==|!=|<>|<=|>=|[-=<>~(),])
    )""",
    re.VERBOSE,
)
_PART = re.compile(r"`([^`]+)`|(\w+)")
_WORDS = ("and", "or", "not", "in")
_CONSTANTS: Mapping[str, Scalar] = {"true": True, "false": False, "null": None, "none": None, "na": None}
_SAME = {"==": "=", "<>": "!="}
_TURNED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    place: int


class _Parser:
    def __init__(self, text: str, kind: str, now: float) -> None:
        self.text = text
        self.kind = kind
        self.now = now
        self.depth = 0
        self.next = 0
        self.tokens = self._tokens()

    def _tokens(self) -> list[_Token]:
        found, place = [], 0
        while self.text[place:].strip():
            match = _TOKEN.match(self.text, place)
            if match is None:
                start = place + len(self.text[place:]) - len(self.text[place:].lstrip())
                what = (
                    "the text has no end" if self.text[start] in "'\"`" else f"{self.text[start]!r} is not understood"
                )
                raise self._wrong(what, start)
            kind, shown = match.lastgroup or "", match[match.lastgroup or 0]
            if kind == "name" and shown.lower() in _WORDS:
                kind, shown = "word", shown.lower()
            found.append(_Token(kind, shown, match.start(match.lastgroup or 0)))
            place = match.end()
        return [*found, _Token("end", "the end", len(self.text.rstrip()))]

    def _wrong(self, what: str, place: int, hint: str = "") -> UserError:
        start = self.text.rfind("\n", 0, place) + 1
        line = self.text[start:].split("\n")[0]
        message = f"the search is not understood: {what}\n  {line}\n  {' ' * (place - start)}^"
        return UserError(message, code="where_invalid", hint=hint)

    @property
    def token(self) -> _Token:
        return self.tokens[self.next]

    def _take(self, *texts: str) -> _Token | None:
        """The next token if it is one of the words or signs."""
        token = self.token
        if token.kind in ("word", "sign") and token.text in texts:
            self.next += 1
            return token
        return None

    def _need(self, text: str) -> None:
        if self._take(text) is None:
            raise self._wrong(f"here should be {text!r}, not {self.token.text}", self.token.place)

    def whole(self) -> Condition:
        if self.token.kind == "end":
            raise UserError("the search is empty", code="where_invalid", hint="Write for example: accuracy > 0.9")
        condition = self._or()
        if self.token.kind != "end":
            raise self._wrong(f"here should be 'and' or 'or', not {self.token.text}", self.token.place)
        return condition

    def orders(self) -> tuple[Order, ...]:
        found = []
        while True:
            descending = self._take("-") is not None
            token = self.token
            found.append(Order(self._name(), descending))
            if found[-1].by == Field("tag"):
                raise self._wrong("a run has many tags, which give no order", token.place)
            if self.token.kind == "end":
                return tuple(found)
            self._need(",")

    def _or(self) -> Condition:
        parts = [self._and()]
        while self._take("or"):
            parts.append(self._and())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _and(self) -> Condition:
        parts = [self._not()]
        while self._take("and"):
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def _not(self) -> Condition:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self._wrong(f"it is nested deeper than {DEEPEST}", self.token.place)
        if self._take("not"):
            condition: Condition = Not(self._not())
        elif self._take("("):
            condition = self._or()
            self._need(")")
        else:
            condition = self._comparison()
        self.depth -= 1
        return condition

    def _comparison(self) -> Condition:
        first = self.token
        left = self._operand()
        negated = self._take("not") is not None
        if negated and (self.token.kind, self.token.text) != ("word", "in"):
            raise self._wrong(f"here should be 'in', not {self.token.text}", self.token.place)
        if self._take("in"):
            if not isinstance(left, Name):
                raise self._wrong("'in' needs a name before it", first.place)
            found = Among(left, self._options(left))
            return Not(found) if negated else found
        sign = self._take("=", "==", "!=", "<>", "<", "<=", ">", ">=", "~")
        if sign is None:
            return self._alone(left, first)
        return self._compare(left, sign, first)

    def _alone(self, left: Name | Scalar, first: _Token) -> Condition:
        """A name without a comparison asks whether it is true."""
        if isinstance(left, Value) or left == Field("value"):
            return Compare(left, "=", True)
        raise self._wrong(f"here should be a comparison such as = or >, not {self.token.text}", self.token.place)

    def _compare(self, left: Name | Scalar, sign: _Token, first: _Token) -> Condition:
        second = self.token
        right = self._operand()
        operator = _SAME.get(sign.text, sign.text)
        if not isinstance(left, Name):
            if not isinstance(right, Name) or operator == "~":
                raise self._wrong(f"{sign.text!r} needs a name before it", first.place)
            left, right, operator, first, second = right, left, _TURNED[operator], second, first
        if isinstance(right, Name):
            if self._type(left) != self._type(right) or Field("tag") in (left, right):
                raise self._wrong("these two cannot be compared with each other", second.place)
        else:
            self._check_operator(left, operator, right, sign)
            right = right if operator == "~" else self._fitting(left, right, second)
        if self.token.kind == "sign" and self.token.text in (*OPERATORS, *_SAME):
            raise self._wrong("a second comparison", self.token.place, hint="Write: a < b and b < c.")
        return Compare(left, operator, right)

    def _check_operator(self, left: Name, operator: str, right: Scalar, sign: _Token) -> None:
        ordering = operator not in ("=", "!=", "~")
        if right is None and operator not in ("=", "!="):
            raise self._wrong("null can only be asked for with = or !=", sign.place)
        if left == Field("tag") and (ordering or right is None):
            raise self._wrong("a tag can be asked for with =, !=, ~ or in", sign.place)
        if operator == "~" and not isinstance(right, str):
            raise self._wrong("'~' looks for a text within a text", sign.place)
        if operator == "~" and self._type(left) not in (TEXT, ANY):
            raise self._wrong("'~' looks for a text within a text", sign.place)
        if ordering and isinstance(right, bool):
            raise self._wrong("true and false have no order", sign.place)

    def _options(self, left: Name) -> tuple[Scalar, ...]:
        self._need("(")
        found = []
        while True:
            token = self.token
            value = self._operand()
            if isinstance(value, Name) or value is None:
                raise self._wrong(f"here should be a number or a text, not {token.text}", token.place)
            found.append(self._fitting(left, value, token))
            if self._take(")"):
                return tuple(found)
            self._need(",")

    def _operand(self) -> Name | Scalar:
        token = self.token
        if token.kind == "number":
            self.next += 1
            return _number(token.text)
        if token.kind == "text":
            self.next += 1
            quote = token.text[0]
            return token.text[1:-1].replace(quote * 2, quote)
        if token.kind == "name" and token.text.lower() in _CONSTANTS:
            self.next += 1
            return _CONSTANTS[token.text.lower()]
        return self._name()

    def _name(self) -> Name:
        token = self.token
        if token.kind != "name":
            raise self._wrong(f"here should be a name or a value, not {token.text}", token.place)
        self.next += 1
        parts = [quoted or plain for quoted, plain in _PART.findall(token.text)]
        fields = FIELDS[self.kind]
        if len(parts) == 1 and token.text in fields:
            return Field(token.text)
        if self.kind == "artifacts":
            near = nearest(token.text, fields)
            hint = f"Did you mean {near!r}?" if near else f"Artifacts are searched by {', '.join(fields)}."
            raise self._wrong(f"artifacts have no {token.text!r}", token.place, hint)
        if len(parts) == 1:
            return Value(parts[0])
        return Value(parts[1], PARAMETERS if parts[0] == "params" else parts[0])

    def _type(self, name: Name) -> str:
        return ANY if isinstance(name, Value) else FIELDS[self.kind][name.name]

    def _fitting(self, name: Name, value: Scalar, token: _Token) -> Scalar:
        """The value as the name's type has it."""
        wanted = self._type(name)
        if value is None or wanted == ANY:
            return value
        if wanted == TEXT:
            value = token.text if isinstance(value, int | float) else value
            if name == Field("status") and value not in STATUSES[self.kind]:
                raise self._wrong(
                    f"there is no status {value!r}", token.place, f"They are {_listed(STATUSES[self.kind])}."
                )
        elif isinstance(value, str):
            value = self._measured(wanted, value, token)
        elif isinstance(value, bool) or wanted == TIME:
            raise self._wrong(f"{name.name} is compared with a {_EXAMPLES[wanted]}", token.place)
        return value

    def _measured(self, wanted: str, text: str, token: _Token) -> float:
        if wanted == TIME:
            try:
                return parse_moment(text, self.now)
            except UserError as error:
                raise self._wrong(error.message, token.place, error.hint) from None
        span = _SPAN.fullmatch(text)
        if wanted != SECONDS or span is None:
            raise self._wrong(f"here should be a {_EXAMPLES[wanted]}", token.place)
        return float(span[1]) * _SECONDS[span[2]]


_EXAMPLES = {NUMBER: "number", SECONDS: "number of seconds, or '5m'", TIME: "time, as in '2026-11-24' or '7d'"}


def _number(text: str) -> int | float:
    try:
        whole = int(text)
    except ValueError:
        return float(text)
    # A database compares no larger whole numbers.
    return whole if -(2**63) <= whole < 2**63 else float(whole)


def _listed(names: Sequence[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}"
