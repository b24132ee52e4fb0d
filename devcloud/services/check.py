"""Does a service do its work? Asked of the service itself, not of its process."""

from __future__ import annotations

import json
import math
import os
import socket
import ssl
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import cast

from devcloud.apis import balancer
from devcloud.apis.doors import Doors
from devcloud.hosts.host import Host
from devcloud.services import runit
from devcloud.services.catalog import APIS
from devcloud.services.runit import Supervised, supervised
from devcloud.services.service import Alive, Check, Command, Http, Port, Report, Service
from devcloud.state import State
from pytest_whitebox.core.errors import StackproofError

_TIMEOUT = 5
#: Seconds that all questions to one API may take together.
_PATIENCE = 9
#: A service reports every 10 s; after this many seconds without a report the cloud itself counts it as down.
_STALE = 60
#: How long ago, in seconds, a daemon of a host last reported, by the database that it writes to.
_REPORTS = {
    "heat": "SELECT TIMESTAMPDIFF(SECOND, MAX(updated_at), UTC_TIMESTAMP()) FROM service"
    " WHERE `binary` = %s AND host = %s AND deleted_at IS NULL HAVING MAX(updated_at) IS NOT NULL",
    "designate": "SELECT TIMESTAMPDIFF(SECOND, heartbeated_at, UTC_TIMESTAMP()) FROM service_statuses"
    " WHERE CONCAT('designate-', service_name) = %s AND hostname = %s AND heartbeated_at IS NOT NULL",
}
_REPORT = (
    "SELECT TIMESTAMPDIFF(SECOND, updated_at, UTC_TIMESTAMP()) FROM services"
    " WHERE `binary` = %s AND SUBSTRING_INDEX(host, '@', 1) = %s AND deleted = 0 AND updated_at IS NOT NULL"
)
#: Bytes without which a file system counts as full.
_ROOM = 64 * 1024


def problem(state: State, doors: Doors, host: Host, service: Service, seen: Supervised | None) -> str | None:
    """What is wrong with the service, in a few words, or None."""
    if seen is None or not seen.up:
        return f"is not running{f' (last: {seen.last_death})' if seen and seen.last_death else ''}"
    if runit.is_stopped(host, seen):
        return "does nothing: its process is stopped, as by SIGSTOP"
    return _storage(host, service) or _failure(state, doors, host, service, service.check)


def answers(host: Host, service: Service) -> bool:
    """True if an API answers its health check itself, whatever HAProxy thinks of it."""
    check = service.check
    return isinstance(check, Http) and _http(f"http://{host.plan.mgmt}:{check.port}{check.path}") is None


def _failure(state: State, doors: Doors, host: Host, service: Service, check: Check) -> str | None:
    address = str(host.plan.mgmt)
    match check:
        case Alive():
            return None
        case Http(port, path, door):
            until = time.monotonic() + _PATIENCE
            return (
                _http(f"http://{address}:{port}{path}", until=until)
                or (_passed_on(doors, host, check, until) if door else None)
                or _login(state, host, service, until)
            )
        case Port(port):
            return _port(address, port)
        case Command(words, says):
            return _command(host, words, says)
        case Report(database):
            return _report(state, doors, database, service.name, host)


def _storage(host: Host, service: Service) -> str | None:
    """Whether the service can write where it keeps its data."""
    for folder in service.folders:
        try:
            system = os.statvfs(host.path(folder))
        except FileNotFoundError:
            continue
        if system.f_flag & os.ST_RDONLY:
            return f"cannot write to {folder}: its file system takes no writes"
        if system.f_bavail * system.f_frsize < _ROOM:
            return f"cannot write to {folder}: its file system is full"
    return None


def _login(state: State, host: Host, service: Service, until: float) -> str | None:
    """Whether Keystone takes the password of an API's own user; that Keystone does not answer is said once, of it."""
    if service.base != f"{service.project}-api" or service.project == "keystone":
        return None
    user = {"name": service.project, "domain": {"id": "default"}, "password": state.secrets()["service"]}
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}}
    keystone = next(api for api in APIS if api.name == "keystone")
    url = f"http://{host.plan.mgmt}:{keystone.backend}{keystone.url}/auth/tokens"
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with _opener().open(request, timeout=_left(until)):
            return None
    except urllib.error.HTTPError as error:
        return f"cannot log in: keystone rejects its user {service.project}" if error.code == 401 else None
    except OSError:
        return None


