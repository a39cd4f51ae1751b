"""The value of a configuration: a dict with attributes that does not change."""

import copy
import json
import pickle

import pytest

from pyflow.codec import PythonCodec
from pyflow.spec.config import ConfigValue, frozen, thawed

VALUE = ConfigValue({"alpha": 0.5, "model": {"depth": 3, "layers": [{"size": 1}]}, "class": "x"})


def test_keys_are_attributes_and_items():
    assert VALUE.alpha == VALUE["alpha"] == 0.5
    assert VALUE.model.depth == 3
    assert VALUE.model.layers[0].size == 1
    assert VALUE["class"] == "x"
    assert isinstance(VALUE, dict)
    assert VALUE == {"alpha": 0.5, "model": {"depth": 3, "layers": [{"size": 1}]}, "class": "x"}


def test_a_missing_key_says_which_there_are():
    with pytest.raises(AttributeError, match="no key 'beta'; it has 'alpha', 'model', 'class'"):
        VALUE.beta  # noqa: B018 - the access is the test
    with pytest.raises(KeyError, match="'beta' is no key"):
        VALUE["beta"]
    assert VALUE.get("beta") is None
    assert not hasattr(VALUE, "beta")


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value.__setitem__("alpha", 1),
        lambda value: setattr(value, "alpha", 1),
        lambda value: value.pop("alpha"),
        lambda value: value.update(alpha=1),
        lambda value: value.clear(),
        lambda value: value.setdefault("new", 1),
        lambda value: value.model.__delitem__("depth"),
    ],
)
def test_it_does_not_change(change):
    before = VALUE.to_dict()
    with pytest.raises(TypeError, match="cannot be changed"):
        change(VALUE)
    assert before == VALUE


def test_to_dict_gives_a_copy_that_changes():
    plain = VALUE.to_dict()
    plain["model"]["layers"][0]["size"] = 2
    assert type(plain["model"]) is dict
    assert VALUE.model.layers[0].size == 1


def test_it_survives_pickle_copy_and_json():
    assert pickle.loads(pickle.dumps(VALUE)).model.depth == 3
    assert copy.deepcopy(VALUE) == VALUE
    assert json.loads(json.dumps(VALUE)) == VALUE
    assert thawed(frozen({"a": [{"b": 1}]})) == {"a": [{"b": 1}]}


def test_as_an_artifact_it_is_the_dict_that_it_stands_for():
    codec = PythonCodec()
    mine, plain = (b"".join(map(bytes, codec.encode(value, "x").chunks)) for value in (VALUE, VALUE.to_dict()))
    assert mine == plain
    assert type(codec.decode(mine)) is dict
