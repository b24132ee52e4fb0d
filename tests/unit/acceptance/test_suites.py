"""The page of the suites: what became of each test one after the other, and with workers."""

from __future__ import annotations

from pathlib import Path

from tests.acceptance.record import Step
from tests.acceptance.sabotage import compute, orphans, others  # noqa: F401 -- they note their breaks
from tests.acceptance.sabotage.table import BREAKS
from tests.acceptance.suites import compared, steps_of
from tests.unit.repo.views import Suite

JUNIT = b"""
<testsuites><testsuite>
  <testcase classname="tests.suites.dns.test_zone" name="test_it" time="2.5"/>
  <testcase classname="tests.suites.dns.test_zone" name="test_it" time="0.5"><error message="undo: no"/></testcase>
  <testcase classname="tests.suites.dns.test_zone" name="test_other[a]" time="1"><skipped message="needs b"/></testcase>
</testsuite></testsuites>
"""

SUITES = Path(__file__).parents[2] / "suites"
#: What no devcloud of two processors has, so that nothing can be broken there either.
ELSEWHERE = {
    "test_console_encryption", "test_cpu_power", "test_cpu_threads", "test_hugepages", "test_hyperv", "test_iommu",
    "test_mixed_numa", "test_nvdimm", "test_pci_passthrough", "test_queues", "test_rbd_download",
    "test_security_labels", "test_sriov", "test_sriov_numa", "test_vdpa", "test_vgpu",
    "test_two_pinned_and_two_floating_guests_keep_apart_on_one_host", "test_realtime_vcpus_are_those_of_the_mask",
    "test_libvirt_keeps_the_secret_of_a_guest_that_may_move",
    "test_each_iscsi_session_is_of_a_volume_that_the_host_needs",
}  # fmt: skip


def test_each_test_that_devcloud_runs_has_a_break_that_it_must_see() -> None:
    files = [
        file for file in SUITES.rglob("test_*.py") if file.stem != "test_rolling" and file.parent.name != "upgrade"
    ]
    tests = {name: file.stem for file in files for name in Suite(file).tests}
    assert sorted(BREAKS.keys() - tests.keys()) == []
    without = {tests[name] if tests[name] in ELSEWHERE else name for name in tests.keys() - BREAKS.keys()}
    assert without == ELSEWHERE


def test_each_test_is_a_step_and_a_failed_teardown_fails_it() -> None:
    assert [*steps_of(JUNIT)] == [
        Step("dns/test_zone::test_it", 3.0, "failed", "undo: no"),
        Step("dns/test_zone::test_other[a]", 1.0, "skipped", "needs b"),
    ]


def test_same_end_with_workers_is_told_with_its_seconds() -> None:
    assert compared([Step("a", 2, "skipped", "needs b")], [Step("a", 3, "skipped", "needs b")], 2) == [
        Step("a", 2, "skipped", "with 2 workers 3.0 s; needs b")
    ]


def test_another_end_with_workers_is_no_success() -> None:
    one = [Step("a", 2, "ok"), Step("b", 2, "ok"), Step("c", 2, "failed", "no"), Step("d", 2, "ok")]
    other = [Step("b", 1, "failed", "oh"), Step("c", 1, "ok"), Step("a", 1, "skipped", "busy"), Step("e", 1, "ok")]
    assert [(step.name, step.outcome) for step in compared(one, other, 2)] == [
        ("a", "differs"), ("b", "failed"), ("c", "failed"), ("d", "differs"), ("e", "differs"),
    ]  # fmt: skip
    assert [step.said.partition("; ")[2] for step in compared(one, other, 2)] == [
        "ok and then skipped: busy", "ok and then failed: oh", "failed and then ok: no", "ok and then missing: ",
        "missing and then ok: ",
    ]  # fmt: skip
