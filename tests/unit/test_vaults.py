"""Sources of secrets, and graphs without their values."""

import json
from dataclasses import replace

import pytest

from pyflow import get_secret
from pyflow.spec.errors import SecretError
from pyflow.spec.graph import Decorator, graph_to_json
from pyflow.spec.secrets import inline_values, masked_text, without_values
from pyflow.vaults import SOURCES, resolve, source_problems
from tests.suites.secrets_suite import check_source
from tests.unit.engine_world import graph, step

INLINE = {"type": "inline", "options": {"env_vars": {"TOKEN": "hunter2", "PORT": 8080}}}


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    monkeypatch.setenv("ONE", "first")
    monkeypatch.setenv("TWO", "")


def test_the_sources_keep_the_contract():
    check_source(SOURCES["inline"](), INLINE, {"TOKEN": "hunter2", "PORT": "8080"}, invalid={"type": "inline"})
    check_source(
        SOURCES["env"](),
        {"type": "env", "names": ["ONE", "TWO"]},
        {"ONE": "first", "TWO": ""},
        missing={"type": "env", "names": ["ONE", "NO_SUCH_VARIABLE"]},
        invalid={"type": "env"},
    )


@pytest.mark.parametrize("source", ["env.ONE", {"type": "env", "id": "ONE"}, {"type": "env", "names": "ONE"}])
def test_one_variable_can_be_named_shortly(source):
    assert get_secret(source) == {"ONE": "first"}


def test_an_unknown_type_is_told_with_the_nearest():
    with pytest.raises(SecretError, match="no source of secrets of type 'envv'") as caught:
        get_secret("envv.ONE")
    assert (caught.value.code, caught.value.hint) == ("secret_source_unknown", "Did you mean 'env'?")


def test_variables_do_not_replace_each_other_unless_they_may():
    assert resolve([INLINE, "env.ONE"], environment={"ONE": "first", "PORT": "8080"}) == {
        "TOKEN": "hunter2", "PORT": "8080", "ONE": "first"
    }  # fmt: skip
    other = {"type": "inline", "options": {"env_vars": {"TOKEN": "0ther"}}}
    for sources, outside in (([INLINE, other], {}), ([INLINE], {"TOKEN": "0ther"})):
        with pytest.raises(SecretError, match="the secret TOKEN would replace") as caught:
            resolve(sources, environment=outside)
        assert caught.value.code == "secret_override"
        assert "hunter2" not in str(caught.value) and "0ther" not in str(caught.value)
    assert resolve([INLINE, other], allow_override=True, environment={"TOKEN": "third"})["TOKEN"] == "0ther"


def with_secrets(*sources):
    flow = graph(step("start", "end"), step("end"))
    start = replace(flow.steps[0], decorators=(Decorator("secrets", {"sources": list(sources)}, 5),))
    return replace(flow, steps=(start, *flow.steps[1:]))


def test_unknown_types_are_found_before_the_run():
    assert source_problems(with_secrets(INLINE, "env.ONE")) == []
    (problem,) = source_problems(with_secrets("aws.x"))
    assert (problem.code, problem.where.step) == ("secret_source_unknown", "start")
    assert problem.hint == "The types are inline, env."


def test_a_graph_that_is_kept_has_no_values():
    flow = with_secrets(INLINE, "env.ONE", {"type": "env", "names": ["ONE"]})
    text = json.dumps(graph_to_json(without_values(flow)))
    assert "hunter2" not in text and "8080" not in text
    assert '"TOKEN": "*****"' in text and '"env.ONE"' in text and '"names": ["ONE"]' in text
    assert inline_values(flow) == {"hunter2", "8080"}
    word = f"--with=secrets:sources=[{json.dumps(INLINE)}]"
    assert "hunter2" not in masked_text(word, inline_values(flow))
    quoted = {'say "x"'}
    assert masked_text(json.dumps(list(quoted)), quoted) == '["*****"]'
