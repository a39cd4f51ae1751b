"""Names: what an artifact may be called, in any script."""

import pytest

from pyflow.spec.names import is_artifact_name, is_value_name


@pytest.mark.parametrize("name", ["x", "_x", "x1", "größe", "数", "ключ", "नमस्ते", "café", "__private"])
def test_names_of_values(name):
    assert is_value_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "1x",
        "a b",
        "my.name",
        "a€",
        "a🙂",
        "\u0301a",  # an accent alone
        "cafe\u0301",  # Python reads the composed form
        "\ufb01t",  # a ligature, which Python reads as two letters
    ],
)
def test_what_is_no_name(name):
    assert not is_value_name(name)


def test_private_names_are_not_kept():
    assert is_artifact_name("_hidden") and not is_artifact_name("__private")
