"""Kinds of resources that other packages bring along."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_cleanup.kinds import kinds, recorded
from pytest_whitebox.core.errors import StackproofError

MODULE = """
from pytest_cleanup.kinds.collection import Collection

DOCK = Collection(name="dock", service="harbour", path="/docks", key="docks")
SHIPS = (Collection(name="ship", service="harbour", path="/ships", key="ships"),
         Collection(name="ferry", service="harbour", path="/ferries", key="ferries"))
SERVER = Collection(name="server", service="harbour", path="/servers", key="servers")
NONE = 42
"""
Install = Callable[[str], None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """``install("DOCK")``: a package is installed that names this of its module as a kind."""

    def installed(name: str) -> None:
        (tmp_path / "harbour_kinds.py").write_text(MODULE)
        described = tmp_path / "harbour-1.0.dist-info"
        described.mkdir()
        (described / "METADATA").write_text("Metadata-Version: 2.1\nName: harbour\nVersion: 1.0\n")
        (described / "entry_points.txt").write_text(f"[stackproof.cleanup.kinds]\nharbour = harbour_kinds:{name}\n")
        monkeypatch.syspath_prepend(tmp_path)

    kinds.cache_clear()
    yield installed
    kinds.cache_clear()


@pytest.mark.parametrize(("name", "known"), [("DOCK", {"dock"}), ("SHIPS", {"ship", "ferry"})])
def test_installed_kinds_are_known_beside_ours(install: Install, name: str, known: set[str]) -> None:
    install(name)
    assert known <= kinds().keys()
    assert {kinds()[one].service for one in known} == {"harbour"}
    assert {"server", "volume", *recorded()} <= kinds().keys()


def test_installed_kind_takes_the_place_of_ours(install: Install) -> None:
    install("SERVER")
    assert kinds()["server"].service == "harbour"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("NONE", "42 is no kind that the cleanup can deal with; uninstall the package"),
        ("FORGOTTEN", "the kind of the cleanup 'harbour' (harbour_kinds:FORGOTTEN) cannot be loaded"),
    ],
)
def test_what_is_no_kind_is_one_sentence(install: Install, name: str, said: str) -> None:
    install(name)
    with pytest.raises(StackproofError) as raised:
        kinds()
    assert raised.value.sentence.startswith(said)
