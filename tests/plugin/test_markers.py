"""A marker that is misused is told at collection, in one sentence, with and without workers."""

from __future__ import annotations

import pytest

from .conftest import Run

MISUSED = {
    "requires('libvrit')": "*requires(*needs, ?*values): 'libvrit' is none of libvirt, *, or a trait of Placement",
    "requires('hw_cpu_x86_avx')": "*requires(*): 'hw_cpu_x86_avx' is none of *",
    "requires(hosts=2)": "*requires(*): it knows no 'hosts', but computes, *",
    "requires(computes='2')": "*requires(*): computes is a number above 0",
    "requires(hugepages='2')": "*requires(*): hugepages '2' is no size of pages such as 2M or 1G",
    "requires(microversion=2.95)": '*requires(*): microversion is a text such as "2.95"',
    "requires()": "*requires(*): it requires nothing",
    "idempotent_id('seven')": "*idempotent_id takes one UUID: see `uuidgen`",
}


def test_misuse(pytester: pytest.Pytester, run: Run, workers: str) -> None:
    marked = "import pytest\n\n@pytest.mark.{}\ndef test_marked(): pass"
    pytester.makepyfile(**{f"test_{n}": marked.format(marker) for n, marker in enumerate(MISUSED)})
    result = run(workers)

    result.assert_outcomes(errors=len(MISUSED))
    result.stdout.fnmatch_lines_random(list(MISUSED.values()))
    result.stdout.no_fnmatch_line("*INTERNALERROR*")
    result.stdout.no_fnmatch_line("*Traceback*")


def test_markers_are_known_to_strict_projects(pytester: pytest.Pytester, run: Run) -> None:
    result = run("--markers", "--strict-markers")

    result.stdout.fnmatch_lines([
        "@pytest.mark.requires(?needs, ??values): skip the test unless the cloud has all of it",
        "@pytest.mark.idempotent_id(uuid): *",
    ])  # fmt: skip


def test_requires_asks_for_the_cloud_by_itself(pytester: pytest.Pytester, run: Run, workers: str) -> None:
    pytester.makepyfile("import pytest\n\n@pytest.mark.requires('libvirt')\ndef test_marked(): pass")
    result = run("-rs", workers)

    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines("SKIPPED*no cloud to test: *")
