"""The script in the emulator's place on compute hosts: what it makes of libvirt's command line."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import devcloud

SCRIPT = Path(devcloud.__file__).parent / "templates/compute/usr/bin/qemu-system-x86_64"
RAM = '{"qom-type":"memory-backend-ram","id":"pc.ram","size":134217728}'
FILE = '{"qom-type":"memory-backend-file","id":"pc.ram","mem-path":"/dev/hugepages","size":134217728}'


def passed_on(*words: str) -> list[str]:
    """The words that the real emulator would get, without those that are always added."""
    script = SCRIPT.read_text().replace("exec /usr/bin/qemu-system-x86_64.real", r"exec printf '%s\n'")
    said = subprocess.run(["sh", "-c", script, "qemu", *words], capture_output=True, text=True, check=True).stdout
    first, second, *rest = said.splitlines()
    assert (first, second) == ("-global", "virtio-net-pci.csum=off")
    return rest


@pytest.mark.parametrize(("given", "grown"), [("128", "131080k"), ("size=131072k", "size=131080k")])
def test_memory_is_no_whole_multiple_of_what_the_quick_way_takes(given: str, grown: str) -> None:
    before, after = ["-name", 'guest="a b",x', "-object"], ["-overcommit", "mem-lock=off"]
    larger = RAM.replace("134217728", str(134217728 + 8192))
    assert passed_on(*before, RAM, "-m", given, *after) == [*before, larger, "-m", grown, *after]


@pytest.mark.parametrize(
    "words",
    [
        ["-object", FILE, "-m", "128"],
        ["-object", RAM, "-m", "size=131072k,slots=2,maxmem=262144k"],
        ["-S", "-machine", "none,accel=tcg", "-qmp", "unix:/run/a b.sock,server=on"],
        ["-version"],
    ],
)
def test_what_is_not_plain_memory_is_passed_on_as_it_is(words: list[str]) -> None:
    assert passed_on(*words) == words
