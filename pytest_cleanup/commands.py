"""What the verbs of pytest-cleanup do."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_cleanup import purge as purging
from pytest_cleanup.attribution.of_run import SNAPSHOT, scope_of
from pytest_cleanup.difference import difference
from pytest_cleanup.keep import Named, keeper, named
from pytest_cleanup.keepers import provided
from pytest_cleanup.keeping import Keepers
from pytest_cleanup.kinds import kinds
from pytest_cleanup.lock import locked
from pytest_cleanup.look import Look, look
from pytest_cleanup.pace import Pace
from pytest_cleanup.plan import plan
from pytest_cleanup.refusal import Refused, check
from pytest_cleanup.resource import Resource
from pytest_cleanup.restore import How, Restoration
from pytest_cleanup.restore import restore as restoring
from pytest_cleanup.scope import OfProjects, Scope, WholeCloud
from pytest_cleanup.snapshot import Identity, Snapshot
from pytest_cleanup.triage import triage

if TYPE_CHECKING:
    from pytest_cleanup.view import View

#: Where a snapshot is unless told otherwise.
DEFAULT = Path("cloud-snapshot.json")


def snapshot(options: argparse.Namespace) -> int:
    """Write one."""
    with _view(options) as view:
        found = look(view, kinds().values())
        Snapshot(Identity.of(view), found, _named(options)).write(options.output)
    print(f"{len(found.resources)} resources of {len(found.listed)} kinds in {options.output}")
    for kind, why in found.failed.items():
        print(f"not in it, and so never deleted: {kind}: {why}", file=sys.stderr)
    return 1 if found.failed else 0


def report(options: argparse.Namespace) -> int:
    """Say what differs."""
    taken = Snapshot.read(options.snapshot or DEFAULT)
    with _view(options) as view:
        now = look(view, kinds().values())
        check(taken, Identity.of(view), now, options.emptied)
    found, all_ = triage(taken.look, now, kinds(), WholeCloud(), Keepers((keeper(taken.named),)))
    if options.json:
        changed = {str(change.now): list(change.lines()) for change in all_.changed}
        told = {"appeared": _json(all_.appeared), "gone": _json(all_.gone), "changed": changed}
        print(json.dumps({**told, "unknown": dict(found.unknown)}, indent=1))
    else:
        print(*all_.lines(), *(f"? {kind}: {why}" for kind, why in found.unknown.items()), sep="\n", end="")
        print("" if all_ or found.unknown else f"as in the snapshot of {taken.look.taken:%F %T} UTC")
    return 1 if all_ or found.unknown else 0


def diff(options: argparse.Namespace) -> int:
    """Compare two files."""
    found = difference(Snapshot.read(options.before).look, Snapshot.read(options.after).look)
    print(*found.lines(), sep="\n", end="\n" if found else "")
    return 1 if found else 0


def restore(options: argparse.Namespace) -> int:
    """Set back to a snapshot."""
    folder = _run_of(options.scope)
    taken = Snapshot.read(options.snapshot or (folder / SNAPSHOT if folder else DEFAULT))
    if not options.scope:
        hint = "say --scope cloud if nobody else uses it, --scope project:NAME, or --scope run:FOLDER of a run"
        raise Refused("it is not known who made what appeared in the cloud since the snapshot", hint=hint)
    with _view(options) as view, _alone(view, options):
        now = look(view, kinds().values())
        check(taken, Identity.of(view), now, options.emptied)
        scope = scope_of(folder, view, taken.look, now) if folder else _scope(options.scope, now)
        keepers = _keepers(view, taken.named, _named(options))
        if options.dry_run:
            _show_plan(taken.look, now, scope, keepers)
            return 0
        count = len(difference(taken.look, now).appeared)
        print(f"{count} resources appeared since {taken.look.taken:%F %T} UTC; taking those of {scope.name}")
        done = restoring(view, kinds(), taken.look, now, scope, _how(keepers))
    return _tell(done, options.json)


def purge(options: argparse.Namespace) -> int:
    """Delete what there is."""
    names = _named(options)
    if not (options.project or options.every_project or names):
        hint = "say --project NAME, --every-project, or --keep-tempest-conf FILE for all but what that names"
        raise Refused("it was not said what to purge", hint=hint)
    if not (options.dry_run or options.yes_delete_everything):
        raise Refused("this deletes what is there, whoever made it", hint="say --yes-delete-everything, or --dry-run")
    with _view(options) as view, _alone(view, options):
        now = look(view, kinds().values())
        purging.check(now)
        doomed, kept = purging.doomed(view, now, options.project, kinds(), _keepers(view, names))
        if options.dry_run:
            print(*plan(doomed, now.resources).lines(), *(f"kept: {one}: {why}" for one, why in kept), sep="\n")
            return 0
        done = purging.purge(view, kinds(), doomed, kept, now, _how())
    return _tell(done, options.json)


def _view(options: argparse.Namespace) -> View:
    from pytest_cleanup.connecting import connect

    return connect(options.os_cloud or os.environ.get("OS_CLOUD"), Pace(options.rate, options.at_once))


def _named(options: argparse.Namespace) -> Named:
    files = {"accounts": options.keep_accounts, "clouds": options.keep_clouds}
    return named(tempest_conf=options.keep_tempest_conf, **files)


def _run_of(word: str | None) -> Path | None:
    """The folder in ``run:FOLDER``."""
    kind, _, name = (word or "").partition(":")
    return Path(name) if kind == "run" and name else None


def _scope(word: str, now: Look) -> Scope:
    kind, _, name = word.partition(":")
    if word == "cloud":
        return WholeCloud()
    if kind != "project" or not name:
        raise Refused(f"no scope is called {word!r}", hint="say cloud, project:NAME, or run:FOLDER")
    return OfProjects(word, purging.projects(now, [name]))


def _keepers(view: View, *names: Mapping[str, Sequence[str]]) -> Keepers:
    """What files name is kept, and what others speak for is left as it is."""
    return Keepers(tuple(keeper(one) for one in names), provided(view.auth_url, view.region or ""))


@contextmanager
def _alone(view: View, options: argparse.Namespace) -> Iterator[None]:
    """Nobody else deletes while we do; who only looks is in nobody's way."""
    if options.dry_run:
        yield
        return
    with locked(view) as marker:
        if marker.missing:
            print(f"pytest-cleanup: {marker.missing}", file=sys.stderr)
        yield


