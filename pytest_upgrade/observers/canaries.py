"""The canaries of OpenStack's own services: what is made in each, how often, and taken away again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_upgrade.observers.canary import FLAVOR, ID, IMAGE, NAME, RUN, USER, Canary
from pytest_upgrade.observers.catalog import base_of
from pytest_upgrade.observers.lane import Lane

#: Of a key that was thrown away; the service would take a processor's second to make one.
_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDo9nU7k/ZEh16q+KcirurU7735GmIom0COOsxzKNT4M stackproof"
#: A server without a network: what Neutron has no port for is Nova's own. It takes this microversion to ask for one.
_SERVER, _WITHOUT_NETWORK = {"imageRef": IMAGE, "flavorRef": FLAVOR, "networks": "none"}, "compute 2.37"
#: Seconds for a service to say that it will.
_TIMEOUT = 10.0


@dataclass(frozen=True)
class _Write:
    """``path`` is below the version, ``one`` is what stands around its name in the body, empty for none around it."""

    path: str
    period: float
    status: int
    one: str
    rows: str
    more: Mapping[str, Any]
    removed: int = 204
    ready: str = ""
    look: str = f"?name={NAME}"
    item: str = f"/{ID}"
    most: int = 10
    contains: str = NAME
    microversion: str = ""


_WRITES: Mapping[str, tuple[_Write, ...]] = {
    "block-storage": (
        _Write(
            "/volumes", 60.0, 202, "volume", "volumes", {"size": 1}, 202, "available", f"/detail?name={NAME}", most=5
        ),
    ),
    "compute": (
        _Write("/os-keypairs", 10.0, 200, "keypair", "", {"public_key": _KEY}, 202, "", f"/{NAME}", f"/{NAME}"),
        _Write(
            "/servers", 120.0, 202, "server", "servers", _SERVER, 204, "active", f"/detail?name={NAME}", most=2,
            # Nova answers with the id of a new server and not with its name.
            contains="id", microversion=_WITHOUT_NETWORK,
        ),
    ),
    "identity": (
        _Write(
            f"/users/{USER}/application_credentials", 30.0, 201, "application_credential", "application_credentials", {}
        ),
    ),
    "image": (_Write("/images", 10.0, 201, "", "images", {"disk_format": "raw", "container_format": "bare"}),),
    "network": (_Write("/networks", 10.0, 201, "network", "networks", {}),),
}  # fmt: skip
#: Seconds between two objects, and what is in each.
_OBJECT, _CONTENT = 2.0, f"{NAME}\n" + "stackproof " * 90


def lanes(service: str, url: str) -> list[Lane]:
    """The lanes that write to a service of a type, whose endpoint is this; none for one that is not known here.

    >>> [(lane.name, lane.period) for lane in lanes("network", "http://10.0.0.1:9696")]
    [('POST network /networks (new)', 10.0)]
    """
    base = base_of(service, url)
    if service == "object-store":
        return [_object(base)]
    return [_lane(service, base, write) for write in _WRITES.get(service, ())]


def _lane(service: str, base: str, write: _Write) -> Lane:
    body = {"name": NAME, **write.more}
    address = f"{base}{write.path}"
    canary = Canary(
        f"{address}{write.look}", f"{address}{write.item}", write.rows, write.ready, (write.removed,), most=write.most
    )  # fmt: skip
    return Lane(
        service, "POST", write.path.replace(USER, "USER"), address, "new", write.period, (write.status,),
        write.contains, True, "canary", timeout=_TIMEOUT, canary=canary, microversion=write.microversion,
        body=json.dumps({write.one: body} if write.one else body),
    )  # fmt: skip


def _object(base: str) -> Lane:
    container = f"{base}/{RUN}-canary"
    url = f"{container}/{NAME}"
    return Lane(
        "object-store", "PUT", "/CONTAINER/OBJECT", url, "new", _OBJECT, (201,), "", True, "canary", timeout=_TIMEOUT,
        body=_CONTENT, canary=Canary(url, url, beside=container, etag=True),
    )  # fmt: skip
