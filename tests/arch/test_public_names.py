"""The names that users may rely on. A change here is a change of the interface: say so in CHANGELOG.md."""

import re

import pytest

import pyflow
from tests.arch.source import ROOT

PYTHON = """
    Artifact ArtifactWarning Config ConfigValue DataArtifact Flow FlowMutator FlowSpec IncludeFile JSONType Metaflow MutableFlow
    MutableStep Parameter Pyflow PyflowError Run Step StepMutator Task USER_SKIP_STEP UserStepDecorator catch
    conda_environment_yml_parser config_expr current environment exit_hook get_metadata get_secret lazy parallel project pyproject_toml_parser
    r_step requirements_txt_parser resources retry secrets step timeout user_step_decorator yaml_parser
    compare inspect_spin spin
    NamespaceMismatch artifacts default_metadata default_namespace get_namespace metadata namespace runs tasks
    ExecutingRun ExecutingTask NBRunner Runner
    delete_runs pin pins store_check store_gc store_repair store_stats unpin
"""
R = """
    add_decorator add_flow catch check config config_expr config_names config_value constant current decorator
    environment_variables exit_hook flow flow_client foreach_stack gather_inputs get_secret has_decorator
    include_file lazy list_flows merge_artifacts metaflow open_native parallel parameter parameter_names project py_function r_function
    remove_artifacts remove_decorator remove_parameter resources resume resume_background retry run run_background secrets step step_decorators step_names
    step_wrapper timeout version_info
    artifact_client artifacts get_metadata get_namespace lineage reset_default_metadata run_client runs
    set_default_namespace set_metadata set_namespace step_client tag_add tag_list tag_remove tag_replace task_client tasks
    as_html compare doctor spin this_file view_html
    delete_runs pin pins store_check store_gc store_repair store_stats unpin
"""


def test_the_public_names_of_pyflow():
    assert sorted(pyflow.__all__) == sorted(PYTHON.split())


@pytest.mark.parametrize("name", PYTHON.split())
def test_a_public_name_is_there_and_documented(name):
    value = getattr(pyflow, name)
    assert (value.__doc__ or "").strip(), f"{name} has no docstring"


def test_other_names_are_not_there():
    with pytest.raises(AttributeError, match="Flw"):
        pyflow.Flw  # noqa: B018 - the access is the test


def test_the_public_names_of_rflow():
    namespace = (ROOT / "rflow/NAMESPACE").read_text("utf-8")
    assert sorted(re.findall(r"^export\((.+)\)$", namespace, flags=re.MULTILINE)) == sorted(R.split())


def test_every_public_name_of_rflow_has_a_page():
    aliases = {
        alias
        for page in (ROOT / "rflow/man").glob("*.Rd")
        for alias in re.findall(r"^\\alias\{(.+)\}$", page.read_text("utf-8"), flags=re.MULTILINE)
    }
    assert set(R.split()) - aliases == set()
