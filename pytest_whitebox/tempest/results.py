"""Results for tools that read what `tempest run` writes: a stream of subunit, and its names in JUnit's XML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from _pytest.junitxml import xml_key  # there is no other way to it; the attribute is that of `record_xml_attribute`

from pytest_whitebox.core.ended import Phases
from pytest_whitebox.core.subunit import Stream
from pytest_whitebox.naming import ATTRIBUTE

FILE = "results.subunit"


class Results:
    """Hooks for where the report is written; ``packages`` are those of Tempest's tests."""

    def __init__(self, config: pytest.Config, file: Path, packages: tuple[str, ...]) -> None:
        self.file, self._config, self._packages = file, config, packages
        self._phases = Phases()
        # For its owner only: the folder is.
        self._out = file.open("wb")
        self._stream = Stream(self._out)
        config.add_cleanup(self._out.close)

    # Before the XML is made of it.
    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Name the test, and write it down once it is over."""
        id = str(getattr(report, ATTRIBUTE, ""))
        xml: Any = self._config.stash.get(xml_key, None)
        if xml is not None and id.partition(".")[0] in self._packages:
            xml.node_reporter(report).add_attribute("name", _last(id))
        over = self._phases.add(report)
        if over is not None:
            self._stream.write(over)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Where the stream is."""
        terminalreporter.write_line(f"tempest: results as subunit: {self.file}")


def _last(id: str) -> str:
    """The last part of an id, with uuid and attributes, as subunit2junitxml takes it.

    >>> _last("tempest.api.test_x.X.test_a[id-0a6c,smoke](v1.0)")
    'test_a[id-0a6c,smoke](v1.0)'
    """
    name, bracket, rest = id.partition("[") if "[" in id else id.partition("(")
    return name.rpartition(".")[2] + bracket + rest
