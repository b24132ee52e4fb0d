"""The recorded tours of tcup's page: each is there, plays, and shows what it is for."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[3] / "docs"
#: What whoever has watched it to its end has seen.
SEEN = {
    "run": ("send this, now and after later runs? [y/N] y", "results uploaded: http"),
    "no-upload": ("results not uploaded, as you wish", '{"cpid": "', '"duration_seconds": '),
    "debug": ("Everything is prepared and no test runs", "-m pytest -v --os-cloud tcup", "65534"),
}


def test_the_page_has_all_of_them() -> None:
    shown = re.findall(r"(?m)^```\{tour\} (\S+)$", (DOCS / "tcup.md").read_text())
    assert sorted(shown) == sorted(SEEN) == sorted(file.stem for file in (DOCS / "tours").iterdir())


@pytest.mark.parametrize("name", SEEN)
def test_it_plays_and_shows_what_it_is_for(name: str) -> None:
    head, *events = map(json.loads, (DOCS / "tours" / f"{name}.cast").read_text().splitlines())
    said = "".join(text for _, _, text in events)

    assert head["version"] == 2
    assert [kind for _, kind, _ in events] == ["o"] * len(events)
    assert sorted(at for at, _, _ in events) == [at for at, _, _ in events]
    assert [words for words in SEEN[name] if words not in said] == []
    assert "Traceback" not in said
