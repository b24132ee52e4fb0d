"""A service of a host: does it run, what is it configured with, and what happens if that is changed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property

from pytest_whitebox.core.configuration import Changes, Config, config_paths
from pytest_whitebox.core.deployments import ServiceFacts, UnknownService
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.processes import Process, Started, Status, family, started_with
from pytest_whitebox.core.services import log, outage
from pytest_whitebox.core.services.edit import edited_by
from pytest_whitebox.core.services.restart import restart, start
from pytest_whitebox.core.transactions import Transactions
from pytest_whitebox.core.transports import ContainerTransport, Transport
from pytest_whitebox.core.transports.file import read_file_if_there

#: Something that has another value after each sign of life that the service gives to the cloud; None: none yet.
Report = Callable[[], object]
#: Has the cloud take the service for down, or no longer, and returns when it does.
Forcing = Callable[[bool], None]
#: Asks the service something over the message queue, and does not wait for an answer.
Waking = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Contact:
    """What the cloud hears of a service, and does to it; None for what it does not."""

    report: Report | None = None
    forcing: Forcing | None = None
    waking: Waking | None = None


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds.

    ``start``: for a new process; ``settle``: that it must live if the service does not report to the cloud;
    ``report``: for a fresh report; ``lock``: for others who edit the same file; ``every``: between two looks.
    """

    start: float = 60
    settle: float = 3
    report: float = 180
    lock: float = 600
    every: float = 0.2


