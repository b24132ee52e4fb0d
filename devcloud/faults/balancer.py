"""HAProxy answers instead of an API, or passes requests on late."""

from __future__ import annotations

from functools import partial

from devcloud.apis import balancer
from devcloud.faults import look
from devcloud.faults.fault import Fault
from devcloud.faults.site import Site
from devcloud.journal import Notes
from devcloud.services import runit
from pytest_whitebox.core.errors import StackproofError

_CONFIG = "/etc/haproxy/haproxy.cfg"
_SLOW_CONFIG = "/run/devcloud/slow.cfg"
_SCRIPT = "/run/devcloud/slow.lua"
_RUN = "/etc/sv/haproxy/run"
#: Longer than `devcloud status` waits, shorter than a client gives up.
_DELAY = 8
_WAIT = f"""\
core.register_action("wait_first", {{"http-req"}}, function() core.msleep({_DELAY * 1000}) end)
"""
_GLOBAL = "global\n"
_SECTION = "listen nova\n"


def _take_out(site: Site, _: Notes) -> None:
    for server in _servers(site):
        balancer.maintain(site.controller, server)


def _put_back(site: Site, _: Notes) -> None:
    for server in _servers(site):
        balancer.ready(site.controller, server)


def _servers(site: Site) -> list[balancer.Backend]:
    return [found for found in balancer.backends(site.controller) if found.api == "nova"]


def _slow(site: Site, notes: Notes) -> None:
    """Start HAProxy with a configuration that holds each request to Nova; the file of its own stays as it is."""
    host = site.controller
    config = host.path(_CONFIG).read_text()
    if _SECTION not in config or _GLOBAL not in config:
        raise StackproofError(f"{_CONFIG} has no section for Nova", hint="has it been edited?")
    config = config.replace(_GLOBAL, f"{_GLOBAL}    lua-load {_SCRIPT}\n", 1)
    host.write(_SCRIPT, _WAIT)
    host.write(_SLOW_CONFIG, config.replace(_SECTION, f"{_SECTION}    http-request lua.wait_first\n"))
    run = host.path(_RUN).read_text()
    notes.put("run", run)
    host.write(_RUN, run.replace(_CONFIG, _SLOW_CONFIG), mode=0o755)
    runit.restart(host, "haproxy")


def _quick(site: Site, notes: Notes) -> None:
    if original := notes.get("run"):
        site.controller.write(_RUN, original, mode=0o755)
        runit.restart(site.controller, "haproxy")
        for file in (_SLOW_CONFIG, _SCRIPT):
            site.controller.path(file).unlink(missing_ok=True)


FAULTS: tuple[Fault, ...] = (
    Fault(
        "api-503",
        "HAProxy has taken nova-api out for maintenance",
        "`openstack server list` answers 503 at once, while nova-api itself is well",
        _take_out,
        _put_back,
        partial(look.answers, "nova", 503),
        "`set server … state ready` at HAProxy's socket",
        names=("nova-api on {controller}",),
        suffers=("haproxy on {controller}",),
    ),
    Fault(
        "api-slow",
        f"HAProxy holds each request to nova-api for {_DELAY} s before it passes it on",
        f"`openstack server list` works and takes {_DELAY} s more per request",
        _slow,
        _quick,
        partial(look.is_slow, "nova", _DELAY - 1),
        "HAProxy is started with its own configuration",
        names=("nova-api on {controller}",),
        suffers=("haproxy on {controller}",),
    ),
)
