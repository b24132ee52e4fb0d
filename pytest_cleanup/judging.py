"""The end of a run: what is left is found, told, and removed if that is wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_cleanup import purge as purging
from pytest_cleanup import settings
from pytest_cleanup.aftermath import Aftermath
from pytest_cleanup.attribution import of_run
from pytest_cleanup.attribution.act import Act
from pytest_cleanup.attribution.attribution import Attributions
from pytest_cleanup.diagnosis import Diagnoses
from pytest_cleanup.difference import Change
from pytest_cleanup.evidence.bugreport import write_reports
from pytest_cleanup.evidence.bundle import Bundles
from pytest_cleanup.evidence.pieces import fault
from pytest_cleanup.fixups import named as fixups_named
from pytest_cleanup.fixups.doing import do, shown
from pytest_cleanup.fixups.fixup import Fixup
from pytest_cleanup.keep import keeper
from pytest_cleanup.keepers import provided
from pytest_cleanup.keeping import Keeper, Keepers
from pytest_cleanup.kind import Step
from pytest_cleanup.kinds import kinds
from pytest_cleanup.lock import locked
from pytest_cleanup.look import Look, look
from pytest_cleanup.plan import plan
from pytest_cleanup.refusal import Refused, check
from pytest_cleanup.resource import Resource
from pytest_cleanup.restore import How, restore
from pytest_cleanup.scope import OfProjects, Scope, WholeCloud
from pytest_cleanup.snapshot import Identity, Snapshot
from pytest_cleanup.triage import Triage, triage
from pytest_cleanup.wanted import Wanted
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.rundirectory import RunDirectory

if TYPE_CHECKING:
    from pytest_cleanup.view import View
    from pytest_whitebox.cloud import Cloud


@dataclass(frozen=True)
class Judging:
    """All that is needed for it: ``before`` is what the cloud is to be again, ``acts`` what the tests did.

    ``cloud`` is None where nothing behind the APIs can be seen; ``say`` tells the user what happens now.
    """

    view: View
    before: Snapshot
    wanted: Wanted
    run: RunDirectory
    acts: Sequence[Act]
    cloud: Cloud | None
    keepers: Sequence[Keeper]
    say: Callable[[str], None]

    def judge(self) -> Aftermath:
        """Look, tell, and do what is wanted; a refusal is told, and nothing was deleted then."""
        try:
            with locked(self.view) if self.wanted.deletes else nullcontext() as marker:
                if marker is not None and marker.missing:
                    self.say(f"cleanup: {marker.missing}")
                return self._judged()
        except Refused as refused:
            said = refused.sentence.replace("--emptied", settings.EMPTIED.option)
            return Aftermath(self.wanted.mode, problem=said, refused=True)
        except StackproofError as error:
            return Aftermath(self.wanted.mode, problem=error.sentence)

    def _judged(self) -> Aftermath:
        now = look(self.view, kinds().values())
        check(self.before, Identity.of(self.view), now, self.wanted.emptied)
        attributions = of_run.attributions(self.view, self.acts, self.run.id, self.before.look, now)
        scope = self._scope(now, attributions)
        found, _ = triage(self.before.look, now, kinds(), scope, self._kept)
        told = self._told(found, now, attributions)
        if self.wanted.mode == "dry-run":
            return replace(told, plan=tuple(self._plan(found, now)))
        if self.wanted.mode == "preserve":
            self.say(f"cleanup: {len(found.leaks)} of scope {scope.name} are removed, {len(found.kept)} are kept")
            return told.after(restore(self.view, kinds(), self.before.look, now, scope, self._how))
        if self.wanted.mode == "all":
            doomed, kept = purging.doomed(self.view, now, [], kinds(), self._kept)
            self.say(f"cleanup: everything is removed, {len(doomed)} things; {len(kept)} are kept")
            told = replace(told, others=tuple(kept))
            return told.after(purging.purge(self.view, kinds(), doomed, kept, now, self._how))
        return told

    @cached_property
    def _kept(self) -> Keepers:
        others = provided(self.view.auth_url, self.view.region or "")
        return Keepers((keeper(self.before.named),), (*self.keepers, *others))

    @cached_property
    def _bundles(self) -> Bundles:
        return Bundles(self.run, self.acts, self.cloud)

    def _scope(self, now: Look, attributions: Attributions) -> Scope:
        word = self.wanted.scope
        if word == "cloud":
            return WholeCloud()
        if word.startswith("project:"):
            return OfProjects(word, purging.projects(now, [word.partition(":")[2]]))
        return of_run.scope(attributions)

    def _told(self, found: Triage, now: Look, attributions: Attributions) -> Aftermath:
        """What is left, with its causes and its evidence, which is saved before anything is deleted."""
        diagnoses = Diagnoses(self.acts, left=found.leaks)
        leaks = []
        for key in sorted(found.leaks):
            resource = now.resources[key]
            said = fault(self.cloud, resource) if self.cloud is not None else ""
            leaks.append(diagnoses.leak(resource, attributions(resource), said))
        # What goes without more ado needs no evidence.
        full = not self.wanted.deletes
        folders = {leak.resource.key: self._bundles.collect(leak, full=full or leak.is_bug) for leak in leaks}
        changes = [line for change, why in found.changes for line in _change(change, why)]
        changes += [line for change in found.others for line in _change(change, "not ours")]
        changes += [f"{one} is gone, not ours" for one in found.gone]
        lost = tuple(one for one, _ in found.lost)
        return Aftermath(
            self.wanted.mode, tuple(leaks), tuple(found.kept), tuple(changes), lost, found.unknown,
            folders=folders, reports=tuple(write_reports(self.run, leaks, folders)),
        )  # fmt: skip

    def _plan(self, found: Triage, now: Look) -> Iterator[str]:
        ordered = plan(found.leaks, now.resources)
        yield from ordered.lines()
        for change, why in found.changes:
            yield f"set back {change.now}, {why}: {', '.join(change.names)}"
        for fixup in fixups_named(*self.wanted.fixups):
            for one in ordered.deletions:
                if one.resource.kind == fixup.kind and fixup.applies(one.resource):
                    yield f"if nothing else removes {one.resource}:"
                    yield from (f"    {line}" for line in shown(fixup, one.resource))

    @cached_property
    def _how(self) -> How:
        return How(self._kept, witness=self._witness, last_resort=self._last_resort)

    def _witness(self, resource: Resource, step: Step, _: str) -> None:
        self._bundles.step(resource, step.name)

    def _last_resort(self, resource: Resource) -> Iterator[Step]:
        """The fix-ups that were named, for what is in the state that they are for."""
        for fixup in fixups_named(*self.wanted.fixups):
            if fixup.kind == resource.kind and fixup.applies(resource):
                yield Step(f"fix-up {fixup.name}", self._fixing(fixup))

    def _fixing(self, fixup: Fixup) -> Callable[[View, Resource], None]:
        def act(_: View, resource: Resource) -> None:
            if self.cloud is None:
                raise StackproofError("the databases cannot be reached", hint="see why in the log of the run")
            do(fixup, resource, self.cloud.databases, self.run.folder("fixups"))

        return act


def _change(change: Change, why: str) -> Iterator[str]:
    yield f"{change.now}, {why}"
    yield from (f"    {line}" for line in change.lines())
