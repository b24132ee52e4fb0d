"""Finding what was kept, making it in pre, judging it on three levels, removing it at the end."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pytest_upgrade.persistent.errors import Gone, Inconclusive, Unusable
from pytest_upgrade.persistent.thing import Thing
from pytest_upgrade.store.secrets import locked
from pytest_upgrade.store.values import Finding, Kept, Level
from pytest_whitebox.core.errors import StackproofError

if TYPE_CHECKING:
    from pytest_upgrade.persistent.kind import Kind
    from pytest_upgrade.persistent.place import Place

_PRE = "pre"


class Keeper:
    """Each thing has one maker: workers of xdist that want the same one wait for it."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._looked: set[tuple[str, str]] = set()

    def get(self, kind: str, name: str, spec: Mapping[str, Any]) -> Thing:
        """The thing of that kind and name; made in pre if it is not there yet, and looked for otherwise.

        Raises `Gone` if it should be there and is not.
        """
        found = self.kind(kind)
        with self._alone(kind, name):
            kept = self.known(kind, name)
            if kept is None or kept.made is None:
                kept = self._make(found, name, dict(spec), kept)
            else:
                self._same(kept, dict(spec))
                self.exists(found, kept)
        return getattr(found, "thing", Thing)(self._place, found, kept)

    def kind(self, name: str) -> Kind:
        """The kind of that name; raises `StackproofError` if none is installed."""
        known = self._place.kinds
        if name not in known:
            raise StackproofError(
                f"no kind of thing is called {name!r}", hint=f"choose from {', '.join(sorted(known))}"
            )
        return known[name]

    def known(self, kind: str, name: str) -> Kept | None:
        """What the store has of it."""
        return next(iter(self._place.store.resources.of(self._place.run.id, kind=kind, name=name)), None)

    def exists(self, kind: Kind, kept: Kept) -> None:
        """See that it is there, and what was made for it, once in each process; raises `Gone`."""
        if (kept.kind, kept.name) in self._looked:
            return
        with self._judged(kind, kept, "exists"):
            if said := kind.missing(self._place, kept):
                hint = "see who deleted it in the log of its service; `pytest-upgrade show` has what it was"
                raise Gone(f"{kept} of run {self._place.run.id} is gone: {said}", hint=hint)
        self._looked.add((kept.kind, kept.name))
        for name, of in getattr(kind, "stands_on", _on_nothing)(kept):
            if below := self.known(name, of):
                self.exists(self.kind(name), below)

    def intact(self, kind: Kind, kept: Kept) -> tuple[str, ...]:
        """What of it is not what it was."""
        with self._judged(kind, kept, "intact") as note:
            found = tuple(kind.differences(self._place, kept))
            note.extend(found)
        return found

    def used(self, kind: Kind, kept: Kept) -> str:
        """Use it, alone; raises `Unusable` with what a service said."""
        from keystoneauth1.exceptions import ClientException
        from openstack.exceptions import SDKException

        with self._judged(kind, kept, "usable"), self._alone("use", _user(kept)):
            try:
                return kind.use(self._place, kept)
            except (SDKException, ClientException) as error:
                raise Unusable(f"{kept} cannot be used: {error}", hint=f"see the log of {kind.service}") from error

    def remove(self, kept: Kept) -> None:
        """Remove it, also half made."""
        kind = self.kind(kept.kind)
        kind.remove(self._place, self._place.name_of(kept.kind, kept.name), kept.state)
        self._place.store.resources.set(self._place.run.id, _row(kept.kind, kept.name), gone=time.time())

    def _make(self, kind: Kind, name: str, spec: dict[str, Any], half: Kept | None) -> Kept:
        from openstack.exceptions import SDKException

        place, run = self._place, self._place.run.id
        if place.phase != _PRE:
            raise Gone(
                f"{kind.name} {name!r} was not made in pre of run {run}",
                hint="run the same test with --phase=pre before the upgrade",
            )
        if not place.has(kind.service):
            hint = "have the test require it: @pytest.mark.requires"
            raise StackproofError(f"the catalog has no {kind.service} service for {kind.name} {name!r}", hint=hint)
        if half is None:
            place.store.resources.add(run, Kept(kind.name, name, spec))
        else:
            # Whoever began it has died: what there is of it is of unknown worth.
            kind.remove(place, place.name_of(kind.name, name), half.state)
        try:
            state = kind.make(place, place.name_of(kind.name, name), spec)
        except SDKException as error:
            raise _refused(kind, name, error) from error
        place.store.resources.set(run, _row(kind.name, name), spec=spec, state=state, made=time.time())
        kept = self.known(kind.name, name)
        assert kept is not None  # noqa: S101 -- written just before
        return kept

    def _same(self, kept: Kept, spec: dict[str, Any]) -> None:
        if kept.spec != spec:
            raise StackproofError(
                f"{kept} was made with {kept.spec}, and now {spec} is asked for",
                hint="give another name to another thing, and leave what was made in pre as it is",
            )

    @contextmanager
    def _judged(self, kind: Kind, kept: Kept, level: Level) -> Iterator[list[str]]:
        """Write down how it ends: what was noted, or what was raised."""
        noted: list[str] = []
        try:
            yield noted
        except Inconclusive as error:
            self._write(kept, level, None, error.why)
            raise
        except Exception as error:
            self._write(kept, level, False, f"{kind.name}: {error}" if not str(error) else str(error))
            raise
        self._write(kept, level, not noted, "; ".join(noted))

    def _write(self, kept: Kept, level: Level, ok: bool | None, text: str) -> None:
        finding = Finding(self._place.phase, kept.kind, kept.name, level, ok, text)
        self._place.store.findings.add(self._place.run.id, finding)

    @contextmanager
    def _alone(self, kind: str, name: str) -> Iterator[None]:
        with locked(self._place.directory, f"{kind}-{name}"):
            yield


def _row(kind: str, name: str) -> dict[str, Any]:
    return {"kind": kind, "name": name}


def _on_nothing(kept: Kept) -> Iterable[tuple[str, str]]:  # noqa: ARG001
    return ()


def _user(kept: Kept) -> str:
    """What is used with it: its server, which two tests must not use at the same time."""
    return str(kept.spec.get("server") or kept.name)


def _refused(kind: Kind, name: str, error: Exception) -> StackproofError:
    said = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if "uota" in said:
        hint = "raise the quota of the run's project with `openstack quota set`, then run --phase=pre again"
        return StackproofError(f"the quota is too small for {kind.name} {name!r}: {said}", hint=hint)
    hint = "mend that and run --phase=pre again: it goes on from here"
    return StackproofError(f"{kind.name} {name!r} cannot be made: {said}", hint=hint)
