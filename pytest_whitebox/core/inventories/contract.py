"""What every format of inventory must do, as tests that any implementation can inherit.

A test class inherits `InventoryContract` and gives three fixtures: ``format``, ``file``, the path of an inventory of
two hosts in that format, and ``broken``, that of one whose mistake only reading it shows.
"""
# ruff: noqa: S101 -- these are tests; the runner explains a failed assert

from __future__ import annotations

from pathlib import Path

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.inventories.inventory import Format


class InventoryContract:
    """Inherit it under a name that the test runner collects."""

    def test_it_knows_its_own_files(self, format: Format, file: Path, broken: Path) -> None:
        """A mistake in a file does not make it one of another format."""
        assert format.fits(file)
        assert format.fits(broken)

    def test_it_leaves_other_files_to_others(self, format: Format, tmp_path: Path) -> None:
        """Empty, binary, and of other kinds: none of them is an error."""
        for number, data in enumerate(
            (b"", b"\xff\xfe\x00", b"[section\n", b"just words\n", b"- a\n- list\n", b"a: 1\n")
        ):
            other = tmp_path / f"other{number}"
            other.write_bytes(data)
            assert not format.fits(other)

    def test_its_hosts_have_names_of_their_own(self, format: Format, file: Path) -> None:
        """Both hosts are there, and the source is the file."""
        inventory = format.read(file)
        assert len({host.name for host in inventory.hosts if host.name}) == len(inventory.hosts) == 2
        assert inventory.source == str(file)

    def test_a_mistake_is_told_with_the_file_and_a_next_step(self, format: Format, broken: Path) -> None:
        """Never a traceback of a parser."""
        seen: StackproofError | None = None
        try:
            format.read(broken)
        except StackproofError as error:
            seen = error
        assert seen is not None, "nothing was raised"
        assert str(broken) in str(seen)
        assert seen.hint

    def test_it_has_a_name(self, format: Format) -> None:
        """For the error that lists all formats."""
        assert format.name.strip()
