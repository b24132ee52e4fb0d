"""Ways of seeing from outside that a daemon does not do its work."""

from __future__ import annotations

import contextlib
import socket
import time

from devcloud.faults.site import Site
from devcloud.journal import Notes
from devcloud.services import runit

_PATIENCE = 3


def refuses(port: int, site: Site, _: Notes) -> str:
    """The controller's port refuses a connection."""
    try:
        socket.create_connection((site.address, port), timeout=_PATIENCE).close()
    except ConnectionRefusedError:
        return f"{site.address}:{port} refuses connections"
    except OSError:
        return ""
    return ""


def is_silent(port: int, hello: bytes, site: Site, _: Notes) -> str:
    """The controller's port takes a connection and ``hello``, and says nothing."""
    try:
        with socket.create_connection((site.address, port), timeout=_PATIENCE) as connection:
            connection.sendall(hello)
            connection.recv(1)
    except TimeoutError:
        return f"{site.address}:{port} takes a connection and says nothing for {_PATIENCE} s"
    except OSError:
        return ""
    return ""


def answers(api: str, code: int, site: Site, _: Notes) -> str:
    """An API's door answers with this code."""
    from keystoneauth1.exceptions import ClientException

    try:
        said = site.admin.session.get(site.door(api), authenticated=False, raise_exc=False, timeout=10).status_code
    except ClientException:
        return ""
    return f"GET {site.door(api)} answers {said}" if said == code else ""


def is_slow(api: str, seconds: float, site: Site, _: Notes) -> str:
    """An API's door answers later than after so many seconds, or not within twice as many."""
    from keystoneauth1.exceptions import ClientException

    began = time.monotonic()
    with contextlib.suppress(ClientException):
        site.admin.session.get(site.door(api), authenticated=False, raise_exc=False, timeout=2 * seconds)
    took = time.monotonic() - began
    return f"GET {site.door(api)} has no answer after {min(took, 2 * seconds):.1f} s" if took > seconds else ""


def is_down(binary: str, role: str, site: Site, _: Notes) -> str:
    """Nova lists a service of its own as down."""
    host = site.compute_plan.name if role == "compute" else role
    down = [s for s in site.admin.compute.services() if (s.binary, s.host, s.state) == (binary, host, "down")]
    return f"`openstack compute service list` has {binary} on {host} down" if down else ""


def ends_at_once(service: str, role: str, site: Site, _: Notes) -> str:
    """The supervisor has started the daemon again and again."""
    seen = runit.supervised(site.host(role), service)
    return f"{service} has ended {seen.deaths} times" if seen and seen.deaths > 1 else ""


def agent_is_dead(site: Site, _: Notes) -> str:
    """Neutron lists the controller agent of the compute host as dead."""
    host = site.compute_plan.name
    dead = [a for a in site.admin.network.agents(host=host) if "Controller" in a.agent_type and not a.is_alive]
    return f"`openstack network agent list` has {dead[0].agent_type} on {host} dead" if dead else ""


def command_says(role: str, words: tuple[str, ...], wanted: str, site: Site, _: Notes) -> str:
    """A command on the host prints a word."""
    said = site.host(role).run(words, check=False, timeout=20).stdout
    return f"`{' '.join(words)}` says {wanted}" if wanted in said else ""


def ends_not(role: str, words: tuple[str, ...], site: Site, _: Notes) -> str:
    """A command on the host does not end."""
    ended = site.host(role).run(["timeout", str(_PATIENCE), *words], check=False).rc != 124
    return "" if ended else f"`{' '.join(words)}` does not end within {_PATIENCE} s"


def lists_no(binary: str, site: Site, _: Notes) -> str:
    """Nova lists no up service of its own by this name."""
    if any(service.binary == binary and service.state == "up" for service in site.admin.compute.services()):
        return ""
    return f"`openstack compute service list` has no {binary}"