class Service:
    """A service by its name in OpenStack (``nova-compute``); every look at it is a new look at the host."""

    def __init__(
        self, name: str, where: str, transport: Transport, facts: Callable[[], ServiceFacts],
        transactions: Transactions[Service], contact: Contact | None = None, patience: Patience | None = None,
    ) -> None:  # fmt: skip
        self.name = name
        self.where = where
        self.transport = transport
        self.contact = contact or Contact()
        self.patience = patience or Patience()
        self._find = facts
        self._transactions = transactions

    def __repr__(self) -> str:
        return f"<service {self.name} on {self.where}>"

    @cached_property
    def facts(self) -> ServiceFacts:
        """What its host's deployment says of it; raises `UnknownService`."""
        return self._find()

    @cached_property
    def inside(self) -> Transport:
        """The way to where its processes run: the host itself, or the container that they run in."""
        container = self.facts.container
        return ContainerTransport(self.transport, container) if container else self.transport

    @property
    def instances(self) -> tuple[Service, ...]:
        """Itself, and the instances that run beside it: a restart and a changed configuration reach them all."""
        return (self, *map(self._instance, self.facts.beside))

    def _instance(self, facts: ServiceFacts) -> Service:
        return Service(
            facts.name, self.where, self.transport, lambda: facts, self._transactions, self.contact, self.patience
        )

    @property
    def exists(self) -> bool:
        """True if the host has such a service."""
        try:
            return self.status.exists
        except UnknownService:
            return False

    @property
    def status(self) -> Status:
        """What its supervisor says now, of the first instance if there are several."""
        return self.facts.supervisor.status(self.transport, self.facts.unit)

    @property
    def is_running(self) -> bool:
        """True if its supervisor says that it runs now, with all its instances."""
        return all(one.status.running for one in self.instances)

    @property
    def is_enabled(self) -> bool:
        """True if its supervisor starts it by itself when the host starts, with all its instances."""
        return all(one.status.enabled for one in self.instances)

    @property
    def pids(self) -> frozenset[Process]:
        """Its processes now, of all instances, each with its start: none has the same value after a restart."""
        roots = [pid for one in self.instances if (pid := one.status.pid)]
        return frozenset(process for pid in roots for process in family(self.transport, pid))

    @property
    def main(self) -> Process | None:
        """The process that its supervisor started, for the first instance; None if there is none now."""
        pid = self.status.pid
        return next((process for process in family(self.transport, pid) if process.pid == pid), None) if pid else None

    @property
    def started(self) -> Started | None:
        """The command line and the environment of its main process now; None if it does not run."""
        return started_with(self.transport, self.status.pid)

    @property
    def config(self) -> Config:
        """Its options as it would read them now, if it were started as it was; each tells where it is set.

        From all files in their order, drop-in folders and the environment of its process. A running service may have
        read other files before.
        """
        return self.config_with({})

    def config_with(self, other: Mapping[str, bytes]) -> Config:
        """The same if some of its files were other ones."""
        process = self.started
        paths = config_paths(self.transport, self.facts, process)
        read = {path: other.get(path, read_file_if_there(self.transport, path)) for path in paths}
        files = {path: data for path, data in read.items() if data is not None}
        return Config.from_files(files, process.environment if process else {})

    @property
    def guard(self) -> str:
        """What is locked on the host while it is changed: the file that an edit goes to, which others may read too."""
        return self.facts.config_target or f"service {self.name}"

    def log_tail(self, lines: int = 50) -> str:
        """The last lines of its log, and of its other instances' logs, with secrets of its configuration masked."""
        return self._shown("".join(one._tail(lines) for one in self.instances))

    def log_mark(self) -> tuple[log.LogMark, ...]:
        """Where its logs end now, one for each instance."""
        return tuple(log.mark(self.transport, one.facts) for one in self.instances)

    def log_since(self, mark: Sequence[log.LogMark], pattern: str = "") -> str:
        """The lines that it wrote since a mark was set, of all instances, with secrets masked.

        ``pattern`` is a regular expression that a line has to contain.
        """
        pairs = zip(self.instances, mark, strict=True)
        text = self._shown("".join(log.since(self.transport, one.facts, start) for one, start in pairs))
        return "".join(line for line in text.splitlines(keepends=True) if re.search(pattern, line))

    def _shown(self, text: str) -> str:
        """The text without secrets; nothing of it if those are not known because the configuration is broken."""
        try:
            return self.config.censor(text)
        except StackproofError as error:
            return f"(not shown, for it may hold secrets: {error})\n"

    def _tail(self, lines: int) -> str:
        command = ["tail", "-n", str(lines), "--", self.facts.log]
        if not self.facts.log:
            command = [
                "journalctl",
                "--no-pager",
                "--output=short-iso",
                f"--unit={self.facts.unit}",
                f"--lines={lines}",
            ]
        return self.transport.run(command).stdout

    def restart(self) -> None:
        """Restart it, and prove it: another process that stays, and a fresh report if the service gives any.

        Of several instances each is restarted when the one before it is proven. Waits for others who edit its
        configuration. Raises `RestartFailed`, whose note holds the end of the log.
        """
        outage.restarted(self._transactions, self)

    def wake(self) -> None:
        """Have a service that sits idle end sooner when it is told to.

        oslo.messaging looks at a queue in which nothing comes ever less often, up to every 5 s, and ends only then.
        """
        if self.contact.waking is not None:
            self.contact.waking()

    def come_up(self, *, anew: bool) -> None:
        """What `restart` does (``anew``), or only a start of what does not run, for one who holds its guard already."""
        restart(self) if anew else start(self)

    def stopped(self) -> AbstractContextManager[None]:
        """Have the service stopped for as long as the context lasts, with all its instances and sockets.

        It is started again whatever happens, and that is proven as by `restart`; if this process is killed, by the
        next run.
        """
        return outage.stopped(self._transactions, self)

    def forced_down(self) -> AbstractContextManager[None]:
        """Have Nova take the service for down for as long as the context lasts, whether it runs or not.

        Only for nova-compute; raises `StackproofError` for any other.
        """
        return outage.forced_down(self._transactions, self)

    def down(self) -> AbstractContextManager[None]:
        """Have the service stopped, and Nova know it at once and not only after ``service_down_time``."""
        return outage.down(self._transactions, self)

    @property
    def forcing(self) -> Forcing:
        """What tells the cloud that the service is down, or no longer; `forced_down` takes it back by itself."""
        if self.contact.forcing is None:
            raise StackproofError(f"{self.name} on {self.where} cannot be forced down", hint="only nova-compute can")
        return self.contact.forcing

    def set_config(self, changes: Changes, *, also: Sequence[str] = ()) -> AbstractContextManager[None]:
        """Run the service with other options for as long as the context lasts.

        ``changes`` maps (section, option) to a value, to several values, or to None for "not set"; ``also`` names
        services of the host that read the same file and are to be restarted, too. The file is locked on the host, its
        bytes are kept there, the service is restarted and that is proven, and all of it is taken back at the end, or
        by the next run if this one is killed. Raises `ConfigRejected` if the service does not come back; then the
        former configuration is in force again.
        """
        return edited_by(self._transactions, self, changes, also=also)
