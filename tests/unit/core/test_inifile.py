from __future__ import annotations

import pytest

from pytest_whitebox.core.configuration import Changes, Config, edited
from pytest_whitebox.core.errors import StackproofError

NOVA = b"""# a comment of the operator
[DEFAULT]
transport_url = rabbit://nova:secret@10.0.0.1:5672/
# the last one wins
debug = false
debug = true

[pci]
alias = {"name": "a", "vendor_id": "8086"}
alias = {"name": "b"}
 , continued

[Compute]
; nothing yet

[pci]
device_spec: {"address": "*:0a:00.*"}"""

ALIASES = ['alias = {"name": "a", "vendor_id": "8086"}', 'alias = {"name": "b"}', " , continued"]
DEVICE = 'device_spec: {"address": "*:0a:00.*"}'


def _changed(changes: Changes) -> tuple[Config, list[str], list[str]]:
    """What is read back, and the lines that went and came."""
    new = edited(NOVA, changes)
    before, after = NOVA.decode().splitlines(), new.decode().splitlines()
    return (
        Config.from_files({"nova.conf": new}),
        [line for line in before if line not in after],
        [line for line in after if line not in before],
    )


@pytest.mark.parametrize(
    ("changes", "gone", "come"),
    [
        ({("DEFAULT", "debug"): "maybe"}, ["debug = false", "debug = true"], ["debug = maybe"]),
        ({("compute", "cpu_shared_set"): "0-1"}, [], ["cpu_shared_set = 0-1"]),
        ({("pci", "alias"): None}, ALIASES, []),
        ({("pci", "device_spec"): ["x", "y"]}, [DEVICE], ["device_spec = x", "device_spec = y"]),
        ({("new", "first"): 1, ("new", "second"): ""}, [], ["[new]", "first = 1", "second ="]),
        ({("libvirt", "nothing"): None}, [], []),
    ],
)
def test_only_the_lines_of_the_option_change(changes: Changes, gone: list[str], come: list[str]) -> None:
    _, went, came = _changed(changes)
    assert (went, came) == (gone, come)


@pytest.mark.parametrize(
    "value",
    ["plain", "a = b", "#no comment", '"quoted"', "'x'", " blank ", "two\nlines", "é", '"', "$debug", "a$$b", "${"],
)
def test_every_value_comes_back_as_it_went_in(value: str) -> None:
    config, _, _ = _changed({("compute", "option"): value})
    assert config.get("compute", "option") == value


def test_nothing_else_is_read_differently() -> None:
    before = Config.from_files({"nova.conf": NOVA})
    after, _, _ = _changed({("compute", "option"): "x", ("DEFAULT", "debug"): None, ("new", "one"): ["a", "b"]})
    kept = {(o.section, o.name, o.value) for o in before.options if o.name != "debug"}
    assert kept <= {(o.section, o.name, o.value) for o in after.options}
    assert after.get("DEFAULT", "debug") is None


def test_an_option_lands_in_the_last_block_of_its_section() -> None:
    assert edited(NOVA, {("pci", "report"): "1"}).endswith(b'device_spec: {"address": "*:0a:00.*"}\nreport = 1\n')


def test_line_ends_of_the_file_are_kept() -> None:
    assert edited(b"[a]\r\nx = 1\r\n", {("a", "y"): "2\n3"}) == b"[a]\r\nx = 1\r\ny = 2\r\n    3\r\n"


def test_bytes_that_are_no_text_are_kept() -> None:
    assert edited(b"# caf\xe9\n[a]\n", {("a", "x"): "1"}) == b"# caf\xe9\n[a]\nx = 1\n"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({("compute", "cpu-shared-set"): "0"}, "write 'cpu_shared_set'"),
        ({("default", "debug"): "1"}, "write 'DEFAULT'"),
        ({("a", "x"): "1\n\n2"}, "it has an empty line"),
        ({("a", "x"): "1\n 2"}, "give each of its lines without blanks"),
        ({("a", "x"): r"1\$2"}, "no backslash before a $"),
    ],
)
def test_what_oslo_config_would_pass_over_is_refused(changes: Changes, sentence: str) -> None:
    with pytest.raises(StackproofError) as caught:
        edited(b"[a]\n", changes)
    assert sentence in caught.value.sentence
