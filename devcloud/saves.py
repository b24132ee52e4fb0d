"""Whole clouds put aside and brought back: settings, secrets, databases, images, volumes, servers' disks."""

from __future__ import annotations

import json
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from devcloud import down as switching_off
from devcloud.cloud import Cloud
from devcloud.hosts import mirror, ovn
from devcloud.hosts.host import Host, make_folders
from devcloud.services import runit
from devcloud.services.service import Http, Service
from devcloud.state import Settings, State, settings_from, write_atomically
from devcloud.topology import COMPUTE, HostPlan
from pytest_whitebox.core.errors import StackproofError

_ABOUT = "save.json"
#: Below the state folder, what belongs to the machine or the moment and not to the cloud.
_NOT_SAVED = frozenset(
    {
        "env",
        "cache",
        "saved",
        "hosts",
        ".lock",
        "loading",
        _ABOUT,
        "fabric.log",
        "clouds.yaml",
        "ssh_config",
        "known_hosts",
    }
)
#: Below a host's root, what is not the cloud's memory: the queue and the switch are always made anew by `devcloud up`.
_VOLATILE = ("var/log", "var/tmp", "tmp", "var/lib/rabbitmq", "etc/openvswitch", "etc/sv", "root/.cache")
#: What goes on while databases are exchanged beneath it, for it remembers nothing of them; all else is stopped.
_UNDISTURBED = frozenset({"syslog", "ssh", "epmd", "rabbitmq", "haproxy", "ovsdb", "ovs-vswitchd", "ovn-controller"})
_STATELESS_APIS = frozenset({"keystone", "glance", "cinder", "nova", "swift"})


@dataclass(frozen=True, slots=True)
class Save:
    """A cloud that was put aside in ``folder``."""

    folder: Path
    taken: datetime
    settings: Settings

    @property
    def name(self) -> str:
        """Its name."""
        return self.folder.name

    def called(self, state: State) -> str:
        """What `devcloud load` calls it in a state folder: its name, or its path if it lies elsewhere."""
        return self.name if self.folder.parent == state.saved else str(self.folder)

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(path.lstat().st_blocks * 512 for path in self.folder.rglob("*"))

    def delete(self) -> None:
        """Remove it for good."""
        shutil.rmtree(self.folder)

    @classmethod
    def from_folder(cls, folder: Path) -> Save:
        """Read what a folder says of itself; raises `StackproofError` if it is no save."""
        try:
            about = json.loads((folder / _ABOUT).read_text())
            return cls(folder, datetime.fromisoformat(about["taken"]), settings_from(about["settings"], folder))
        except (OSError, ValueError, KeyError, TypeError):
            raise StackproofError(
                f"{folder} holds no saved cloud", hint="`devcloud saved` lists those there are"
            ) from None


def saves(state: State) -> list[Save]:
    """The clouds put aside in a state folder, oldest first."""
    found = [Save.from_folder(about.parent) for about in state.saved.glob(f"*/{_ABOUT}")]
    return sorted(found, key=lambda save: save.taken)


def place(state: State, name: str) -> Path:
    """Where a save of this name lies: below the state folder, or where a path says."""
    if "/" in name:
        return Path(name).absolute()
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name):
        raise StackproofError(f"{name!r} is no name for a save", hint="use letters, digits, dots and dashes, or a path")
    return state.saved / name


def find(state: State, name: str) -> Save:
    """The save of this name; raises `StackproofError` naming those there are."""
    folder = place(state, name)
    if not folder.exists():
        known = ", ".join(save.name for save in saves(state))
        raise StackproofError(
            f"there is no saved cloud {name!r}",
            hint=f"choose from {known}" if known else "make one with `devcloud save NAME`",
        )
    return Save.from_folder(folder)


def refuse_taken(folder: Path) -> None:
    """Raise `StackproofError` if something is there already."""
    if folder.exists():
        raise StackproofError(f"{folder} is there already", hint="give another name, or `devcloud saved --delete NAME`")


def take(cloud: Cloud, folder: Path) -> Save:
    """Copy a cloud that is quiet into ``folder``, whole or not at all."""
    refuse_taken(folder)
    aside = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(aside, ignore_errors=True)
    try:
        taken = _copy_to(aside, cloud)
        aside.rename(folder)
    except BaseException:  # Ctrl-C too: half a save is of no use, and large
        shutil.rmtree(aside, ignore_errors=True)
        raise
    return Save(folder, taken, cloud.settings)


