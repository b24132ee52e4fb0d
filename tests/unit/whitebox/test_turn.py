import fcntl
from pathlib import Path
from threading import Event, Thread

import pytest

from pytest_whitebox.turn import turn


@pytest.mark.parametrize(
    ("held", "alone", "waits"), [("shared", True, True), ("shared", False, False), ("alone", False, True)]
)
def test_who_waits_for_whom(tmp_path: Path, held: str, alone: bool, waits: bool) -> None:
    file, entered = tmp_path / "lock", Event()

    def enter() -> None:
        with turn(file, alone=alone):
            entered.set()

    with file.open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX if held == "alone" else fcntl.LOCK_SH)
        thread = Thread(target=enter)
        thread.start()
        assert entered.wait(0.5) is not waits
    thread.join(10)
    assert entered.is_set()
