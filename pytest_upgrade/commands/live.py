"""The verb observe watch: what each lane sees now, the step of the upgrade, open outages and breakers."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING

from pytest_upgrade.commands.context import Context, opened

if TYPE_CHECKING:
    from rich.console import RenderableType

    from pytest_upgrade.store.values import Run
    from pytest_upgrade.verdicts.samples import Latest

#: Seconds between two looks, on a terminal and where plain lines are printed; slots in the strip of a lane.
_EVERY, _EVERY_LINES, _STRIP = 1.0, 10.0, 40
_GOOD, _SLOW, _BAD = "▂", "▅", "█"
#: What takes so many times the median of a strip is drawn as slow.
_TIMES = 3.0


@dataclass(frozen=True)
class Row:
    """A lane: its last slots, when it began to fail if it does, and why it is spared if it is."""

    name: str
    strip: str
    milliseconds: float
    failing_since: float | None
    word: str
    breaker: str

    @classmethod
    def of(cls, latest: Latest, breakers: Mapping[str, str]) -> Row:
        """What is seen of a lane."""
        good = sorted(one.took for one in latest.seen if not one.result.failed)
        usual = good[len(good) // 2] if good else 0.0
        marks = (
            _BAD if one.result.failed else _SLOW if one.took > _TIMES * usual else _GOOD for one in latest.seen
        )  # fmt: skip
        word = latest.seen[-1].result.word if latest.seen else "nothing yet"
        name = latest.lane.name
        return cls(name, "".join(marks), 1000 * usual, latest.failing_since, word, breakers.get(name, ""))

    def now(self, at: float) -> str:
        """How it is, in words."""
        spared = f", spared: {self.breaker}" if self.breaker else ""
        if self.failing_since is not None:
            return f"OUT for {at - self.failing_since:.0f} s ({self.word}){spared}"
        return f"{self.word}{spared}"


@dataclass(frozen=True)
class View:
    """All that is seen at a time since 1970."""

    run: str
    at: float
    process: int
    step: str
    rows: tuple[Row, ...]

    @classmethod
    def of(cls, context: Context, run: Run) -> View:
        """What the store and the samples of a run say now."""
        from pytest_upgrade.observers import outside
        from pytest_upgrade.verdicts.samples import Samples
        from pytest_upgrade.verdicts.steps import spans

        folder = context.places.directory(run.name).path
        samples = Samples(folder)
        last = {one.lane: one for one in samples.trips()}
        breakers = {lane: one.why for lane, one in last.items() if one.open}
        steps = [one for one in spans(context.store.events.of(run.id)) if one.end == float("inf")]
        now = ", ".join(f"{one.name} for {time.time() - one.begin:.0f} s" for one in steps) or "no step"
        rows = tuple(Row.of(one, breakers) for one in samples.latest(_STRIP))
        return cls(run.id, time.time(), outside.alive(folder), now, rows)

    @property
    def title(self) -> str:
        """One line of the whole."""
        observer = f"process {self.process}" if self.process else "NO OBSERVER LIVES"
        out = sum(row.failing_since is not None for row in self.rows)
        return f"run {self.run}: {observer}; {self.step}; {out} of {len(self.rows)} lanes are out"

    def lines(self) -> Iterator[str]:
        """For what is no terminal: the whole, and each lane that is not well."""
        yield f"{time.strftime('%H:%M:%S', time.gmtime(self.at))} {self.title}"
        for row in self.rows:
            if row.failing_since is not None or row.breaker:
                yield f"  {row.name}: {row.now(self.at)}"


def watch(options: argparse.Namespace) -> int:
    """Show what each lane sees, again and again, until Ctrl-C; 1 if no observer lives."""
    with opened(options) as context:
        run = context.run(options)
        terminal = sys.stdout.isatty()
        views = _views(context, run, options.once, _EVERY if terminal else _EVERY_LINES)
        try:
            return _on_terminal(views) if terminal else _in_lines(views)
        except KeyboardInterrupt:
            return 0


def _views(context: Context, run: Run, once: bool, seconds: float) -> Iterator[View]:
    nobody = Event()
    while True:
        view = View.of(context, run)
        yield view
        if once or not view.process:
            return
        nobody.wait(seconds)


def _in_lines(views: Iterable[View]) -> int:
    process = 0
    for view in views:
        process = view.process
        for line in view.lines():
            print(line, flush=True)
    return int(not process)


def _on_terminal(views: Iterable[View]) -> int:
    from rich.live import Live

    process = 0
    with Live(auto_refresh=False) as live:
        for view in views:
            process = view.process
            live.update(drawn(view), refresh=True)
    return int(not process)


def drawn(view: View) -> RenderableType:
    """A table with a row per lane."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, title=escape(view.title), title_justify="left")
    for heading in ("LANE", f"LAST {_STRIP}", "MEDIAN", "NOW"):
        table.add_column(heading, no_wrap=True)
    for row in view.rows:
        style = "red" if row.failing_since is not None else "yellow" if row.breaker else ""
        table.add_row(
            escape(row.name), row.strip, f"{row.milliseconds:.0f} ms", escape(row.now(view.at)), style=style or None
        )
    return table
