"""What the user reads of failures."""

from __future__ import annotations

import pytest

from .conftest import Run


def test_every_undo_that_failed_is_told(pytester: pytest.Pytester, run: Run, workers: str) -> None:
    pytester.makepyfile(
        """
        from pytest_whitebox.core.errors import StackproofError

        def in_use():
            raise StackproofError("flavor f is in use", hint="delete its servers")

        def test_changes(ledger):
            ledger.add("the thing", lambda: {}["key"])
            ledger.add("flavor f", in_use)
            ledger.add("what works", lambda: None)
        """
    )
    result = run(workers)

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines([
        "2 of what was changed could not be undone:",
        "  while undoing: flavor f; flavor f is in use; delete its servers",
        "  while undoing: the thing; KeyError: 'key'",
    ])  # fmt: skip
    result.stdout.no_fnmatch_line("*what works*")


def test_our_error_shows_the_line_of_the_test_and_none_of_our_code(
    pytester: pytest.Pytester, run: Run, workers: str
) -> None:
    pytester.makepyfile(
        """
        from pytest_whitebox.core.domain import Domain

        def test_reads():
            Domain.from_xml("nonsense")
        """
    )
    result = run(workers)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(['>*Domain.from_xml("nonsense")', "E *this is no domain XML*", "E *hint: look at *"])
    result.stdout.no_fnmatch_line("*etree.fromstring*")


def test_error_of_another_of_our_plugins_shows_none_of_its_code_either(
    pytester: pytest.Pytester, run: Run, workers: str
) -> None:
    pytester.makepyfile(
        """
        from pytest_upgrade.verdicts.thresholds import Thresholds

        def test_sets():
            Thresholds.given(["nonsense=1"])
        """
    )
    result = run(workers)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([">*Thresholds.given(*nonsense=1*)", "E *no threshold is called 'nonsense'*"])
    result.stdout.no_fnmatch_line("*thresholds.py*")
    result.stdout.no_fnmatch_line("*raise StackproofError*")


def test_what_is_not_ours_keeps_its_traceback(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def broken():
            raise ValueError("from a fixture")

        def test_uses(broken): pass
        """
    )
    result = run()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([">*raise ValueError*", "E *ValueError: from a fixture"])
