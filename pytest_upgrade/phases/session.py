"""What this process knows of the upgrade: the phase, its run, its store."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_upgrade.configured import settings
from pytest_upgrade.configured.places import FOLDER, Places, without_password
from pytest_upgrade.phases.phase import Phase
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.session import LOOKS_ONLY
from pytest_whitebox.session import session_key as whitebox_key

if TYPE_CHECKING:
    from pytest_upgrade.phases.ending import Ending
    from pytest_upgrade.store import Store
    from pytest_upgrade.store.secrets import Secrets
    from pytest_upgrade.store.values import Run
    from pytest_whitebox.core.clouds import Choice
    from pytest_whitebox.core.rundirectory import RunDirectory

_NEW = "new"
_OUTCOMES = {0: "passed", 1: "failed", 2: "interrupted", 5: "nothing ran"}


@dataclass(frozen=True)
class Session:
    """A phase that runs; ``attempt`` is the number of this pytest process, and of its workers, in the store."""

    phase: Phase
    run: Run
    store: Store
    places: Places
    attempt: int
    ending: Ending | None
    is_new: bool = False
    is_worker: bool = False

    @property
    def expected(self) -> str:
        """The release that services should have in this phase; empty if none was named, and while they change."""
        return {Phase.PRE: self.run.release_from, Phase.POST: self.run.release_to}.get(self.phase, "")

    @property
    def directory(self) -> RunDirectory:
        """The folder of the run."""
        return self.places.directory(self.run.name)

    @property
    def secrets(self) -> Secrets:
        """The run's secrets on this machine."""
        from pytest_upgrade.store.secrets import Secrets

        return Secrets(self.directory)

    def header(self) -> Iterator[str]:
        """The phase and the run, and how the phase will end."""
        began = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(self.run.began))
        since = "begins here" if self.is_new else f"open since {began}"
        yield f"upgrade: phase {self.phase} of run {self.run.id} ({since}), in {self.store.place}"
        if self.phase is Phase.DURING and self.ending is not None:
            ends = ["`pytest-upgrade mark end`", *([str(self.ending.until)] if self.ending.until else [])]
            if self.ending.deadline:
                ends.append(time.strftime("%H:%M:%S UTC", time.gmtime(self.ending.deadline)))
            yield f"upgrade: the phase ends at {', '.join(ends)} or Ctrl-C, whichever comes first"

    def for_worker(self) -> dict[str, Any]:
        """What a worker of xdist is told; it gives `_of_worker` the same session."""
        ending = self.ending
        return {
            "run": self.run.id, "attempt": self.attempt,
            "ending": (ending.began, str(ending.until or ""), ending.deadline) if ending else None,
        }  # fmt: skip

    def close_run(self, config: pytest.Config) -> None:
        """After a post that found all well: remove what was kept, and close the run."""
        from pytest_upgrade.phases import closing

        keep, _ = settings.KEEP.read(config)
        choice = config.stash[whitebox_key].choice
        if self.phase is Phase.POST and not keep:
            config.stash[closed_key] = closing.close(self.store, self.run, self.directory, choice)

    def finish(self, status: int) -> None:
        """The attempt has ended, with this exit code of pytest."""
        if not self.is_worker:
            ended = {"ended": time.time(), "outcome": _OUTCOMES.get(status, "error")}
            self.store.attempts.set(self.run.id, {"id": self.attempt}, **ended)
        self.store.close()


session_key = pytest.StashKey[Session]()
#: What became of the run at the end of post, in words.
closed_key = pytest.StashKey[str]()


def phase_of(config: pytest.Config) -> Phase | None:
    """The phase that was asked for; raises `pytest.UsageError` for what only has a meaning in another one."""
    try:
        _check_file(config)
        word, _ = settings.PHASE.read(config)
        phase = Phase(word) if word else None
        settings.LIMITS.read(config)
        for setting in (settings.UNTIL, settings.FOR, settings.LOOK):
            _, source = setting.read(config)
            if source.startswith("--") and phase is not Phase.DURING:
                raise StackproofError(f"{source} is for --phase=during", hint="leave it out, or choose that phase")
        return phase
    except StackproofError as error:
        raise pytest.UsageError(error.sentence) from None


def _check_file(config: pytest.Config) -> None:
    """Raise `StackproofError` for a key of upgrade.toml that neither pytest nor the command line has."""
    file = settings.configuration(config)
    if file.values:
        from pytest_upgrade import cli

        cli.check(file)


