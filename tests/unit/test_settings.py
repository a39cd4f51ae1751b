"""Settings: the environment, the project's files, the user's; each with its origin."""

import pytest

from pyflow import settings
from pyflow.settings import change, files
from pyflow.spec.errors import UserError
from pyflow.store import create_root, find_root


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A project folder in which we are, and an empty home for the user's file."""
    for setting in settings.SETTINGS.values():
        monkeypatch.delenv(setting.variable, raising=False)
    monkeypatch.delenv("PYFLOW_PROFILE", raising=False)
    monkeypatch.setenv("PYFLOW_CONFIG_HOME", str(tmp_path / "home"))
    (tmp_path / "project" / "inside").mkdir(parents=True)
    (tmp_path / "home").mkdir()
    monkeypatch.chdir(tmp_path / "project" / "inside")
    return tmp_path


def origins():
    return {item.setting.name: (item.value, item.origin) for item in settings.all_settings()}


def test_without_anything_everything_is_default(place):
    assert set(origins().values()) == {(None, "default")}
    assert settings.value("user") is None and settings.run_defaults() == {}


def test_the_stronger_place_wins_and_is_named(place, monkeypatch):
    project, home = place / "project", place / "home"
    (home / "config.toml").write_text('user = "u"\nbranch = "u"\n[run]\nmax_workers = 1\n[profiles.dev]\nuser = "p"\n')
    assert origins()["user"] == ("u", str(home / "config.toml"))
    monkeypatch.setenv("PYFLOW_PROFILE", "dev")
    assert origins()["user"] == ("p", f"{home / 'config.toml'} [profiles.dev]")
    (project / "pyproject.toml").write_text('[project]\nname = "x"\n[tool.pyflow]\nuser = "pp"\nrun.max-workers = 2\n')
    assert origins()["user"] == ("pp", str(project / "pyproject.toml"))
    (project / "pyflow.toml").write_text('user = "pf"\n[run]\ntag = ["a", "b c"]\n')
    assert origins()["user"] == ("pf", str(project / "pyflow.toml"))
    monkeypatch.setenv("PYFLOW_USER", "env")
    assert origins()["user"] == ("env", "environment (PYFLOW_USER)")
    assert settings.value("user") == "env" and settings.value("branch") == "u"
    assert settings.run_defaults() == {"max_workers": "2", "tag": ["a", "b c"]}


def test_a_pyproject_without_our_table_is_passed_over(place):
    (place / "project" / "inside" / "pyproject.toml").write_text('[project]\nname = "x"\n')
    (place / "project" / "pyproject.toml").write_text('[tool.pyflow]\nuser = "above"\n')
    assert settings.value("user") == "above"


def test_paths_are_relative_to_the_file_that_has_them(place):
    (place / "project" / "pyflow.toml").write_text(
        'root = "data/store"\nrscript = "Rscript"\npython = "venv/bin/python"\n'
    )
    project = place / "project"
    assert settings.value("root") == str(project / "data" / "store")
    assert settings.value("rscript") == "Rscript"
    assert settings.value("python") == str(project / "venv/bin/python")
    assert create_root(place) == find_root(place) == project / "data" / "store"


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("rout = 'x'", "setting_unknown", "Did you mean 'root'?"),
        ("[run]\nmax_workers = 'four'", "setting_value", "must be a whole number"),
        ("[run]\nmax_workers = true", "setting_value", "must be a whole number"),
        ("production = 1", "setting_value", "must be true or false"),
        ("user = 5", "setting_value", "must be text"),
        ("default_decorators = [1]", "setting_value", "must be a list of text"),
        ("root = ", "setting_file", "is not TOML"),
    ],
)
def test_a_wrong_file_is_an_error_that_names_it(place, text, code, said):
    path = place / "project" / "pyflow.toml"
    path.write_text(text)
    with pytest.raises(UserError, match=r"pyflow\.toml") as caught:
        settings.value("root")
    assert caught.value.code == code and said in f"{caught.value.message} {caught.value.hint}"


def test_an_unknown_profile_is_an_error(place, monkeypatch):
    (place / "home" / "config.toml").write_text("[profiles.dev]\n")
    monkeypatch.setenv("PYFLOW_PROFILE", "prod")
    with pytest.raises(UserError, match="no profile 'prod'"):
        settings.value("root")


def test_a_change_keeps_comments_and_the_rest(place):
    path = place / "home" / "config.toml"
    path.write_text('# mine\nuser = "ann"  # me\n')
    change.put(path, "run.max-workers", "4")
    change.put(path, "production", "true", ("profiles", "dev"))
    assert (
        path.read_text()
        == '# mine\nuser = "ann"  # me\n\n[run]\nmax_workers = 4\n\n[profiles.dev]\nproduction = true\n'
    )
    assert change.remove(path, "user") and not change.remove(path, "branch")
    assert settings.run_defaults() == {"max_workers": "4"}
    change.reset(path, "dev")
    assert "dev" not in path.read_text() and "dev" in (place / "home" / "config.toml.bak").read_text()
    files.check(path)


@pytest.mark.parametrize(("name", "text"), [("run.max_workers", "x"), ("production", "yes"), ("rooot", "x")])
def test_a_wrong_change_writes_nothing(place, name, text):
    path = place / "home" / "config.toml"
    with pytest.raises(UserError):
        change.put(path, name, text)
    assert not path.exists()
