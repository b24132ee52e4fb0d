"""Bringing a cloud up: a plan of steps, each of which does only what is missing."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from threading import Event
from types import MappingProxyType

from devcloud import access, seed
from devcloud.apis import balancer
from devcloud.apis.authority import Authority
from devcloud.cloud import Cloud
from devcloud.configuration import write_files
from devcloud.hosts import fabric, host, hypervisor, ovn
from devcloud.plan import Progress, Task, perform
from devcloud.services import databases, rotation, runit
from devcloud.services.service import Service
from devcloud.topology import COMPUTE, HostPlan
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.wait import wait_for

_READY_TIMEOUT = 180
#: A daemon that ends so often before it works will not come up by itself; on a busy machine OVN's crash now and then.
_DEATHS = 6


def up(
    cloud: Cloud,
    progress: Progress,
    loaded: Mapping[str, set[str]] = MappingProxyType({}),
    *,
    wanted: Callable[[str], bool] = lambda _: True,
) -> None:
    """Bring up what is not; what works is left alone, unless its files changed.

    ``loaded`` names the projects whose daemons are to begin anew, by host. Of all tasks, a daemon's being called
    "nova-api on controller", those that are ``wanted`` are done.
    """
    access.keys(cloud.state, cloud.topology)
    if cloud.settings.tls:
        authority = Authority(cloud.state.authority)
        authority.certify(cloud.topology.controller.name, cloud.doors.address)
        for plan in cloud.topology.hosts:
            if plan.role == COMPUTE:
                authority.certify_console(plan.name, plan.mgmt)
    links = fabric.up(cloud.state, cloud.topology)
    changed: dict[str, set[str]] = {}
    for plan in cloud.topology.hosts:
        on = host.power_on(cloud.state, plan)
        fabric.plug(links, on, plan)
        access.install_keys(cloud.state, on)
        if plan.role == COMPUTE:
            hypervisor.prepare(on)
        written = write_files(cloud.state, cloud.settings, cloud.topology, on)
        concerned = _concerned(written, {service.own_file for service in cloud.services})
        changed[plan.name] = {*concerned, *loaded.get(plan.name, ())}
    access.write(cloud.state, cloud.topology, cloud.doors)
    steps = _Steps(cloud, changed)
    perform([task for task in steps if wanted(task.name)], progress, stop=steps.stopping.set)


def _concerned(paths: Iterable[str], own_files: Container[str]) -> Iterator[str]:
    """Whom new files concern: the one instance whose own file it is, or all of a project's daemons.

    >>> sorted(_concerned(["/etc/nova/nova.conf", "/etc/nova/a.ini", "/etc/hostname"], {"/etc/nova/a.ini"}))
    ['/etc/nova/a.ini', 'nova']
    """
    return (path if path in own_files else path.split("/")[2] for path in paths if path.count("/") > 2)


class _NotYet(Exception):
    """A service does not work yet; the text says what is wrong."""


@dataclass(frozen=True)
class _Steps(Iterable[Task]):
    """The steps from hosts that are on to a cloud that works; ``changed`` has by host the projects with new files."""

    cloud: Cloud
    changed: Mapping[str, set[str]]
    stopping: Event = field(default_factory=Event)

    def __iter__(self) -> Iterator[Task]:
        yield from self._infrastructure()
        yield from self._data()
        for service in self.cloud.unwanted():
            yield Task(f"{service.name} is there no more", partial(self._removed, service), ("haproxy on controller",))
        for plan, service in self.cloud.placements():
            yield Task(service.on(plan.name), partial(self._start, plan, service), tuple(self._needs(plan, service)))

    def _infrastructure(self) -> Iterator[Task]:
        controller = self.cloud.controller
        yield Task("database files", partial(databases.initialise, controller))
        for plan in self.cloud.topology.hosts:
            on = self.cloud.host(plan)
            yield Task(f"switch files on {plan.name}", partial(ovn.create_files, on))
            switches = partial(ovn.configure, on, self.cloud.topology)
            yield Task(f"switches on {plan.name}", switches, (f"ovs-vswitchd on {plan.name}",))
        if "swift" in self.cloud.settings.services:
            yield Task("object rings", partial(databases.rings, controller, programs=self.cloud.programs("swift")))

    def _data(self) -> Iterator[Task]:
        cloud, controller = self.cloud, self.cloud.controller
        secrets = cloud.state.secrets()
        projects, computes = ",".join(cloud.settings.services), cloud.settings.computes
        for project in cloud.settings.services:
            if project in databases.SCHEMAS:
                given = {"programs": cloud.programs(project), "password": secrets["database"]}
                work = partial(databases.fill, controller, project, **given)
                yield self._once(f"schema of {project}", work, ("mariadb on controller",))
        given = {"programs": cloud.programs("keystone"), "password": secrets["admin"]}
        work = partial(databases.bootstrap, controller, cloud.doors, **given)
        yield self._once("first user", work, ("schema of keystone", "memcached on controller"))
        seeding = seed.Seed(cloud.state, cloud.settings, cloud.topology)
        ready = ("first user", "keystone-api on controller")
        yield self._once("users and endpoints", seeding.identity, ready, of=projects)
        chassis = (f"ovn-controller on {plan.name}" for plan in cloud.topology.hosts)
        yield self._once("networks", seeding.networks, ("users and endpoints", "neutron-api on controller", *chassis))
        yield self._once("images", seeding.images, ("users and endpoints", "glance-api on controller"))
        if "cinder" in cloud.settings.services:
            yield self._once("volume type", seeding.volumes, ("users and endpoints", "cinder-api on controller"))
        if "heat" in cloud.settings.services:
            yield self._once("domain of stacks", seeding.stack_domain, ("users and endpoints",))
        if "designate" in cloud.settings.services:
            work = partial(databases.pool, controller, programs=cloud.programs("designate"))
            yield self._once("DNS pool", work, ("designate-central on controller",))
        everything = tuple(service.on(plan.name) for plan, service in cloud.placements())
        work = partial(seeding.compute, controller, cloud.programs("nova"))
        yield self._once("flavors and hosts", work, everything, of=computes)

    def _needs(self, plan: HostPlan, service: Service) -> Iterator[str]:
        known = {placed.name for placed in self.cloud.services}
        for name in service.after:
            where = [found for found, _ in self.cloud.placed(name)] if name in known else []
            for found in [plan] if plan in where else where:
                yield f"{name} on {found.name}"
        if service.schema:
            yield f"schema of {service.schema}"
            yield "users and endpoints" if service.schema != "keystone" else "first user"
        if service.name == "mariadb":
            yield "database files"
        if service.name in ("ovsdb", "ovn-nb", "ovn-sb"):
            yield f"switch files on {plan.name}"
        if service.name == "ovn-controller":
            yield f"switches on {plan.name}"
        if service.project == "swift":
            yield "object rings"

    def _start(self, plan: HostPlan, service: Service) -> bool:
        """Have one daemon run and work; returns False if it did before."""
        on = self.cloud.host(plan)
        programs = self.cloud.programs_of(plan, service)
        defined = runit.define(on, service, {"bin": programs, "mgmt": str(plan.mgmt)})
        seen = runit.supervised(on, service.name)
        changed = {service.project, service.own_file} & self.changed[plan.name]
        stale = defined or bool(changed) or self.cloud.is_outdated(on, service, seen)
        works = seen and seen.up and self.cloud.problem(on, service, seen) is None
        strays = not service.keeps_children and runit.end_strays(on, service.name)
        if works and seen and not (seen.deaths or stale or strays):
            return False
        runit.forget_deaths(on, service.name)
        if works and not strays and not stale:
            return True
        if seen and seen.up and stale:
            self._renew(on, service, defined=defined)
        runit.start(on, service.name)
        wait_for(
            partial(self._works, plan, service),
            timeout=_READY_TIMEOUT,
            every=0.3,
            ignore=(_NotYet,),
            what=f"{service.name} on {plan.name} to work",
            hint=f"see `devcloud logs {service.name}`",
        )
        runit.forget_deaths(on, service.name)
        return True

    def _renew(self, on: host.Host, service: Service, *, defined: bool) -> None:
        """Have a running daemon take its new configuration, without a pause if it can."""
        if service.signal and not defined:
            runit.signal(on, service.name, service.signal)
        else:
            rotation.restart(on, service)

    def _removed(self, service: Service) -> bool:
        """Stop an instance that the cloud has no more, as soon as HAProxy gives it no requests; False if it is gone."""
        on = self.cloud.controller
        own_file = on.path(service.own_file)
        if not own_file.exists():
            return False
        balancer.wait_until_unknown(on, service.port)
        runit.remove(on, service.name)
        own_file.unlink()
        return True

    def _works(self, plan: HostPlan, service: Service) -> bool:
        if self.stopping.is_set():
            raise StackproofError(f"{service.name} was not waited for", hint="another step failed")
        on = self.cloud.host(plan)
        seen = runit.supervised(on, service.name)
        if seen and seen.deaths >= _DEATHS:
            last = (on.path(service.log).read_text(errors="replace").strip().splitlines() or ["nothing"])[-1]
            raise StackproofError(
                f"{service.name} on {plan.name} ends as soon as it starts; its log ends in: {last}",
                hint=f"see `devcloud logs {service.name}`",
            )
        problem = self.cloud.problem(on, service, seen)
        if problem:
            rotation.admit(on, service)
            raise _NotYet(problem)
        return True

    def _once(self, name: str, work: Callable[[], object], after: tuple[str, ...], of: object = "") -> Task:
        """A step that is done once for each value of ``of``; one that was interrupted is done again."""
        mark = self.cloud.state.path / "done" / name.replace(" ", "-")

        def unless_done() -> object:
            if mark.exists() and mark.read_text() == str(of):
                return False
            with seed.told(name):
                work()
            mark.parent.mkdir(exist_ok=True)
            mark.write_text(str(of))
            return True

        return Task(name, unless_done, after)
