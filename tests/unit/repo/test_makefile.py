"""The Makefile: what its help says is what it has."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "Makefile").read_text()


def test_help_lists_every_target() -> None:
    targets = set(re.findall(r"^([a-z./-]+):(?!=)", TEXT, re.MULTILINE)) - {"help"}
    listed = subprocess.run(["make", "-C", str(ROOT), "help"], check=True, capture_output=True, text=True).stdout
    assert targets
    assert {line.split()[0] for line in listed.splitlines() if not line.startswith("make")} == targets


def test_every_target_is_phony() -> None:
    targets = set(re.findall(r"^([a-z./-]+):(?!=)", TEXT, re.MULTILINE))
    phony = re.findall(r"^\.PHONY: (.*)$", TEXT, re.MULTILINE)
    assert phony
    assert targets <= set(" ".join(phony).split())
