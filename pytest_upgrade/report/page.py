"""The page of a run: HTML that opens anywhere, without a network."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_upgrade.report.summary import standings, steps, verdict
from pytest_whitebox.core.errors import StackproofError

if TYPE_CHECKING:
    from pytest_upgrade.store import Store
    from pytest_upgrade.store.values import Run

_TEMPLATES = Path(__file__).parent
#: What the page is called in the folder of its run.
NAME = "report.html"
_PHASES = ("pre", "during", "post")


def write(store: Store, run: Run, file: Path, folder: Path) -> Path:
    """Write the page of a run, whose folder has its samples, and return its file; raises `StackproofError`."""
    try:
        file.write_text(page(store, run, folder))
    except OSError as error:
        raise StackproofError(f"cannot write {file}: {error.strerror}", hint="name another --output") from error
    return file


def page(store: Store, run: Run, folder: Path) -> str:
    """All that a person wants to know of a run first."""
    import jinja2

    from pytest_upgrade.verdicts.page import of_run

    engine = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), undefined=jinja2.StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, autoescape=True,
    )  # fmt: skip
    engine.filters["time"] = lambda at: datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")
    found, done = list(standings(store, run.id)), steps(store.events.of(run.id))
    return engine.get_template("page.html.j2").render(
        run=run, observed=of_run(store, run, folder), verdict=verdict(found, done), standings=found, steps=done,
        attempts=store.attempts.of(run.id), things=_things(store, run.id), releases=_releases(store, run.id),
        unwell=[sign for sign in store.signs.of(run.id) if sign.ok is False],
    )  # fmt: skip


def _things(store: Store, run: str) -> list[tuple[str, str, str, str]]:
    """Each thing that outlives the upgrade, a phase, and what was found of it there on each level."""
    latest = {(one.kind, one.name, one.phase, one.level): one for one in store.findings.of(run)}
    words = {True: "yes", False: "NO", None: "not judged"}
    rows = []
    for kind, name, phase in sorted({key[:3] for key in latest}, key=lambda key: (*key[:2], _PHASES.index(key[2]))):
        said = [one for key, one in latest.items() if key[:3] == (kind, name, phase)]
        told = ", ".join(f"{one.level} {words[one.ok]}{f': {one.text}' if one.text else ''}" for one in said)
        rows.append((kind.replace("_", " "), name, phase, told))
    return rows


def _releases(store: Store, run: str) -> list[tuple[str, str, list[str]]]:
    """What the last look of each phase says of each service."""
    looks: dict[tuple[str, str], dict[float, list[str]]] = {}
    for row in store.evidence.of(run):
        where = f" on {row.host}" if row.host else ""
        said = f"{row.source}{where}: {row.said} ({', '.join(row.releases) or 'no release'})"
        looks.setdefault((row.service, row.phase), {}).setdefault(row.at, []).append(said)
    order = sorted(looks, key=lambda key: (key[0], _PHASES.index(key[1])))
    return [(service, phase, looks[service, phase][max(looks[service, phase])]) for service, phase in order]
