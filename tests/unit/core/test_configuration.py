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
