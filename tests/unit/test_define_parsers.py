"""The built-in parsers of configurations."""

import pytest

from pyflow.define import parsers

yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")


def test_yaml():
    assert parsers.yaml_parser("a: 1\nb: [x, null]\n") == {"a": 1, "b": ["x", None]}


def test_yaml_without_pyyaml_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "yaml", None)
    with pytest.raises(ValueError, match="pip install pyyaml"):
        parsers.yaml_parser("a: 1")


def test_requirements():
    text = "# comment\npandas==2.2.3\nnumpy>=1.26,<3  # why\nrequests[socks] == 2.0\n\npolars\nscipy==1.*\n"
    assert parsers.requirements_txt_parser(text) == {
        "packages": {
            "pandas": "2.2.3",
            "numpy": ">=1.26,<3",
            "requests[socks]": "2.0",
            "polars": "",
            "scipy": "==1.*",
        }
    }


@pytest.mark.parametrize(
    "line",
    [
        "-r other.txt",
        "--index-url https://example.org",
        "pandas; python_version < '3.9'",
        "pandas @ https://example.org/pandas.whl",
        "git+https://example.org/x.git",
        "./local",
        "pandas==1\npandas==2",
    ],
)
def test_requirements_that_are_no_packages_are_refused(line):
    with pytest.raises(ValueError, match=r"not supported|listed twice"):
        parsers.requirements_txt_parser(line)


def test_pyproject():
    text = '[project]\nname = "x"\nrequires-python = "==3.11"\ndependencies = ["pandas==2.2.3", "numpy"]\n'
    assert parsers.pyproject_toml_parser(text) == {"packages": {"pandas": "2.2.3", "numpy": ""}, "python": "3.11"}
    assert parsers.pyproject_toml_parser("[project]\n") == {"packages": {}}
    with pytest.raises(ValueError, match="no table"):
        parsers.pyproject_toml_parser("[tool]\n")


def test_conda_environment():
    text = """
    channels: [conda-forge]
    dependencies:
      - python=3.10
      - numpy=1.26=build
      - conda-forge::pandas>=2
      - scipy 1.*
      - polars
    """
    assert parsers.conda_environment_yml_parser(text) == {
        "packages": {"numpy": "1.26", "pandas": ">=2", "scipy": "1.*", "polars": ""},
        "python": "3.10",
    }
    with pytest.raises(ValueError, match="list conda packages only"):
        parsers.conda_environment_yml_parser("dependencies: [{pip: [x]}]")
    with pytest.raises(ValueError, match="no list"):
        parsers.conda_environment_yml_parser("name: x")
