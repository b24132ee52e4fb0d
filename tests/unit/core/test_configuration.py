from __future__ import annotations

import pytest

from pytest_whitebox.core.configuration import HIDDEN, Config, mask
from pytest_whitebox.core.errors import StackproofError

DIST = b"[DEFAULT]\ndebug = false\n[devices]\nenabled = a\n"
OWN = b"""[DEFAULT]
# oslo.config knows no comment behind a value
log_dir = /var/log # here
debug: true
long = one
  two
[Devices]
enabled = "b"
enabled = c
[keystone_authtoken]
password = swordfish
auth_url = http://me:swordfish@10.0.0.1/
"""


@pytest.fixture
def config() -> Config:
    return Config.from_files({"/usr/share/nova-dist.conf": DIST, "/etc/nova/nova.conf": OWN})


def test_the_last_file_and_the_last_line_win(config: Config) -> None:
    assert config.get("DEFAULT", "debug") == "true"
    assert config.get("devices", "enabled") == "c"
    assert config.get("Devices", "enabled") == "c"


def test_an_option_given_several_times_has_all_values_in_their_order(config: Config) -> None:
    assert config.get_all("devices", "enabled") == ("a", "b", "c")


def test_values_are_read_as_oslo_config_reads_them(config: Config) -> None:
    assert config.get("DEFAULT", "log_dir") == "/var/log # here"
    assert config.get("DEFAULT", "long") == "one\ntwo"


def test_each_value_tells_where_it_stands(config: Config) -> None:
    places = [f"{option.path}:{option.line}" for option in config.find("devices", "enabled")]
    assert places == ["/usr/share/nova-dist.conf:4", "/etc/nova/nova.conf:8", "/etc/nova/nova.conf:9"]


def test_what_is_not_set_is_none(config: Config) -> None:
    assert config.get("compute", "cpu_shared_set") is None
    assert config.get_all("compute", "cpu_shared_set") == ()


def test_secrets_are_in_no_text(config: Config) -> None:
    shown = [repr(config), *map(repr, config.options), config.censor(OWN.decode()), mask("password", "swordfish")]
    assert [text for text in shown if "swordfish" in text] == []
    assert any(HIDDEN in text for text in shown)


@pytest.mark.parametrize(
    ("text", "line"),
    [("[a]\nno value\n", 2), ("x = 1\n", 1), ("[a\n", 1), ("[a]\n\n continued\n", 3), ("[a]\npassword swordfish\n", 2)],
)  # fmt: skip
def test_what_stops_the_service_is_told_with_its_line(text: str, line: int) -> None:
    with pytest.raises(StackproofError, match=rf"/etc/nova/nova.conf: .* at line {line}\b") as caught:
        Config.from_files({"/etc/nova/nova.conf": text.encode()})
    assert "swordfish" not in str(caught.value)


def test_words_that_only_look_like_secrets_stay_in_a_log() -> None:
    text = b"[a]\nsend_user_token = true\nservice_token_roles = service\ndb_connection = m://n:p4ssw0rd@h\n"
    config = Config.from_files({"a": text})
    assert config.censor("true service oslo_service p4ssw0rd") == f"true service oslo_service {HIDDEN}"


def _config(*texts: str, **environment: str) -> Config:
    """Files in their order, and variables of the environment."""
    return Config.from_files({f"/{number}.conf": text.encode() for number, text in enumerate(texts)}, environment)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("$host", "here"),
        ("${host}:$port", "here:80"),
        ("$other.port", "99"),
        ("$unknown and $", "$unknown and $"),
        ("$$host", "$host"),
        (r"\$host", "$host"),
        ("$circle", "$circle"),
    ],
)
def test_references_are_followed_as_far_as_they_are_known(value: str, read: str) -> None:
    text = f"[DEFAULT]\nhost = here\n[own]\nport = 80\ncircle = $circle\nvalue = {value}\n[other]\nport = 99\n"
    assert _config(text).get("own", "value") == read


def test_a_former_name_in_a_later_file_counts_for_more_than_the_new_one_in_an_earlier() -> None:
    former = ("DEFAULT", "vcpu_pin_set")
    new, old = "[compute]\ncpu_dedicated_set = 1\n", "[DEFAULT]\nvcpu_pin_set = 2\n"
    assert _config(new, old).get("compute", "cpu_dedicated_set", former) == "2"
    assert _config(old, new).get("compute", "cpu_dedicated_set", former) == "1"
    assert _config(new + old).get("compute", "cpu_dedicated_set", former) == "1"
    assert _config(new + old).get_all("compute", "cpu_dedicated_set", former) == ("2", "1")
    assert _config(old).get("compute", "cpu_dedicated_set") is None


def test_a_variable_of_the_environment_counts_for_most_and_is_named() -> None:
    config = _config("[compute]\ncpu_shared_set = 0\n", OS_COMPUTE__CPU_SHARED_SET="3", OS_DEFAULT__DEBUG="1", HOME="/")
    assert config.get("compute", "cpu_shared_set") == "3"
    assert config.get_all("compute", "cpu_shared_set") == ("3",)
    assert config.get("DEFAULT", "debug") == "1"
    assert [option.source for option in config.find("compute", "cpu_shared_set")] == [
        "/0.conf:2", "environment:OS_COMPUTE__CPU_SHARED_SET",
    ]  # fmt: skip


def test_what_a_reference_leads_to_is_a_secret_too() -> None:
    config = _config("[DEFAULT]\npart = topsecret\n[nova]\npassword = $part-9\n")
    assert config.censor("tried topsecret-9") == f"tried {HIDDEN}"
