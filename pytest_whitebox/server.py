"""A server, seen from both sides: through the API, and on the host that it runs on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pytest_whitebox.actions import attaching, moving, power, shape
from pytest_whitebox.actions.record import Action
from pytest_whitebox.actions.settle import PATIENCE, ServerError, fault, seen
from pytest_whitebox.core.cpuset import parse_cpus
from pytest_whitebox.core.wait import WaitTimeout, wait_for
from pytest_whitebox.remove import REMOVALS

if TYPE_CHECKING:
    from pytest_whitebox.cloud import Cloud
    from pytest_whitebox.core.domain import Domain
    from pytest_whitebox.core.hosts import Host
    from pytest_whitebox.core.ledger import Ledger

__all__ = ["Server", "ServerError"]

#: Where libvirt keeps the process id of each guest's QEMU.
_PID_FILE = "/run/libvirt/qemu/{}.pid"


class Server:
    """A server of the cloud; every look at ``domain`` or ``affinity`` is a new look at its host.

    Bind ``server.domain`` to a name when two assertions must speak of the same look. The actions wait until Nova is
    done and return the server; what they change outside of it is noted in ``ledger``.
    """

    stop = power.stop
    start = power.start
    reboot = power.reboot
    pause = power.pause
    unpause = power.unpause
    suspend = power.suspend
    resume = power.resume

    rebuild = shape.rebuild
    rescue = shape.rescue
    unrescue = shape.unrescue
    shelve = shape.shelve
    unshelve = shape.unshelve

    live_migrate = moving.live_migrate
    migrate = moving.migrate
    resize = moving.resize
    confirm = moving.confirm
    revert = moving.revert
    evacuate = moving.evacuate

    attach_volume = attaching.attach_volume
    detach_volume = attaching.detach_volume
    attach_port = attaching.attach_port
    detach_port = attaching.detach_port

    def __init__(self, resource: Any, cloud: Cloud, ledger: Ledger | None = None) -> None:
        self._resource, self.cloud, self._ledger = resource, cloud, ledger

    def __repr__(self) -> str:
        return f"<Server {self.name}>"

    @property
    def id(self) -> str:
        """The server's UUID; libvirt's domain has the same."""
        return str(self._resource.id)

    @property
    def name(self) -> str:
        """The server's name."""
        return str(self._resource.name)

    @property
    def status(self) -> str:
        """The status as of the last `refresh`, such as ``ACTIVE``."""
        return str(self._resource.status)

    @property
    def resource(self) -> Any:
        """The object of openstacksdk, as of the last `refresh`."""
        return self._resource

    @property
    def host(self) -> Host:
        """The host it runs on."""
        if not self._resource.compute_host:
            raise ServerError(f"server {self.name} is on no host that this user may see", hint="use an administrator")
        return self.cloud.hosts[str(self._resource.compute_host)]

    @property
    def domain(self) -> Domain:
        """The guest as libvirt runs it now (``virsh dumpxml``)."""
        return self.host.domain(self.id)

    @property
    def inactive_domain(self) -> Domain:
        """The guest as libvirt will start it next (``virsh dumpxml --inactive``)."""
        return self.host.domain(self.id, inactive=True)

    @property
    def pid(self) -> int:
        """The process id of its QEMU on the host."""
        return int(self.host.run(["cat", _PID_FILE.format(self._resource.instance_name)]).stdout)

    @property
    def affinity(self) -> Mapping[int, frozenset[int]]:
        """For each vCPU the host CPUs that the kernel lets its QEMU thread run on."""
        host, folder = self.host, f"/proc/{self.pid}/task"
        threads = host.run(["ps", "-L", "-o", "tid=,comm=", "-p", str(self.pid)]).stdout
        tasks = {vcpu: f"{folder}/{tid}/status" for tid, vcpu in vcpu_threads(threads).items()}
        if not tasks:
            raise ServerError(
                f"QEMU of {self.name} has no thread for each vCPU", hint=f"see {folder}/*/comm on {host.name}"
            )
        return MappingProxyType({vcpu: allowed_cpus(host.run(["cat", file]).stdout) for vcpu, file in tasks.items()})

    @property
    def emulator_affinity(self) -> frozenset[int]:
        """The host CPUs that the kernel lets QEMU run on for all but the vCPUs: its first thread."""
        return allowed_cpus(self.host.run(["cat", f"/proc/{self.pid}/status"]).stdout)

    @property
    def realtime_vcpus(self) -> frozenset[int]:
        """The vCPUs whose threads the kernel runs before all others, first in, first out."""
        threads = self.host.run(["ps", "-L", "-o", "cls=,comm=", "-p", str(self.pid)]).stdout
        return fifo_vcpus(threads)

    @property
    def console_log(self) -> str:
        """All that the guest wrote to its serial console so far."""
        answer: Any = self.cloud.connection.compute.get_server_console_output(self._resource)
        return str(answer["output"])

    def refresh(self) -> Server:
        """Ask the API again; returns itself."""
        self._resource = self.cloud.connection.compute.get_server(self.id)
        return self

    @property
    def actions(self) -> tuple[Action, ...]:
        """What Nova recorded of each request to it, the newest first."""
        compute: Any = self.cloud.connection.compute
        listed = compute.server_actions(self.id)
        return tuple(Action.from_resource(compute.get_server_action(one.request_id, self.id)) for one in listed)

    @property
    def migrations(self) -> tuple[Any, ...]:
        """Nova's records of its migrations, the newest first."""
        return moving.migrations(self)

    def delete(self) -> None:
        """Have Nova delete it, and wait until it is gone."""
        REMOVALS["server"](self.cloud.connection, self.name)

    def note(self, what: str, undo: Callable[[], object]) -> None:
        """Note in the ledger how something is undone that this server's end would leave."""
        if self._ledger is not None:
            self._ledger.add(what, undo)

    def wait_for(self, status: str, *, timeout: float = PATIENCE) -> Server:
        """Wait until the server has a status; `ServerError` with Nova's fault if it goes to ERROR instead."""
        what = f"server {self.name} to become {status}"
        try:
            wait_for(lambda: self._has(status), timeout=timeout, every=0.5, what=what)
        except WaitTimeout:
            done = "; ".join(map(str, self.actions[:1])) or "no action is recorded"
            raise ServerError(
                f"waited {timeout:g} s for {what}: {seen(self)}; {done}",
                hint=f"see `openstack server event list {self.id}` and the log of nova-compute on its host",
            ) from None
        return self

    def _has(self, status: str) -> bool:
        self.refresh()
        if self.status == "ERROR" != status:
            said = fault(self) or "Nova recorded no fault"
            raise ServerError(f"server {self.name} went to ERROR: {said}", hint=f"`openstack server show {self.id}`")
        return self.status == status and not self._resource.task_state


