from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflow.spec.errors import UserError
from pyflow.spec.search import Among, Compare, Either, Every, Field, Not, Order, Search, Value, values_of
from pyflow.spec.where import DEEPEST, parse_moment, parse_sort, parse_where

NOW = 1_000_000.0
A, B = Value("a"), Value("b")


def parsed(text, kind="runs"):
    return parse_where(text, kind, NOW)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a > 0.9", Compare(A, ">", 0.9)),
        ("a == 1", Compare(A, "=", 1)),
        ("a<>-1e3", Compare(A, "!=", -1000.0)),
        ("0.9 <= a", Compare(A, ">=", 0.9)),
        ("a = 'it''s'", Compare(A, "=", "it's")),
        ('a = "it\'s"', Compare(A, "=", "it's")),
        ("a = TRUE", Compare(A, "=", True)),
        ("a", Compare(A, "=", True)),
        ("not a", Not(Compare(A, "=", True))),
        ("a != null", Compare(A, "!=", None)),
        ("a ~ 'x'", Compare(A, "~", "x")),
        ("a in (1, 'x', true)", Among(A, (1, "x", True))),
        ("a NOT IN (1)", Not(Among(A, (1,)))),
        ("a < b", Compare(A, "<", B)),
        ("params.a = 1", Compare(Value("a", "_parameters"), "=", 1)),
        ("fit.a = 1", Compare(Value("a", "fit"), "=", 1)),
        ("`my.value` = 1", Compare(Value("my.value"), "=", 1)),
        ("`status` = 1", Compare(Value("status"), "=", 1)),
        ("fit.`and` = 1", Compare(Value("and", "fit"), "=", 1)),
        ("größe = 1", Compare(Value("größe"), "=", 1)),
        ("status = 'failed'", Compare(Field("status"), "=", "failed")),
        ("run = 1764", Compare(Field("run"), "=", "1764")),
        ("created > '1d'", Compare(Field("created"), ">", NOW - 86_400)),
        ("duration > '2m'", Compare(Field("duration"), ">", 120.0)),
        ("duration > 2", Compare(Field("duration"), ">", 2)),
        ("created < finished", Compare(Field("created"), "<", Field("finished"))),
        ("a=1 or b=2 and not a=3", Either((Compare(A, "=", 1), Every((Compare(B, "=", 2), Not(Compare(A, "=", 3))))))),
        ("(a=1 or b=2) and b=3", Every((Either((Compare(A, "=", 1), Compare(B, "=", 2))), Compare(B, "=", 3)))),
        (f"a = {2**63}", Compare(A, "=", float(2**63))),
    ],
)
def test_conditions(text, expected):
    assert parsed(text) == expected


@pytest.mark.parametrize(
    ("text", "message", "column"),
    [
        ("a >", "here should be a name or a value, not the end", 3),
        ("a > > 1", "here should be a name or a value, not >", 4),
        ("a b", "here should be 'and' or 'or', not b", 2),
        ("(a", "here should be ')', not the end", 2),
        ("a = 'x", "the text has no end", 4),
        ("a $ 1", "'$' is not understood", 2),
        ("1 = 2", "'=' needs a name before it", 0),
        ("'a' ~ a", "'~' needs a name before it", 0),
        ("a < b < c", "a second comparison", 6),
        ("a in ()", "here should be a name or a value, not )", 6),
        ("a in (b)", "here should be a number or a text, not b", 6),
        ("1 in (1)", "'in' needs a name before it", 0),
        ("a not b", "here should be 'in', not b", 6),
        ("a < null", "null can only be asked for with = or !=", 2),
        ("a > true", "true and false have no order", 2),
        ("a ~ 1", "'~' looks for a text within a text", 2),
        ("duration ~ '1'", "'~' looks for a text within a text", 9),
        ("status", "here should be a comparison such as = or >, not the end", 6),
        ("status = 'succes'", "there is no status 'succes'", 9),
        ("tag < 'x'", "a tag can be asked for with =, !=, ~ or in", 4),
        ("tag = null", "a tag can be asked for with =, !=, ~ or in", 4),
        ("user = a", "these two cannot be compared with each other", 7),
        ("created > 'soon'", "'soon' is not a time", 10),
        ("created > 5", "created is compared with a time, as in '2026-11-24' or '7d'", 10),
        ("duration > 'long'", "here should be a number of seconds, or '5m'", 11),
        ("a = 1 and\n  b > ", "here should be a name or a value, not the end", 5),
    ],
)
def test_what_is_wrong_is_pointed_at(text, message, column):
    with pytest.raises(UserError) as caught:
        parsed(text)
    assert caught.value.code == "where_invalid"
    said, _, pointer = caught.value.message.split("\n")
    assert said == f"the search is not understood: {message}"
    assert pointer == "  " + " " * column + "^"


def test_hints():
    with pytest.raises(UserError) as caught:
        parsed("status = 'done'")
    assert caught.value.hint == "They are running, success, failed and interrupted."
    with pytest.raises(UserError) as caught:
        parsed("valu > 1", "artifacts")
    assert caught.value.hint == "Did you mean 'value'?"
    with pytest.raises(UserError, match="the search is empty"):
        parsed("  ")


def test_nesting_has_an_end():
    parsed("(" * (DEEPEST - 1) + "a" + ")" * (DEEPEST - 1))
    for text in ("(" * 10_000 + "a" + ")" * 10_000, "not " * 10_000 + "a"):
        with pytest.raises(UserError, match=f"nested deeper than {DEEPEST}"):
            parsed(text)


@given(st.text(max_size=60))
def test_any_text_is_understood_or_refused(text):
    try:
        parsed(text)
    except UserError as error:
        assert error.code == "where_invalid"


def test_sort():
    assert parse_sort("-a, created,fit.b", "runs") == (
        Order(A, descending=True),
        Order(Field("created")),
        Order(Value("b", "fit")),
    )
    for text in ("", "a,", "a b", "tag", "1"):
        with pytest.raises(UserError) as caught:
            parse_sort(text, "runs")
        assert caught.value.code == "where_invalid"


def test_values_in_the_order_of_the_text():
    search = Search(parsed("b > 1 and (a or b = 2) and not fit.a = a"), parse_sort("-a, c", "runs"))
    assert search.shown == (B, A, Value("a", "fit"), Value("c"))
    assert values_of(None) == []


def test_moments(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        assert parse_moment("1970-01-02", NOW) == 86_400 - 3600
        assert parse_moment("1970-01-02 01:00", NOW) == 86_400
        assert parse_moment("1970-01-02T00:00+00:00", NOW) == 86_400
        assert parse_moment("1.5h", NOW) == NOW - 5400
        for text in ("tomorrow", "7y", "2026-13-01", ""):
            with pytest.raises(UserError) as caught:
                parse_moment(text, NOW)
            assert caught.value.code == "time_invalid"
    finally:
        monkeypatch.undo()
        time.tzset()
