"""What a cloud has to observe, by its catalog; and the credentials with which an observer logs in by itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pytest_upgrade.endpoints import root_of
from pytest_upgrade.observers import admission, catalog, clock
from pytest_upgrade.observers.asking import Asking
from pytest_upgrade.observers.assignment import Assignment
from pytest_upgrade.observers.canary import FLAVOR, IMAGE, filled
from pytest_upgrade.observers.lane import Lane
from pytest_upgrade.observers.left_out import LeftOut
from pytest_upgrade.observers.login import Credentials, Token
from pytest_upgrade.observers.result import Result
from pytest_upgrade.observers.sample import Sample
from pytest_whitebox.core.errors import StackproofError, plain
from pytest_whitebox.core.installed import installed

#: Sources of lanes: functions of a service's type and the URL of its endpoint.
GROUP = "stackproof.lanes"
#: The longest life of an observer if nobody says another, in seconds.
A_DAY = 86400.0
#: Of a server of a canary.
_VCPUS = 1
_ALIASES = {"volumev3": "block-storage", "volume": "", "volumev2": "", "block-store": "block-storage"}
#: Answers of a lane that is not for this cloud or this user; a service that is away for now is observed all the same.
_NOT_OURS = (Result.STATUS, Result.BODY, Result.UNAUTHORIZED, Result.PROTOCOL, Result.TLS)


def discover(
    connection: Any, folder: Path, *, longest: float, control: str = "", services: Sequence[str] = (), prefix: str = ""
) -> Assignment:
    """What an observer of a cloud is to do, as the user of this connection of openstacksdk sees it.

    Without a ``prefix``, with which the names of all have to begin that it makes, it only reads.
    """
    access = connection.session.auth.get_access(connection.session)
    url = str(connection.config.get_auth_args()["auth_url"])
    tokens = f"{root_of(url)}v3/auth/tokens"
    lanes = [*_lanes(connection, access, url, tokens)]
    lanes = [
        lane for lane in lanes if (not services or lane.service in services) and (prefix or lane.canary is None)
    ]  # fmt: skip
    words = {"RUN": prefix, "USER": str(access.user_id)}
    lanes, without = _of_servers([filled(lane, **words) for lane in lanes], connection)
    lanes += [catalog.control(control)] if control else []
    verify, cacert = connection.config.config.get("verify", True), connection.config.config.get("cacert") or ""
    made = Assignment(
        folder,
        tuple(lanes),
        Credentials(tokens, login_of(connection.config.get_auth_args())),
        longest,
        str(cacert),
        bool(verify),
        prefix,
    )
    token = Token(None, made.tls, access.auth_token, time.time() + 3600)
    answers = asyncio.run(_tried(made, token))
    left_out = {one.lane: one.text for one in answers if one.result in _NOT_OURS}
    left_out |= asyncio.run(admission.tried(made, token, _NOT_OURS))
    kept = tuple(lane for number, lane in enumerate(made.lanes) if number not in left_out)
    others = tuple(LeftOut(made.lanes[number], why) for number, why in left_out.items())
    if not kept:
        hint = "name a service of `openstack catalog list`"
        raise StackproofError(f"there is nothing to observe: {'; '.join(map(str, others)) or 'no lanes'}", hint=hint)
    return replace(made, lanes=kept, left_out=(*without, *others))


def _lanes(connection: Any, access: Any, auth_url: str, tokens: str) -> Iterator[Lane]:
    interface = connection.config.config.get("interface") or "public"
    found = access.service_catalog.get_endpoints(interface=interface, region_name=connection.config.get_region_name())
    sources = installed(GROUP, "source of lanes")
    for type, endpoints in sorted(found.items()):
        service = _ALIASES.get(type, type)
        url = auth_url if service == "identity" else str(endpoints[0]["url"]) if endpoints else ""
        if service and url:
            for source in sources:
                yield from source(service, url)
    yield catalog.login(tokens)


def _of_servers(lanes: Sequence[Lane], connection: Any) -> tuple[list[Lane], list[LeftOut]]:
    """The lanes with what servers are made of, and which cannot have it."""
    from openstack.exceptions import SDKException

    from pytest_upgrade.persistent.kinds.compute import smallest_flavor
    from pytest_whitebox import images

    wanting = [lane for lane in lanes if IMAGE in lane.body or FLAVOR in lane.body]
    if not wanting:
        return list(lanes), []
    try:
        image = images.default(connection, time.time())
        words = {"IMAGE": image.id, "FLAVOR": smallest_flavor(connection, image, _VCPUS).id}
    except (StackproofError, SDKException) as error:
        said = str(error) if isinstance(error, StackproofError) else plain(error)
        return [lane for lane in lanes if lane not in wanting], [LeftOut(lane, said) for lane in wanting]
    return [filled(lane, **words) for lane in lanes], []


async def _tried(assignment: Assignment, token: Token) -> list[Sample]:
    """Each lane that reads once, but the login, which the discovery itself has done."""
    askings = [
        Asking(lane, number, token, assignment.tls)
        for number, lane in enumerate(assignment.lanes)
        if lane.role == "probe"
    ]
    return await asyncio.gather(*(asking.ask(0, clock.now()) for asking in askings))


def login_of(given: dict[str, Any]) -> dict[str, Any]:
    """What logs a user in, as Keystone takes it, of the arguments that clients take."""
    if given.get("application_credential_secret"):
        credential = {"secret": given["application_credential_secret"]}
        if given.get("application_credential_id"):
            credential["id"] = given["application_credential_id"]
        else:
            credential |= {"name": given["application_credential_name"], "user": _user(given)}
        return {"auth": {"identity": {"methods": ["application_credential"], "application_credential": credential}}}
    if not given.get("password"):
        hint = "use an entry of clouds.yaml with a password or an application credential"
        raise StackproofError("an observer must be able to log in again, and a token alone cannot", hint=hint)
    user = _user(given) | {"password": given["password"]}
    return {
        "auth": {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": _project(given)},
        }
    }


def _user(given: dict[str, Any]) -> dict[str, Any]:
    if given.get("user_id"):
        return {"id": given["user_id"]}
    return {"name": given["username"], "domain": _domain(given, "user")}


def _project(given: dict[str, Any]) -> dict[str, Any]:
    if given.get("project_id"):
        return {"id": given["project_id"]}
    return {"name": given["project_name"], "domain": _domain(given, "project")}


def _domain(given: dict[str, Any], of: str) -> dict[str, str]:
    for kind in ("id", "name"):
        if (
            found := given.get(f"{of}_domain_{kind}")
            or given.get(f"default_domain_{kind}")
            or given.get(f"domain_{kind}")
        ):
            return {kind: str(found)}
    return {"id": "default"}
