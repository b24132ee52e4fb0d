"""A marker that is misused is told at collection, in one sentence, with and without workers."""

from __future__ import annotations

import pytest

from .conftest import Run

MISUSED = {
    "requires('libvrit')": "*requires(*needs, computes=0, pcpus=0): 'libvrit' is none of libvirt, *",
    "requires(hosts=2)": "*requires(*): it knows no 'hosts'",
    "requires(computes='2')": "*requires(*): computes and pcpus are numbers above 0",
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
        "@pytest.mark.requires(?needs, computes=0, pcpus=0): skip the test unless the cloud has all of it",
        "@pytest.mark.idempotent_id(uuid): *",
    ])  # fmt: skip


def test_requires_asks_for_the_cloud_by_itself(pytester: pytest.Pytester, run: Run, workers: str) -> None:
    pytester.makepyfile("import pytest\n\n@pytest.mark.requires('libvirt')\ndef test_marked(): pass")
    result = run("-rs", workers)

    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines("SKIPPED*no cloud to test: *")
