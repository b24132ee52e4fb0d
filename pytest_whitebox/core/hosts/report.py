"""What the cloud hears of its services: who runs where, and when each last gave a sign of life."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.hosts.answers import Answers
from pytest_whitebox.core.services import Contact, Report
from pytest_whitebox.core.wait import wait_for

#: Services whose sign of life is an answer: the beginning of their name, and their type in the catalogue.
_APIS = {
    "barbican-api": "key-manager",
    "cinder-api": "block-storage",
    "designate-api": "dns",
    "glance-api": "image",
    "heat-api": "orchestration",
    "keystone": "identity",
    "neutron-api": "network",
    "neutron-server": "network",
    "nova-api": "compute",
    "placement": "placement",
}


#: A microversion that has uptimes, by the id of a hypervisor, and seconds until Nova itself gives up.
_UPTIME = "2.53"
_ANSWERED = 70
#: The microversion in which a service is named by its id, and seconds for Nova's caches to follow.
_FORCING = "2.53"
_FORCED = 30


@dataclass(frozen=True, slots=True)
class Sighting:
    """A service that the cloud knows on a host; ``seen`` is when it last reported, in the cloud's own words.

    ``source`` is the API that says so. One that is ``forced`` down counts as down however often it reports.
    """

    service: str
    host: str
    up: bool
    seen: str
    source: str = ""
    forced: bool = False


def sightings(connection: Any) -> Iterator[Sighting]:
    """Every service of Nova, Cinder and Neutron; a project that the catalogue lacks has none.

    Raises `StackproofError` if the user may not see them.
    """
    for project, find in _PROJECTS.items():
        if connection.endpoint_for(project):
            yield from allowed(find, connection)


def contact_with(connection: Any, names: Collection[str], service: str) -> Contact:
    """What the cloud has to do with a service; ``names`` are all those that the APIs have for its host.

    >>> contact_with(None, ["compute1"], "nova-conductor").forcing is None
    True
    """
    report = _report(connection, names, service)
    # Nova takes no other for down, and asks no other over a queue.
    if service != "nova-compute":
        return Contact(report)
    return Contact(report, lambda forced: _force(connection, names, service, forced), lambda: _ask(connection, names))


def _report(connection: Any, names: Collection[str], service: str) -> Report | None:
    """Agents that OVN speaks for are left out: their heartbeat is OVN's, not their own."""
    api = next((kind for name, kind in _APIS.items() if service.startswith(name)), None)
    if api:
        return lambda: _answer(connection, api)
    find = _REPORTING.get(service.partition("-")[0])
    if find is None:
        return None
    last = lambda: _last(find(connection), names, service)  # noqa: E731
    return ComputeReport(last, Answers(lambda: _answers(connection, names))) if service == "nova-compute" else last


def allowed(find: Callable[[Any], Iterable[Any]], connection: Any) -> list[Any]:
    """All that ``find`` lists; raises `StackproofError` if that takes an administrator."""
    from openstack.exceptions import ForbiddenException

    try:
        return list(find(connection))
    except ForbiddenException as error:
        raise StackproofError(
            "this user may not see which services run where",
            hint="take a cloud of clouds.yaml whose user is an administrator",
        ) from error


def _nova(connection: Any) -> Iterator[Sighting]:
    for one in connection.compute.services():
        yield Sighting(
            one.binary, one.host, one.state == "up", one.updated_at or "", "os-services", bool(one.is_forced_down)
        )


def _force(connection: Any, names: Collection[str], service: str, forced: bool) -> None:
    def found() -> Any:
        (one,) = (one for one in connection.compute.services(binary=service) if one.host in names)
        return one

    if found().is_forced_down == forced:
        return
    now = "down" if forced else "up"
    said = connection.compute.put(f"/os-services/{found().id}", json={"forced_down": forced}, microversion=_FORCING)
    if said.status_code >= 400:
        raise StackproofError(
            f"Nova does not take {service} on {found().host} for {now}: {said.status_code} {said.reason}",
            hint="it takes an administrator, and a Nova that speaks microversion 2.53",
        )
    wait_for(
        lambda: (one := found()).is_forced_down == forced and not (forced and one.state == "up"),
        timeout=_FORCED, every=0.2, what=f"Nova to take {service} on {found().host} for {now}",
    )  # fmt: skip


def _cinder(connection: Any) -> Iterator[Sighting]:
    """A volume service is called after its host and its backend: ``controller@nfs``."""
    for one in connection.block_storage.services():
        yield Sighting(
            one.binary, one.host.partition("@")[0], one.state == "up", one.updated_at or "", "volume services"
        )


def _neutron(connection: Any) -> Iterator[Sighting]:
    for one in connection.network.agents():
        yield Sighting(one.binary, one.host, bool(one.is_alive), one.last_heartbeat_at or "", "network agents")


class ComputeReport:
    """What changes with each report of nova-compute, or as soon as it answers, which it does some seconds earlier.

    It is None while ``last`` is, for a host that Nova takes for down is of no use, whatever it answers.

    >>> report = ComputeReport(lambda: "10:00:05", Answers(lambda: True))
    >>> first = report()
    >>> wait_for(lambda: report() != first, timeout=10, every=0.01, what="an answer")
    True
    >>> ComputeReport(lambda: None, Answers(lambda: True))() is None
    True
    """

    def __init__(self, last: Report, answers: Answers) -> None:
        self._last, self._answers = last, answers

    def __call__(self) -> object:
        """What is to change."""
        answers, last = self._answers.count(), self._last()
        # Whatever it answers, no server is sent to one that Nova takes for down.
        return None if last is None else (last, answers)


def _answers(connection: Any, names: Collection[str]) -> bool:
    """True once the nova-compute of a host has told for how long its host is up; Nova asks it over the queue."""
    found = connection.compute.hypervisors(details=True)
    known = next(one.id for one in found if (one.service_details or {}).get("host") in names)
    path = f"/os-hypervisors/{known}/uptime"
    return bool(connection.compute.get(path, microversion=_UPTIME, timeout=_ANSWERED).status_code == 200)


def _ask(connection: Any, names: Collection[str]) -> None:
    # Whoever counts answers does not count this one, which the process may give that is told to end.
    Answers(lambda: _answers(connection, names)).count()


def _last(found: Iterable[Sighting], names: Collection[str], service: str) -> object:
    own = [one for one in found if one.host in names and one.service == service]
    return max((one.seen for one in own if one.seen and (one.up or one.forced)), default=None)


def _answer(connection: Any, kind: str) -> object:
    """A moment at which the API answered; whatever it says, it is there."""
    endpoint = connection.endpoint_for(kind)
    response = connection.session.get(endpoint, raise_exc=False, connect_retries=0, timeout=5)
    return None if response.status_code >= 500 else time.monotonic()


_PROJECTS: dict[str, Callable[[Any], Iterator[Sighting]]] = {
    "compute": _nova,
    "block-storage": _cinder,
    "network": _neutron,
}
_REPORTING = {"nova": _nova, "cinder": _cinder}
