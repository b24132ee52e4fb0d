"""Verbs about what is written down: runs, show, export, import, mark."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_upgrade.commands.context import opened
from pytest_whitebox.core.errors import StackproofError

if TYPE_CHECKING:
    from pytest_upgrade.store import Store
    from pytest_upgrade.store.values import Finding, Run


#: The attempt of what was imported, and how long the name of a test may be in the store.
_IMPORTED, _LONGEST_NAME = 0, 512


def runs(options: argparse.Namespace) -> int:
    """List all runs."""
    with opened(options) as context:
        found = context.store.runs()
        for run in found:
            state = "open" if run.closed is None else f"closed {_when(run.closed)}"
            phases = Counter(attempt.phase for attempt in context.store.attempts.of(run.id))
            told = ", ".join(phases) or "no phase yet"
            print(f"{run.id}  {_when(run.began)}  {run.cloud} at {run.host}  {_releases(run)}{told}; {state}")
        if not found:
            print(f"no runs in {context.store.place}; `pytest --phase=pre` begins one")
    return 0


def show(options: argparse.Namespace) -> int:
    """Tell all that is known of a run; 1 if something of it failed, 2 if something could not be judged."""
    with opened(options) as context:
        run = context.run(options)
        for line in _told(context.store, run):
            print(line)
        return _code(context.store, run)


def report(options: argparse.Namespace) -> int:
    """Write the page of a run, and say where it is."""
    from pytest_upgrade.report.page import NAME, write

    with opened(options) as context:
        run = context.run(options)
        folder = context.samples(run)
        context.places.directory(run.name).folder()
        print(write(context.store, run, options.output or folder / NAME, folder))
    return 0


def export(options: argparse.Namespace) -> int:
    """Write a run into a file, or to standard output."""
    from pytest_upgrade.store.archive import packed
    from pytest_upgrade.verdicts.copies import pieces

    if options.with_secrets and not options.output:
        raise StackproofError("secrets are not written to a terminal", hint="name a file with --output FILE")
    with opened(options) as context:
        run = context.run(options)
        secrets = context.secrets(run).all() if options.with_secrets else None
        text = packed(context.store, run, secrets, pieces(context.places.directory(run.name).path))
    if not options.output:
        sys.stdout.write(text)
        return 0
    try:
        with os.fdopen(os.open(options.output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
    except FileExistsError:
        raise StackproofError(f"{options.output} exists", hint="name another file") from None
    print(f"run {run.id} is in {options.output}{' with its secrets' if options.with_secrets else ''}")
    return 0


def import_(options: argparse.Namespace) -> int:
    """Take in a run that was exported, or what another tool found out about one."""
    from pytest_upgrade.store.archive import fits, unpacked

    data = _read(options.file)
    text = data.decode(errors="replace")
    if not fits(text):
        return _results(options, data)
    if strange := [name for name in ("phase", "run", "service", "tag") if getattr(options, name)]:
        raise StackproofError(
            f"{options.file} is a whole run, which says its {strange[0]} itself", hint="leave the option out"
        )
    with opened(options) as context:
        run, secrets = unpacked(context.store, text)
        if secrets:
            context.secrets(run).replace(secrets)
        print(f"run {run.id} of {run.cloud} is in {context.store.place}{', with its secrets' if secrets else ''}")
    return 0


def mark(options: argparse.Namespace) -> int:
    """Write down that a step of the upgrade, or the upgrade itself, begins or ends."""
    from pytest_upgrade.store.values import Event

    ok = None if options.what == "begin" else not options.failed
    with opened(options) as context:
        run = context.run(options)
        event = Event(
            options.step, options.what, options.service or "", options.host or "", ok=ok, text=options.text or "",
            source="mark",
        )  # fmt: skip
        context.store.events.add(run.id, event)
        print(f"run {run.id}: {options.what} of {options.step or 'the upgrade'} at {_when(event.at)}")
    return 0


def _results(options: argparse.Namespace, data: bytes) -> int:
    """Take in the outcomes of tests that another tool has run, and the file itself."""
    from pytest_upgrade.results.reading import media_of, read
    from pytest_upgrade.store.values import Artifact, Outcome

    form, found = read(data, str(options.file))
    if not options.phase:
        raise StackproofError(
            f"{options.file} does not say in which phase of an upgrade it was written",
            hint="pass --phase pre, during or post",
        )
    with opened(options) as context:
        run = context.run(options)
        outcomes = [
            Outcome(_IMPORTED, options.phase, one.test[:_LONGEST_NAME], options.service or one.service,
                    options.tag or "", one.outcome, one.reason, one.seconds)
            for one in found
        ]  # fmt: skip
        context.store.outcomes.add_all(run.id, outcomes)
        context.store.artifacts.add(run.id, Artifact(options.phase, options.file.name, media_of(form), data))
    counted = ", ".join(f"{count} {word}" for word, count in sorted(Counter(one.outcome for one in found).items()))
    print(f"run {run.id}: {counted} in {options.phase}, from {form} in {options.file}")
    return 0


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        hint = "name a file of `export`, or results of another tool"
        raise StackproofError(f"{file} cannot be read: {error.strerror}", hint=hint) from None


def _told(store: Store, run: Run) -> Iterator[str]:
    state = "open" if run.closed is None else f"closed {_when(run.closed)}"
    yield f"run {run.id} of {run.cloud} at {run.host}, begun {_when(run.began)}, {state} {_releases(run)}".rstrip()
    for attempt in store.attempts.of(run.id):
        ended = f"{attempt.ended - attempt.began:.0f} s, {attempt.outcome}" if attempt.ended else "has not ended"
        yield f"phase {attempt.phase}: {_when(attempt.began)} on {attempt.machine}, {ended}"
    for event in store.events.of(run.id):
        said = {None: "", True: " ok", False: " FAILED"}[event.ok]
        about = " ".join(filter(None, (event.service, event.host, event.text)))
        yield f"{event.kind} {event.step or 'of the upgrade'}: {_when(event.at)}{said} {about}".rstrip()
    tested = Counter((one.service, one.tag, one.phase, one.outcome) for one in store.outcomes.of(run.id))
    for (service, tag, phase, outcome), count in sorted(tested.items()):
        yield f"{service or 'no service'}, {tag or 'no tag'}, {phase}: {count} {outcome}"
    yield from _evidence(store, run)
    latest = _latest(store, run)
    for kept in store.resources.of(run.id):
        levels = [finding for (kind, name, _), finding in latest.items() if (kind, name) == (kept.kind, kept.name)]
        words = [f"{one.level} {_word(one)}" for one in levels] or ["not looked at after it was made"]
        yield f"{kept}{'' if kept.gone is None else ' (removed)'}: {', '.join(words)}"


def _latest(store: Store, run: Run) -> dict[tuple[str, str, str], Finding]:
    """The last finding on each level of each thing, of the last phase that looked at it."""
    from pytest_upgrade.store.values import LEVELS

    found = store.findings.of(run.id)
    last = {(one.kind, one.name): one.phase for one in found}
    latest = {(one.kind, one.name, one.level): one for one in found if one.phase == last[one.kind, one.name]}
    return dict(sorted(latest.items(), key=lambda item: LEVELS.index(item[1].level)))


def _evidence(store: Store, run: Run) -> Iterator[str]:
    """What was found of releases and health in the last phase that looked."""
    clues = store.evidence.of(run.id)
    for clue in (clue for clue in clues if clue.phase == clues[-1].phase):
        where = f" on {clue.host}" if clue.host else ""
        releases = ", ".join(clue.releases) or "no release"
        yield f"{clue.service}, {clue.phase}: {clue.source}{where} says {clue.said}: {releases}"
    signs = store.signs.of(run.id)
    for sign in (sign for sign in signs if sign.ok is False and sign.phase == signs[-1].phase):
        yield f"{sign.service}, {sign.phase}: {sign.check} {sign.host} {sign.said}"


def _word(finding: Finding) -> str:
    return {True: "yes", False: f"NO: {finding.text}", None: f"not judged: {finding.text}"}[finding.ok]


def _code(store: Store, run: Run) -> int:
    """0 pass, 1 fail, 2 inconclusive."""
    last = {(one.test, one.phase): one.outcome for one in store.outcomes.of(run.id)}
    judged = [finding.ok for finding in _latest(store, run).values()]
    if False in judged or {"failed", "error"} & set(last.values()):
        return 1
    return 2 if None in judged or "inconclusive" in last.values() or not last else 0


def _when(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _releases(run: Run) -> str:
    return f"{run.release_from or '?'} to {run.release_to or '?'}  " if run.release_from or run.release_to else ""