def _copy_to(folder: Path, cloud: Cloud) -> datetime:
    folder.mkdir(parents=True, mode=0o700)
    _follow(cloud.state.path, folder)
    for plan in cloud.topology.hosts:
        source, target = cloud.state.hosts / plan.name, folder / "hosts" / plan.name
        mirror.follow(source / "upper", target / "upper", without=_VOLATILE)
        _copy_files(source, target)
    taken = datetime.now(UTC)
    about = {"taken": taken.isoformat(), "settings": asdict(cloud.settings)}
    write_atomically(folder / _ABOUT, json.dumps(about, indent=2) + "\n", mode=0o600)
    return taken


def restore(cloud: Cloud, save: Save) -> dict[str, set[str]]:
    """Make a cloud that is quiet or off what it was when it was saved.

    Returns the folders below /etc that changed, by host: what reads them must be restarted.
    """
    loading = cloud.state.path / "loading"
    loading.write_text(save.called(cloud.state))
    _follow(save.folder, cloud.state.path)
    for folder in cloud.state.hosts.iterdir():
        if not (save.folder / "hosts" / folder.name).exists():
            shutil.rmtree(folder)
    changed = {plan.name: _restore_host(cloud, save, plan) for plan in cloud.topology.hosts}
    loading.unlink()
    return changed


def refuse_half_loaded(state: State) -> None:
    """Raise `StackproofError` if a load was interrupted: the cloud is then neither the old nor the saved one."""
    loading = state.path / "loading"
    if loading.exists():
        name = loading.read_text()
        raise StackproofError(f"loading {name} was interrupted", hint=f"`devcloud load {name}` does it again")


def quiet(cloud: Cloud, *, keep_guests: bool) -> None:
    """Stop all that writes or remembers what is saved; with ``keep_guests`` servers are shut down in good order.

    Without, they are taken from the hosts, for those of another time will take their place.
    """
    hosts = [cloud.host(plan) for plan in cloud.topology.hosts]
    computes = [on for on in hosts if on.plan.role == COMPUTE]
    with ThreadPoolExecutor(len(hosts)) as pool:
        list(pool.map(switching_off.guests_off if keep_guests else _guests_away, computes))
        list(pool.map(lambda on: _stop(cloud, on), hosts))


def _stop(cloud: Cloud, on: Host) -> None:
    here = [service for plan, service in cloud.placements() if plan == on.plan and not undisturbed(service)]
    data = [service.name for service in here if service.name in switching_off.KEEPS_DATA]
    runit.stop(on, [service.name for service in here if service.name not in data], timeout=4)
    runit.stop(on, data, timeout=switching_off.DATA_TIMEOUT)


def undisturbed(service: Service) -> bool:
    """True for a daemon that may go on while its databases are exchanged."""
    return service.name in _UNDISTURBED or (isinstance(service.check, Http) and service.project in _STATELESS_APIS)


def _guests_away(compute: Host) -> None:
    runit.stop(compute, ["nova-compute"], timeout=2)
    for name in compute.run(["virsh", "list", "--all", "--name"], check=False, timeout=20).stdout.split():
        compute.run(["virsh", "destroy", name], check=False, timeout=20)
        compute.run(["virsh", "undefine", name, "--nvram"], check=False, timeout=20)
    ovn.unplug_guests(compute)


def _restore_host(cloud: Cloud, save: Save, plan: HostPlan) -> set[str]:
    source, target = save.folder / "hosts" / plan.name, cloud.state.hosts / plan.name
    make_folders(target)
    on = cloud.find(plan)
    change = mirror.follow(source / "upper", target / "upper", without=_VOLATILE, root=on.holder.root if on else None)
    _copy_files(source, target)
    return {path.split("/")[1] for path in change.paths if path.startswith("etc/") and path.count("/") > 1}


def _follow(source: Path, target: Path) -> None:
    """Make what lies beside the hosts in ``target`` like that in ``source``."""
    for path in _own(target):
        if not (source / path.name).exists():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in _own(source):
        if path.is_dir():
            mirror.follow(path, target / path.name)
        else:
            shutil.copy2(path, target / path.name)


def _own(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.iterdir()) if path.name not in _NOT_SAVED]


def _copy_files(source: Path, target: Path) -> None:
    """What the state folder keeps of a host beside its root."""
    for path in sorted(source.iterdir()):
        if path.is_file() and path.suffix != ".log":
            shutil.copy2(path, target / path.name)