def vcpu_threads(listing: str) -> dict[int, int]:
    """Thread id and vCPU of each vCPU thread in the output of ``ps -L -o tid=,comm=``.

    >>> vcpu_threads(" 40 qemu-system-x86\\n 44 CPU 0/TCG\\n 45 CPU 1/KVM\\n")
    {44: 0, 45: 1}
    """
    threads = (line.split(None, 1) for line in listing.splitlines() if line.strip())
    return {int(tid): int(comm[4:].partition("/")[0]) for tid, comm in threads if comm.startswith("CPU ")}


def fifo_vcpus(listing: str) -> frozenset[int]:
    """The vCPUs that are scheduled first in, first out, in the output of ``ps -L -o cls=,comm=``.

    >>> fifo_vcpus(" TS qemu-system-x86\\n TS CPU 0/KVM\\n FF CPU 1/KVM\\n")
    frozenset({1})
    """
    threads = (line.split() for line in listing.splitlines())
    return frozenset(int(words[2].partition("/")[0]) for words in threads if words[:2] == ["FF", "CPU"])


def allowed_cpus(status: str) -> frozenset[int]:
    """The CPUs in the ``Cpus_allowed_list`` of a ``/proc/PID/task/TID/status``.

    >>> allowed_cpus("Name:\\tCPU 0/TCG\\nCpus_allowed_list:\\t1\\n")
    frozenset({1})
    """
    lines = (line.partition(":") for line in status.splitlines())
    return next(parse_cpus(value) for key, _, value in lines if key == "Cpus_allowed_list")
