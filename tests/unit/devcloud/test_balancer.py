"""What HAProxy says of itself, as it was recorded."""

from __future__ import annotations

from pathlib import Path

import pytest

from devcloud.apis.balancer import Backend, from_csv

RECORDED = Path(__file__).with_name("data") / "show-stat.csv"


def test_each_instance_with_its_port_and_state() -> None:
    assert list(from_csv(RECORDED.read_text())) == [
        Backend("placement", "a", 18778, "UP", 0),
        Backend("placement", "b", 28778, "UP", 0),
        Backend("nova", "a", 18774, "UP", 0),
        Backend("nova", "b", 28774, "UP", 0),
    ]


@pytest.mark.parametrize(("state", "serves"), [("UP", True), ("UP 1/3", True), ("DRAIN", False), ("DOWN", False)])
def test_only_what_is_up_serves(state: str, serves: bool) -> None:
    assert Backend("nova", "a", 18774, state, 0).serves is serves
