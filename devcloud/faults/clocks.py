"""A daemon whose clock is wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from devcloud.faults.fault import Fault
from devcloud.faults.site import Site
from devcloud.journal import Notes
from devcloud.services import runit

_SOURCE = Path(__file__).with_name("clock.c")
_LIBRARY = "/run/devcloud/clock.so"
_RUN = "/etc/sv/cinder-volume/run"
#: Seconds.
_AHEAD = 3600


def _skew(site: Site, notes: Notes) -> None:
    """Start the daemon with a library that answers for the kernel when it is asked what time it is."""
    host = site.controller
    compiler = ["gcc", "-shared", "-fPIC", "-O2", "-x", "c", "-o", _LIBRARY, "-"]
    host.run(["mkdir", "-p", "/run/devcloud"])
    host.run(compiler, input=_SOURCE.read_text())
    run = host.path(_RUN).read_text()
    notes.put("run", run)
    clean, skewed = "exec env -i ", f"exec env -i LD_PRELOAD={_LIBRARY} DEVCLOUD_CLOCK_SHIFT={_AHEAD} "
    host.write(_RUN, run.replace(clean, skewed), mode=0o755)
    runit.restart(host, "cinder-volume")


def _correct(site: Site, notes: Notes) -> None:
    if original := notes.get("run"):
        site.controller.write(_RUN, original, mode=0o755)
        runit.restart(site.controller, "cinder-volume")


def _is_ahead(site: Site, _: Notes) -> str:
    for service in site.admin.block_storage.services(binary="cinder-volume"):
        reported = datetime.fromisoformat(service.updated_at).replace(tzinfo=UTC)
        ahead = (reported - datetime.now(UTC)).total_seconds()
        if ahead > _AHEAD / 2:
            return f"`openstack volume service list`: cinder-volume reported in {ahead:.0f} s from now, {service.state}"
    return ""


FAULTS: tuple[Fault, ...] = (
    Fault(
        "clock-ahead",
        "the clock of cinder-volume is an hour ahead",
        "`openstack volume service list` shows an update in the future and has it down, so that no volume is made;"
        " its log is an hour ahead of all others",
        _skew,
        _correct,
        _is_ahead,
        "it is started with the machine's clock",
        names=("cinder-volume on {controller}",),
        needs="cinder",
    ),
)
