from pathlib import Path

import pytest

from pytest_whitebox.core.clouds import choose, clouds_file
from pytest_whitebox.core.errors import StackproofError

CLOUDS = """
clouds:
  prod:
    region_name: north
    auth: {auth_url: "https://keystone.example:5000/v3", project_name: demo, password: canary}
  lab: {}
"""


@pytest.fixture
def clouds_yaml(tmp_path: Path) -> Path:
    file = tmp_path / "clouds.yaml"
    file.write_text(CLOUDS)
    return file


def test_an_entry_is_read_with_what_the_header_shows(clouds_yaml: Path) -> None:
    choice = choose("prod", "--os-cloud", {}, clouds_yaml.parent)

    assert choice is not None
    assert (choice.region, choice.project, choice.auth_host) == ("north", "demo", "keystone.example")
    assert (choice.source, choice.file) == ("--os-cloud", clouds_yaml)
    assert "canary" not in repr(choice)


def test_an_empty_entry_is_one(clouds_yaml: Path) -> None:
    choice = choose("lab", "--os-cloud", {}, clouds_yaml.parent)

    assert choice is not None
    assert choice.auth_host is None


def test_an_unknown_name_tells_the_known_ones(clouds_yaml: Path) -> None:
    with pytest.raises(StackproofError, match="no cloud is named 'prd'") as caught:
        choose("prd", "--os-cloud", {}, clouds_yaml.parent)
    assert caught.value.hint == "choose from lab, prod"


@pytest.mark.parametrize("text", ["clouds: [", "[]", "clouds: 5", "other: {}", "", "clouds: {prod: 7}"])
def test_what_is_no_clouds_yaml_is_told(clouds_yaml: Path, text: str) -> None:
    clouds_yaml.write_text(text)

    with pytest.raises(StackproofError, match="cannot read"):
        choose("prod", "--os-cloud", {}, clouds_yaml.parent)


def test_the_named_file_comes_first_then_the_folder_then_the_user(clouds_yaml: Path, tmp_path: Path) -> None:
    user = tmp_path / "home" / ".config" / "openstack" / "clouds.yml"
    user.parent.mkdir(parents=True)
    user.write_text(CLOUDS)
    environ = {"HOME": str(tmp_path / "home")}
    empty = tmp_path / "home"

    assert clouds_file(environ, empty) == user
    assert clouds_file(environ, tmp_path) == clouds_yaml
    assert clouds_file({**environ, "OS_CLIENT_CONFIG_FILE": str(user)}, tmp_path) == user


def test_without_a_name_and_without_variables_no_cloud_is_chosen(clouds_yaml: Path) -> None:
    assert choose(None, "default", {}, clouds_yaml.parent) is None


def test_ssh_config_beside_the_file_leads_to_the_hosts(clouds_yaml: Path) -> None:
    choice = choose("prod", "--os-cloud", {}, clouds_yaml.parent)
    assert choice is not None
    assert choice.ssh_config is None

    (clouds_yaml.parent / "ssh_config").write_text("")
    assert choice.ssh_config == clouds_yaml.parent / "ssh_config"