def _how(keepers: Keepers | None = None) -> How:
    def told(resource: Resource, what: str) -> None:
        print(f"{resource} {what}", flush=True)

    return How(keepers=keepers, told=told)


def _show_plan(before: Look, now: Look, scope: Scope, keepers: Keepers) -> None:
    found, _ = triage(before, now, kinds(), scope, keepers)
    print(*plan(found.leaks, now.resources).lines(), sep="\n")
    for change, why in found.changes:
        print(f"set back {change.now}, {why}:", *change.lines(), sep="\n        ")
    print(*(f"kept: {one}: {why}" for one, why in found.kept), sep="\n")


def _tell(done: Restoration, file: Path | None) -> int:
    print(*_lines(done), sep="\n")
    if file is not None:
        file.write_text(json.dumps(done.as_json(), indent=1))
    return 0 if done.equal else 1


def _lines(done: Restoration) -> Iterator[str]:
    for failure in done.failures:
        yield from failure.lines()
    yield from (f"set back: {change.now}: {', '.join(change.names)}" for change in done.restored)
    yield from (f"made again: {one}" for one in done.remade)
    yield from (f"not set back: {why}" for why in done.unrestored.values())
    if done.left is not None:
        yield from (f"kept: {one}: {why}" for one, why in done.left.kept)
        yield from (f"kept as it is: {change.now}: not ours" for change in done.left.others)
        yield from (f"gone, and not ours: {one}" for one in done.left.gone)
        yield from (f"left: {key}" for key in done.left.leaks)
        yield from (f"not known: {kind}: {why}" for kind, why in done.left.unknown.items())
    yield f"{len(done.deleted)} deleted in {done.seconds:.1f} s with {done.calls} requests; {done.proof}"


def _json(resources: Any) -> list[dict[str, Any]]:
    return [one.as_json() for one in resources]
