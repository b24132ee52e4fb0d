"""What Open vSwitch and OVN keep in their databases, asked with their own tools on a host."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pytest_whitebox.core.configuration import Config
from pytest_whitebox.core.deployments import UnknownService
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.hosts import Host, Hosts

_SERVERS = ("neutron-server", "neutron-rpc-server", "neutron-api")
_OPTIONS = ("--format=json", "--timeout=20")
_BRIDGE = "br-int"

#: Values by column, or by (column, key) where the column is a map.
Conditions = Mapping["str | tuple[str, str]", "str | int | bool"]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: ``row["name"]``; a column with references or several values is best asked for with `many`.

    >>> row = Row({"tag": 7, "ports": "one", "options": {}})
    >>> row["tag"], row.many("ports")
    (7, frozenset({'one'}))
    """

    columns: Mapping[str, Any]

    def __getitem__(self, column: str) -> Any:
        return self.columns[column]

    def many(self, column: str) -> frozenset[Any]:
        """All values of a column; the databases give a single one as if the column could hold no more."""
        value = self.columns[column]
        return value if isinstance(value, frozenset) else frozenset({value})

    @property
    def uuid(self) -> str:
        """The row's own identity."""
        return str(self.columns["_uuid"])


@dataclass(frozen=True, slots=True)
class Ovsdb:
    """One database, by the command that reads it on a host."""

    host: Host
    command: tuple[str, ...]

    def find(self, table: str, conditions: Conditions | None = None) -> tuple[Row, ...]:
        """The rows that fulfil all conditions: ``find("Interface", {("external_ids", "iface-id"): port.id})``."""
        wanted = [_condition(column, value) for column, value in (conditions or {}).items()]
        return rows(self.host.run([*self.command, *_OPTIONS, "find", table, *wanted]).stdout)

    def row(self, table: str, uuid: str) -> Row:
        """The row that a reference in another one leads to."""
        (found,) = rows(self.host.run([*self.command, *_OPTIONS, "list", table, uuid]).stdout)
        return found


@dataclass(frozen=True, slots=True)
class Ovn:
    """The databases of OVN: ``north`` holds what Neutron wants, ``south`` what the hosts are to do about it."""

    north: Ovsdb
    south: Ovsdb

    @classmethod
    def discover(cls, hosts: Hosts) -> Ovn:
        """Through the configuration of Neutron's server, on the host that has it."""
        for host, config in _configurations(hosts):
            if config.get("ovn", "ovn_nb_connection"):
                return cls(_database(host, config, "nb"), _database(host, config, "sb"))
        hint = f"{' or '.join(_SERVERS)} must run on a host that SSH reaches, with [ovn] ovn_nb_connection set"
        raise StackproofError("no configuration of Neutron says where OVN has its databases", hint=hint)

    def only(self, side: str, table: str, conditions: Conditions) -> Row:
        """The row of ``north`` or ``south`` that fulfils the conditions; `StackproofError` if that is not one."""
        found = (self.north if side == "north" else self.south).find(table, conditions)
        if len(found) != 1:
            hint = f"see `ovn-{side[0]}bctl list {table}`"
            raise StackproofError(f"OVN has {len(found)} rows in {table} with {dict(conditions)}", hint=hint)
        return found[0]

    def logical_flows(self, row: Row) -> tuple[Row, ...]:
        """What northd made of a row of the northern database, such as an ACL, for the hosts."""
        return self.south.find("Logical_Flow", {("external_ids", "stage-hint"): row.uuid[:8]})


def switch(host: Host) -> Ovsdb:
    """The database of the Open vSwitch of a host."""
    return Ovsdb(host, ("ovs-vsctl",))


def flows(host: Host, cookie: str) -> tuple[str, ...]:
    """The OpenFlow flows on a host for a logical flow of OVN, whose UUID begins with their cookie."""
    said = host.run(["ovs-ofctl", "--no-stats", "dump-flows", _bridge(host), f"cookie=0x{cookie[:8]}/-1"]).stdout
    return tuple(line.strip() for line in said.splitlines() if "actions=" in line)


def rows(text: str) -> tuple[Row, ...]:
    """The rows in the output of a command with ``--format=json`` (RFC 7047, 5.1).

    >>> rows('{"headings": ["name", "options"], "data": [["lsp", ["map", [["mtu", "1442"]]]]]}')[0]["options"]
    {'mtu': '1442'}
    """
    said = json.loads(text)
    names = said["headings"]
    return tuple(Row(MappingProxyType(dict(zip(names, map(_value, row), strict=True)))) for row in said["data"])


def _value(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    kind, content = value
    if kind == "map":
        return {_value(key): _value(one) for key, one in content}
    return frozenset(map(_value, content)) if kind == "set" else content


def _condition(column: str | tuple[str, str], value: str | int | bool) -> str:
    """The words that the tools understand.

    >>> _condition(("external_ids", "neutron:port_name"), "web"), _condition("up", True)
    ('external_ids:"neutron:port_name"="web"', 'up=true')
    """
    name = column if isinstance(column, str) else f"{column[0]}:{json.dumps(column[1])}"
    return f"{name}={json.dumps(value)}"


def _configurations(hosts: Hosts) -> Iterator[tuple[Host, Config]]:
    for host in hosts:
        for name in _SERVERS:
            try:
                yield host, host.service(name).config
            except UnknownService:
                continue


def _database(host: Host, config: Config, side: str) -> Ovsdb:
    files = {"-p": "private_key", "-c": "certificate", "-C": "ca_cert"}
    known = {flag: config.get("ovn", f"ovn_{side}_{name}") for flag, name in files.items()}
    secure = [word for flag, file in known.items() if file for word in (flag, file)]
    connection = config.get("ovn", f"ovn_{side}_connection") or ""
    return Ovsdb(host, (f"ovn-{side}ctl", f"--db={connection}", "--no-leader-only", *secure))


def _bridge(host: Host) -> str:
    (own,) = switch(host).find("Open_vSwitch")
    return str(own["external_ids"].get("ovn-bridge", _BRIDGE))
