"""A Fabric connection as the user's ssh_config wants it, with host keys that are always checked."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_whitebox.core.errors import StackproofError

#: Seconds until a host that does not answer is given up, and between signs of life on an idle connection.
CONNECT_TIMEOUT = 15
KEEPALIVE = 15
_SYSTEM_KNOWN_HOSTS = "/etc/ssh/ssh_known_hosts"
#: A host name that no pattern but ``*`` matches.
_NOBODY = "nobody.invalid"


@dataclass(frozen=True, slots=True)
class Login:
    """How one gets into a host; what is empty is left to the ssh_config. ``jump`` is the host that one goes through."""

    name: str = ""
    address: str = ""
    user: str = ""
    port: int = 0
    key: str = ""
    jump: Login | None = None

    @classmethod
    def parse(cls, text: str) -> Login:
        """What ssh calls a destination of ProxyJump.

        >>> Login.parse("stack@undercloud:2222")
        Login(name='undercloud', address='', user='stack', port=2222, key='', jump=None)
        """
        user, _, place = text.rpartition("@")
        name, _, port = place.partition(":") if place.count(":") == 1 else (place, "", "")
        if not name or (port and not port.isdigit()):
            raise ValueError(f"{text!r} is no destination like user@host:port")
        return cls(name=name, user=user, port=int(port or 0))


def prepare(name: str, address: str | None, ssh_config: Path | None, login: Login | None = None) -> Any:
    """A Fabric ``Connection`` to a host that is not open yet.

    The ssh_config entry of ``name`` counts, or that of ``address`` if there is none; an entry without HostName
    leads to ``address``. Without ``ssh_config`` the user's and the system's files are read. What ``login`` says
    comes before both.
    """
    import fabric

    if ssh_config is not None and not ssh_config.is_file():
        raise StackproofError(f"there is no ssh_config {str(ssh_config)!r}", hint="give the path of an existing one")
    config = fabric.Config(
        runtime_ssh_path=str(ssh_config) if ssh_config else None,
        overrides={
            "timeouts": {"connect": CONNECT_TIMEOUT},
            "connect_kwargs": dict.fromkeys(("banner_timeout", "auth_timeout", "channel_timeout"), CONNECT_TIMEOUT),
        },
    )
    login = login or Login()
    connection = _connection(name, address, login, config)
    for hop in _hops(connection):
        _check_host_key(hop)
        _choose_keys(hop)
    _take_keys(connection, login)
    return connection


def _connection(name: str, address: str | None, login: Login, config: Any) -> Any:
    import fabric

    known, address = config.base_ssh_config, login.address or address
    alias = name if address is None or _entry(known, name) != _entry(known, _NOBODY) else address
    gateway = _connection(login.jump.name, None, login.jump, config) if login.jump else None
    connection = fabric.Connection(
        alias, user=login.user or None, port=login.port or None, gateway=gateway, config=config
    )
    if address is not None and (login.address or connection.host == alias):
        connection.host = address
    return connection


def _take_keys(connection: Any, login: Login | None) -> None:
    """The keys that a login names are the only ones that are tried."""
    while login is not None:
        if login.key:
            file = Path(login.key).expanduser()
            if not file.is_file():
                raise StackproofError(
                    f"there is no key {login.key!r} for {connection.host}", hint="give an existing one"
                )
            own = {"key_filename": [str(file)], "allow_agent": False, "look_for_keys": False}
            connection.connect_kwargs = {**connection.connect_kwargs, **own}
        login, connection = login.jump, connection.gateway


def open_connection(connection: Any, name: str) -> None:
    """Open it; what goes wrong is told in one sentence with its next step."""
    import paramiko

    # Its threads log tracebacks of what is raised here anyway.
    logger = logging.getLogger("paramiko")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    try:
        connection.open()
        connection.transport.set_keepalive(KEEPALIVE)
        for hop in _hops(connection):
            _send_at_once(hop.transport.sock)
    except (paramiko.SSHException, OSError, EOFError, ValueError) as error:
        close_connection(connection)
        raise _explained(error, name) from error


def close_connection(connection: Any) -> None:
    """Close it and what it goes through."""
    for hop in _hops(connection):
        hop.close()


def _entry(ssh_config: Any, name: str) -> Mapping[str, object]:
    found = dict(ssh_config.lookup(name))
    if found.get("hostname") == name:
        del found["hostname"]
    return found


def _hops(connection: Any) -> Iterator[Any]:
    """The connection, and those that it jumps through."""
    while connection is not None and not isinstance(connection, str):
        yield connection
        connection = connection.gateway


def _check_host_key(hop: Any) -> None:
    import paramiko

    hop.client.set_missing_host_key_policy(paramiko.RejectPolicy())
    named = hop.ssh_config.get("userknownhostsfile", "~/.ssh/known_hosts ~/.ssh/known_hosts2").split()
    for path in [_SYSTEM_KNOWN_HOSTS, *named]:
        file = Path(path.strip('"')).expanduser()
        if file.is_file():
            hop.client.load_system_host_keys(str(file))


def _choose_keys(hop: Any) -> None:
    """Like OpenSSH: an IdentityFile that is not there is passed over, and IdentitiesOnly keeps the agent out."""
    named = [Path(path).expanduser() for path in hop.ssh_config.get("identityfile", [])]
    hop.connect_kwargs = {**hop.connect_kwargs, "key_filename": [str(path) for path in named if path.is_file()]}
    if hop.ssh_config.get("identitiesonly") == "yes":
        hop.connect_kwargs |= {"allow_agent": False, "look_for_keys": False}


def _send_at_once(sock: object) -> None:
    """Without this each command waits 40 ms for Nagle's algorithm and a delayed acknowledgement."""
    if isinstance(sock, socket.socket):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _explained(error: Exception, name: str) -> StackproofError:
    import paramiko

    match error:
        case paramiko.BadHostKeyException():
            message = f"{name} shows another host key than the known one"
            hint = "somebody may be in between; if the host was rebuilt, replace its line in known_hosts"
        case paramiko.PasswordRequiredException():
            message, hint = f"the key for {name} has a passphrase", "load it into ssh-agent"
        case paramiko.AuthenticationException():
            message = f"{name} does not let us in"
            hint = "give the user and the key in the ssh_config (User, IdentityFile)"
        case paramiko.SSHException() if "not found in known_hosts" in str(error):
            message = f"the host key of {name} is not known"
            hint = "log in once with ssh, or add its line to known_hosts (UserKnownHostsFile in the ssh_config)"
        case paramiko.SSHException() if "authentication methods" in str(error):
            message, hint = f"there is no key for {name}", "give one in the ssh_config (IdentityFile), or to ssh-agent"
        case socket.gaierror():
            message, hint = f"the address of {name} cannot be found", "give its HostName in the ssh_config"
        case TimeoutError():
            message = f"{name} did not answer within {CONNECT_TIMEOUT} s"
            hint = "is the host up, and the way there open?"
        case _:
            message, hint = f"{name} cannot be reached: {error or 'it hung up'}", "is its SSH server running?"
    return StackproofError(message, hint=hint)