def begin(config: pytest.Config, phase: Phase) -> Session | None:
    """Open the run of a phase; None where nothing is run but looked at.

    Raises `pytest.UsageError` for what cannot be: post without pre, two open runs, another cloud.
    """
    if any(config.getoption(option, False) for option in LOOKS_ONLY):
        return None
    try:
        session = config.stash[session_key] = _of(config, phase)
    except StackproofError as error:
        raise pytest.UsageError(error.sentence) from None
    return session


def of(config: pytest.Config) -> Session | None:
    """The phase that runs; None if none does."""
    return config.stash.get(session_key, None)


def _of(config: pytest.Config, phase: Phase) -> Session:
    from pytest_upgrade.store import Store

    places = _places(config)
    store = Store.open(places.url)
    worker: dict[str, Any] = getattr(config, "workerinput", {})
    if "upgrade" in worker:
        # The controller has chosen the run and begun the attempt.
        return _of_worker(worker["upgrade"], phase, store, places)
    try:
        run, is_new = _run(config, phase, store)
        ending = _ending(config, phase)
        if ending is not None:
            ending.check(store, run.id)
        run = _with_releases(config, run)
        if is_new:
            store.add_run(run)
        else:
            store.set_run(run.id, release_from=run.release_from, release_to=run.release_to)
        return Session(phase, run, store, places, _attempt(store, run, phase), ending, is_new)
    except BaseException:  # Ctrl-C too: nobody else knows of the store yet
        store.close()
        raise


def _of_worker(given: dict[str, Any], phase: Phase, store: Store, places: Places) -> Session:
    from pytest_upgrade.configured.choosing import named
    from pytest_upgrade.phases.ending import Ending

    ending = None
    if given["ending"]:
        began, until, deadline = given["ending"]
        ending = Ending(began, Path(until) if until else None, deadline)
    return Session(phase, named(store, given["run"]), store, places, given["attempt"], ending, is_worker=True)


def _places(config: pytest.Config) -> Places:
    url, source = settings.STORE.read(config)
    folder, _ = settings.RUNS.read(config)
    return Places(config.rootpath / (folder or FOLDER), without_password(url, source))


def _attempt(store: Store, run: Run, phase: Phase) -> int:
    from pytest_upgrade.store.values import Attempt

    return store.attempts.add(run.id, Attempt(str(phase)))


def _ending(config: pytest.Config, phase: Phase) -> Ending | None:
    until, _ = settings.UNTIL.read(config)
    duration, _ = settings.FOR.read(config)
    if phase is not Phase.DURING:
        return None
    from pytest_upgrade.phases.ending import Ending

    now = time.time()
    return Ending(now, (config.invocation_params.dir / until) if until else None, now + duration if duration else 0.0)


def _run(config: pytest.Config, phase: Phase, store: Store) -> tuple[Run, bool]:
    """The run that the phase belongs to, and whether it is a new one."""
    from pytest_upgrade.configured.choosing import begun, opened, still_open

    choice = _choice(config)
    id, _ = settings.RUN.read(config)
    if id and id != _NEW:
        return still_open(store, id), False
    host, region = choice.auth_host or "", choice.region or ""
    found = None if id == _NEW else opened(store, host=host, region=region)
    if found is not None:
        return found, False
    if phase is not Phase.PRE:
        raise StackproofError(
            f"--phase={phase} without a run: none is open of the cloud {choice.name} at {host}",
            hint="begin with --phase=pre before the upgrade, or name one of `pytest-upgrade runs` with --upgrade-run",
        )
    return begun(choice, _places(config).folder), True


def _with_releases(config: pytest.Config, run: Run) -> Run:
    """The run with the releases that were named now, or before."""
    before, _ = settings.FROM.read(config)
    after, _ = settings.TO.read(config)
    return replace(run, release_from=before or run.release_from, release_to=after or run.release_to)


def _choice(config: pytest.Config) -> Choice:
    whitebox = config.stash[whitebox_key]
    if whitebox.choice is None:
        problem = whitebox.problem
        raise problem or StackproofError(
            "no cloud to upgrade", hint="pass --os-cloud NAME, or set OS_CLOUD or OS_AUTH_URL and its like"
        )
    return whitebox.choice
