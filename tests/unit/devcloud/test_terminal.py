"""What the command line shows where there is no terminal."""

from __future__ import annotations

import pytest

from devcloud.machine.finding import Finding
from devcloud.terminal import show_findings


def test_a_program_reads_each_finding_on_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    long = " ".join(["word"] * 60)
    show_findings([Finding("networks", True, long), Finding("disk", False, "too small", "free some")])
    first, second = capsys.readouterr().out.splitlines()
    assert first.split() == ["ok", "networks", *long.split()]
    assert second.split() == ["no", "disk", "too", "small;", "free", "some"]
