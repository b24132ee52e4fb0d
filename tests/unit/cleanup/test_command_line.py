"""The command line of pytest-cleanup: nothing is deleted for a word that was cut short."""

from __future__ import annotations

import pytest

from pytest_cleanup.cli import main


@pytest.mark.parametrize(
    ("words", "short"),
    [(["purge", "--every-project"], "--yes"), (["restore", "--dry-run"], "--scop=cloud")],
    ids=["the second option of purge", "the scope"],
)
def test_option_that_is_cut_short_is_not_taken(
    words: list[str], short: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*words, short])
    assert ended.value.code == 4
    assert f"unrecognized arguments: {short}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "word"),
    [("--at-once", "0"), ("--at-once", "none"), ("--rate", "-1"), ("--rate", "inf"), ("--rate", "x")],
)
def test_number_of_requests_is_one(option: str, word: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["snapshot", f"{option}={word}"])
    assert ended.value.code == 4
    assert f"argument {option}: {word!r} is no number of requests; say " in capsys.readouterr().err


def test_command_that_does_not_exist_is_misuse(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["destroy"])
    assert ended.value.code == 4
    assert "invalid choice: 'destroy'" in capsys.readouterr().err
