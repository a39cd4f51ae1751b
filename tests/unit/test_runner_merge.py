"""merge_artifacts: what is taken over, what is refused, and that it is all or nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflow.runner.merge import merge_names
from pyflow.spec.errors import MergeError, UserError
from pyflow.spec.task import ArtifactRef


def ref(value):
    return ArtifactRef(f"{value:064x}", "scalar", 8)


def inputs(*values):
    return [{name: ref(value) for name, value in artifacts.items()} for artifacts in values]


def merge(given_inputs, *, include=(), exclude=(), already=()):
    return merge_names(
        given_inputs,
        include=frozenset(include),
        exclude=frozenset(exclude),
        already=frozenset(already),
        step="join",
    )


def names_and_values(found):
    return {name: int(item.digest, 16) for name, item in found.items()}


def test_equal_values_are_taken_over():
    assert names_and_values(merge(inputs({"x": 1, "y": 2}, {"x": 1, "y": 2}))) == {"x": 1, "y": 2}


def test_a_value_that_only_one_input_has_is_taken_over():
    assert names_and_values(merge(inputs({"x": 1}, {"y": 2}, {}))) == {"x": 1, "y": 2}


def test_no_input_has_anything():
    assert merge(inputs({}, {})) == {}


def test_a_conflict_names_every_artifact_that_differs():
    with pytest.raises(MergeError) as caught:
        merge(inputs({"x": 1, "b": 1, "a": 1}, {"x": 1, "b": 2, "a": 2}))
    assert caught.value.code == "merge_conflict"
    assert "'a', 'b'" in caught.value.message and "'x'" not in caught.value.message
    assert caught.value.where.step == "join"
    assert "exclude" in caught.value.hint


def test_a_conflict_of_names_that_are_excluded_or_set_already_is_none():
    found = merge(inputs({"x": 1, "y": 1, "z": 1}, {"x": 2, "y": 2, "z": 1}), exclude=["x"], already=["y"])
    assert names_and_values(found) == {"z": 1}


def test_include_takes_only_what_it_names():
    assert names_and_values(merge(inputs({"x": 1, "y": 1}, {"x": 1, "y": 2}), include=["x"])) == {"x": 1}


def test_include_of_what_is_set_already_is_fine():
    assert merge(inputs({"x": 1}, {"x": 2}), include=["x"], already=["x"]) == {}
    assert merge(inputs({}, {}), include=["x"], already=["x"]) == {}


@pytest.mark.parametrize("missing_in", [0, 1])
def test_include_of_what_an_input_lacks(missing_in):
    given_inputs = inputs({"x": 1, "y": 1}, {"x": 1, "y": 1})
    del given_inputs[missing_in]["y"]
    with pytest.raises(MergeError) as caught:
        merge(given_inputs, include=["x", "y", "z"])
    assert caught.value.code == "merge_missing"
    assert "'y', 'z'" in caught.value.message


def test_include_and_exclude_together():
    with pytest.raises(UserError) as caught:
        merge(inputs({"x": 1}), include=["x"], exclude=["y"])
    assert caught.value.code == "merge_arguments"


ARTIFACTS = st.dictionaries(st.sampled_from("abcde"), st.integers(1, 3))


@given(
    st.lists(ARTIFACTS, min_size=1, max_size=4), st.sets(st.sampled_from("abcde")), st.sets(st.sampled_from("abcde"))
)
def test_what_is_merged_is_what_all_inputs_agree_on(values, exclude, already):
    wanted = {name for artifacts in values for name in artifacts} - exclude - already
    different = {name for name in wanted if len({item[name] for item in values if name in item}) > 1}
    if different:
        with pytest.raises(MergeError) as caught:
            merge(inputs(*values), exclude=exclude, already=already)
        assert all(repr(name) in caught.value.message for name in different)
    else:
        found = merge(inputs(*values), exclude=exclude, already=already)
        assert found.keys() == wanted
        assert all(found[name] in [item[name] for item in inputs(*values) if name in item] for name in wanted)