def _left(until: float) -> float:
    """Seconds that a question may take so that the answer is there in time."""
    return max(0.5, min(_TIMEOUT, until - time.monotonic()))


def _http(url: str, ca: Path | None = None, until: float = math.inf) -> str | None:
    try:
        with _opener(ca).open(url, timeout=_left(until)):
            return None
    except urllib.error.HTTPError as error:
        return None if error.code < 400 else f"answers {url} with {error.code}"
    except OSError as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, ssl.SSLCertVerificationError):
            return f"answers {url} with a certificate that is not good: {reason.verify_message}"
        return f"does not answer {url}: {reason}"


def _opener(ca: Path | None = None) -> urllib.request.OpenerDirector:
    # No proxy stands between the machine and its own cloud.
    ways: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
    if ca:
        ways.append(urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=str(ca))))
    return urllib.request.build_opener(*ways)


def _passed_on(doors: Doors, host: Host, check: Http, until: float) -> str | None:
    """HAProxy's view of an instance; that HAProxy itself is down is said once, of HAProxy."""
    try:
        seen = balancer.backend(host, check.port)
    except StackproofError:
        return None
    if seen is None or not seen.serves:
        return f"is given no requests by haproxy, which calls it {seen.state if seen else 'unknown'}"
    said = _http(doors.url(check.door, check.path), doors.ca, until)
    return f"is not passed on by haproxy: {said}" if said else None


def _port(address: str, port: int) -> str | None:
    try:
        socket.create_connection((address, port), timeout=_TIMEOUT).close()
    except OSError as error:
        return f"does not answer on {address}:{port}: {error.strerror or error}"
    return None


def _command(host: Host, words: tuple[str, ...], says: str) -> str | None:
    try:
        result = host.run(words, timeout=_TIMEOUT, check=False)
    except StackproofError:
        return f"does not answer `{words[0]}` within {_TIMEOUT} s"
    lines = (result.stderr or result.stdout).strip().splitlines()
    if not result.ok or says not in [*result.stdout.split(), ""]:
        return lines[-1] if lines else f"`{words[0]}` says nothing"
    return None


def silent(state: State, doors: Doors, host: Host, service: Service, within: float) -> bool:
    """True if a service that reports to the cloud has not been seen to do so in the last ``within`` seconds."""
    import pymysql

    if not isinstance(service.check, Report):
        return False
    try:
        age = _age(state, doors, service.check.database, service.name, host)
    except pymysql.MySQLError:
        return True
    return age is None or age >= within


def _report(state: State, doors: Doors, database: str, binary: str, host: Host) -> str | None:
    import pymysql

    try:
        age = _age(state, doors, database, binary, host)
    except pymysql.MySQLError as error:
        return f"its report cannot be read: {error.args[-1] if error.args else error}"
    if age is not None and age < -_TIMEOUT:
        return f"has a clock that is ahead: it reported {-age} s from now"
    # Asked now: while the database was, seconds may have passed, and a report that came at once would look older.
    now = supervised(host, binary)
    if age is None or now is None or age >= now.seconds:
        return "has not reported to the cloud since its start"
    return f"last reported {age} s ago" if age > _STALE else None


def _age(state: State, doors: Doors, database: str, binary: str, host: Host) -> int | None:
    """Seconds since a daemon last reported to the cloud, never too few; None if it never did."""
    import pymysql

    with (
        pymysql.connect(
            host=str(doors.address),
            user=database,
            password=state.secrets()["database"],
            database=database,
            connect_timeout=_TIMEOUT,
            read_timeout=_TIMEOUT,
        ) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(_REPORTS.get(database, _REPORT), (binary, host.name))
        row = cast("tuple[int] | None", cursor.fetchone())
    return row[0] if row else None
