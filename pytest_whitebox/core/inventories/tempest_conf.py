"""A tempest.conf of whitebox-tempest-plugin: how one logs in, the addresses, and the nodes.yaml that it names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pytest_whitebox.core.configuration import Config
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.inventories.inventory import HostEntry, Inventory
from pytest_whitebox.core.inventories.nodes import Nodes
from pytest_whitebox.core.inventories.replaced import OPTIONS
from pytest_whitebox.core.transports import Login

_GROUP = "whitebox"
#: Names that its options had before, in its own config.py.
_FORMER = {
    "ctlplane_ssh_username": "target_ssh_user",
    "ctlplane_ssh_private_key_path": "target_private_key_path",
    "ctlplane_addresses": "hypervisors",
}


@dataclass(frozen=True, slots=True)
class TempestConf:
    """See config.py of whitebox-tempest-plugin."""

    name: str = "tempest.conf of whitebox-tempest-plugin"

    def fits(self, path: Path) -> bool:
        """True if oslo.config can read it and there is an option in one of its groups ``[whitebox…]``."""
        try:
            return any(option.section.startswith(_GROUP) for option in _config(path).options)
        except (StackproofError, OSError):
            return False

    def read(self, path: Path) -> Inventory:
        """The login, the hosts that it gives addresses, and those of its nodes.yaml."""
        config = _config(path)
        login = Login(user=_get(config, "ctlplane_ssh_username"), key=_get(config, "ctlplane_ssh_private_key_path"))
        nodes = _nodes(path, config)
        addresses = _addresses(path, _get(config, "ctlplane_addresses"))
        engine = _get(config, "container_runtime") if _get(config, "containers").lower() == "true" else ""
        known = {entry.name: entry for entry in nodes.hosts} | {
            name: HostEntry(name) for name in addresses if name not in {entry.name for entry in nodes.hosts}
        }
        hosts = tuple(
            replace(entry, engine=engine, login=replace(login, name=name, address=addresses.get(name, "")))
            for name, entry in known.items()
        )
        said = {f"{option.section}.{option.name}" for option in config.options}
        unneeded = {f"[{name.replace('.', '] ', 1)}": why for name, why in OPTIONS.items() if name in said}
        return Inventory(str(path), hosts, login, {**unneeded, **nodes.unneeded})


def _config(path: Path) -> Config:
    return Config.from_files({str(path): path.read_bytes()})


def _get(config: Config, name: str) -> str:
    return config.get(_GROUP, name) or config.get(_GROUP, _FORMER.get(name, name)) or ""


def _nodes(path: Path, config: Config) -> Inventory:
    named = _get(config, "nodes_yaml")
    if not named:
        return Inventory()
    file = path.parent / Path(named).expanduser()
    if not file.is_file():
        raise StackproofError(f"{path} names {named} as nodes_yaml, which does not exist", hint="correct or remove it")
    return Nodes().read(file)


def _addresses(path: Path, text: str) -> Mapping[str, str]:
    """``compute-0.localdomain:192.168.24.6,compute-1.localdomain:192.168.24.12`` as a mapping."""
    pairs = [pair.strip().partition(":") for pair in text.split(",") if pair.strip()]
    if wrong := [name for name, _, address in pairs if not name or not address]:
        raise StackproofError(
            f"{path}: [whitebox] ctlplane_addresses has no address for {wrong[0]!r}", hint="write NAME:ADDRESS,…"
        )
    return {name: address.strip() for name, _, address in pairs}
