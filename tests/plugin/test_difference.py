"""Two looks at a guest that are not equal, as pytest and the report tell it."""

from __future__ import annotations

import html
import json
import re

import pytest

from .conftest import Run

TESTS = """
from pytest_whitebox.core.domain import Domain

ONE = '''
<domain type='qemu' id='3'>
  <name>instance-00000001</name>
  <cputune><vcpupin vcpu='0' cpuset='2-3'/></cputune>
  <devices>
    <disk type='file' device='disk'><driver cache='none'/><target dev='vda' bus='virtio'/><alias name='a'/></disk>
  </devices>
</domain>
'''
OTHER = ONE.replace("2-3", "5").replace("'none'", "'writeback'").replace("'a'", "'b'").replace("id='3'", "id='4'")

def test_other():
    before = Domain.from_xml(ONE)
    assert Domain.from_xml(OTHER) == before

def test_order_of_looks():
    assert Domain.from_xml(ONE, seen=1.0) == Domain.from_xml(OTHER, seen=2.0)

def test_disks():
    assert Domain.from_xml(OTHER).disks == Domain.from_xml(ONE).disks

def test_same():
    drawn = ONE.replace("'a'", "'b'").replace("id='3'", "id='4'")
    assert Domain.from_xml(drawn) == Domain.from_xml(ONE)

def test_not_ours():
    assert {"a": 1} == {"a": 2}
"""


def test_changed_facts_come_first_and_then_the_lines(pytester: pytest.Pytester, run: Run, workers: str) -> None:
    pytester.makepyfile(TESTS)
    result = run(workers, "-vv", "-k", "other or order")

    result.assert_outcomes(failed=2)
    for _ in range(2):
        result.stdout.fnmatch_lines([
            "E *assert 2 facts are not as before:",
            "E *  vcpu_pins[[]0[]]: 2-3 -> 5",
            "E *  disks[[]'vda'[]].cache: 'none' -> 'writeback'",
            "E *--- before",
            "E *+++ after",
            "E *-    <vcpupin vcpu=\"0\" cpuset=\"2-3\"/>",
            "E *+    <vcpupin vcpu=\"0\" cpuset=\"5\"/>",
        ])  # fmt: skip
    result.stdout.no_fnmatch_line("*alias name*")


def test_facts_are_told_even_where_pytest_shortens(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(TESTS)
    result = run("-k", "other")

    result.stdout.fnmatch_lines(["E *vcpu_pins[[]0[]]: 2-3 -> 5", "E *disks[[]'vda'[]].cache: 'none' -> 'writeback'"])


def test_parts_are_compared_too_and_nothing_else(pytester: pytest.Pytester, run: Run, workers: str) -> None:
    pytester.makepyfile(TESTS)
    result = run(workers, "-k", "disks or same or not_ours")

    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(["E *1 fact is not as before:", "E *[[]'vda'[]].cache: 'none' -> 'writeback'"])
    result.stdout.fnmatch_lines(["E *assert {'a': 1} == {'a': 2}"])


def test_the_report_has_all_of_it(pytester: pytest.Pytester, run: Run, workers: str, clouds_yaml: object) -> None:
    pytester.makepyfile(TESTS)
    run("--os-cloud", "lab", workers)
    text = (pytester.path / ".stackproof" / "runs" / "latest" / "report.html").read_text()
    found = re.search(r'data-jsonblob="([^"]*)"', text)
    assert found is not None
    tests = json.loads(html.unescape(found[1]))["tests"]
    extras = {nodeid.rpartition("::")[2]: entry[0]["extras"] for nodeid, entry in tests.items() if entry}
    shown = "".join(extra["content"] for extra in extras["test_other"])

    assert "2 facts of the guest changed" in shown
    assert '<td>vcpu_pins[0]</td><td><span class="sp-before">2-3</span></td>' in shown
    assert '<span class="sp-after">+    &lt;vcpupin vcpu=&quot;0&quot; cpuset=&quot;5&quot;/&gt;</span>' in shown
    assert not any("facts of the guest" in extra["content"] for extra in extras["test_same"] + extras["test_not_ours"])
