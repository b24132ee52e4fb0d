"""Servers and their key."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pytest_upgrade.persistent import heartbeat
from pytest_upgrade.persistent.errors import Unusable
from pytest_upgrade.persistent.guest import BOOT, Guest, host_key
from pytest_upgrade.persistent.kinds.fields import absent, changed, settled
from pytest_upgrade.persistent.thing import Thing
from pytest_whitebox import images
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.wait import wait_for
from pytest_whitebox.remove import REMOVALS

if TYPE_CHECKING:
    from pytest_upgrade.persistent.place import Place
    from pytest_upgrade.store.values import Kept

#: Seconds for Nova to do what is asked of it.
_PATIENCE = 300
#: What a user may do to a server that it does not survive unchanged; a move is none of them.
_DRASTIC = frozenset(
    {"reboot", "stop", "start", "rebuild", "resize", "pause", "suspend", "shelve", "delete", "rescue", "evacuate"}
)


class Keypair:
    """A key that opens the guests of the run; its private half is a secret of the run."""

    name = "keypair"
    service = "compute"

    def make(self, place: Place, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """Have Nova make it."""
        made = place.connection.compute.create_keypair(name=name)
        place.secrets.set("key", made.private_key)
        return {"id": name, "fingerprint": made.fingerprint}

    def missing(self, place: Place, kept: Kept) -> str:
        """By its name."""
        return absent(lambda: place.connection.compute.find_keypair(kept.state["id"], ignore_missing=False))

    def differences(self, place: Place, kept: Kept) -> Iterator[str]:
        """Its fingerprint."""
        now = place.connection.compute.get_keypair(kept.state["id"])
        return changed({"fingerprint": kept.state["fingerprint"]}, {"fingerprint": now.fingerprint})

    def use(self, place: Place, kept: Kept) -> str:  # noqa: ARG002
        """It is used by whoever goes into a guest."""
        return "opens the guests"

    def remove(self, place: Place, name: str, state: Mapping[str, Any]) -> None:  # noqa: ARG002
        """By its name."""
        REMOVALS["keypair"](place.connection, name)


class KeptServer(Thing):
    """A server that outlives the upgrade, and its guest from inside."""

    @property
    def guest(self) -> Guest:
        """The guest: ``server.guest.run(["uptime"])``."""
        return Guest.of(self._place, self._kept.name, self.state)

    @property
    def boot_id(self) -> str:
        """The kernel's id of the guest's boot: another one after a reboot."""
        return self.guest.boot_id

    @property
    def outages(self) -> tuple[heartbeat.Outage, ...]:
        """When its guest stood still or had no network, as it wrote down itself; the report has it, too."""
        return _beats(self._place, self._kept).outages


def _image(place: Place) -> Any:
    if place.image is None:
        return images.default(place.connection, place.run.began)
    return images.find(place.connection, place.image)


class Server:
    """A server in a network of its own, with a floating IP, a key, and a heartbeat in its guest."""

    name = "server"
    service = "compute"
    thing = KeptServer

    def stands_on(self, kept: Kept) -> Iterator[tuple[str, str]]:
        """What is made along with it."""
        yield "keypair", "run"
        for kind in ("network", "router", "security_group", "floating_ip"):
            yield kind, kept.spec["name"]

    def make(self, place: Place, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
        """Make it with all that it stands on, and wait until its guest lets us in."""
        own = spec["name"]
        network, key = place.kept("network", own), place.kept("keypair", "run")
        place.kept("router", own, network=own)
        group = place.kept("security_group", own)
        image = _image(place)
        flavor = smallest_flavor(place.connection, image, spec["vcpus"])
        made = place.connection.compute.create_server(
            name=name, image_id=image.id, flavor_id=flavor.id, key_name=key.id,
            networks=[{"uuid": network.id}], security_groups=[{"name": group.name}],
            user_data=base64.b64encode(heartbeat.SCRIPT.encode()).decode(),
        )  # fmt: skip
        settled(lambda: self._is(place, made.id, "ACTIVE"), timeout=_PATIENCE, what=f"server {name}")
        floating = place.kept("floating_ip", own, server=made.id)
        shown = f"the host key on the console of {name}"
        console = settled(lambda: host_key(_console(place, made.id)), timeout=BOOT, what=shown)
        state = {
            "id": made.id, "address": floating.state["address"], "host_key": console,
            "login": image.properties.get("os_admin_user") or "root",
        }  # fmt: skip
        guest = Guest.of(place, own, state)
        boot_id = guest.run(["cat", "/proc/sys/kernel/random/boot_id"], patience=BOOT)
        beating = f"the heartbeat of {name}"
        wait_for(lambda: guest.try_(["test", "-s", heartbeat.FILE]).ok, timeout=_PATIENCE, every=2, what=beating)
        return {
            **state,
            "boot_id": boot_id.strip(),
            "record": _record(place, made.id),
            "actions": _actions(place, made.id),
        }

    def missing(self, place: Place, kept: Kept) -> str:
        """By its id."""
        return absent(lambda: place.connection.compute.get_server(kept.state["id"]))

    def differences(self, place: Place, kept: Kept) -> Iterator[str]:
        """Its record, what was asked of it meanwhile, the boot of its guest, and whether that has its heartbeat."""
        yield from changed(kept.state["record"], _record(place, kept.state["id"]))
        known = set(kept.state["actions"]) | set(_own_actions(place, kept))
        for action in place.connection.compute.server_actions(kept.state["id"]):
            if action.action in _DRASTIC and action.request_id not in known:
                yield f"somebody asked for {action.action!r} at {action.start_time} ({action.request_id})"
        if (now := Guest.of(place, kept.name, kept.state).boot_id) != kept.state["boot_id"]:
            yield f"its guest has booted again: boot id was {kept.state['boot_id']} and is {now}"
        try:
            _beats(place, kept)
        except Unusable as error:
            yield f"its heartbeat cannot be read: {error}"

    def use(self, place: Place, kept: Kept) -> str:
        """Look at its console, pause it and let it go on, and go into its guest."""
        compute, id = place.connection.compute, kept.state["id"]
        if not _console(place, id):
            raise Unusable(f"the console of {kept} is empty", hint="see the log of nova-compute on its host")
        _note_actions(place, kept, compute.pause_server, "PAUSED")
        _note_actions(place, kept, compute.unpause_server, "ACTIVE")
        Guest.of(place, kept.name, kept.state).run(["true"])
        return "console shown, paused, gone on, entered by SSH"

    def remove(self, place: Place, name: str, state: Mapping[str, Any]) -> None:  # noqa: ARG002
        """By its name."""
        REMOVALS["server"](place.connection, name)

    def _is(self, place: Place, id: str, status: str) -> bool:
        found = place.connection.compute.get_server(id)
        if found.status == "ERROR" != status:
            said = (found.fault or {}).get("message", "Nova recorded no fault")
            raise StackproofError(f"server {found.name} went to ERROR: {said}", hint=f"`openstack server show {id}`")
        return bool(found.status == status and not found.task_state)


def waited(place: Place, id: str, status: str) -> None:
    """Wait until a server has a status and Nova has nothing left to do with it."""
    settled(lambda: Server()._is(place, id, status), timeout=_PATIENCE, what=f"server {id} to become {status}")


def _beats(place: Place, kept: Kept) -> heartbeat.Heartbeat:
    """What its guest has written of itself, which the run keeps for its report."""
    guest = Guest.of(place, kept.name, kept.state)
    guest.run(["true"])  # the door may take its time to open, and that is none of the clock's
    asked = time.time()
    text = guest.script(heartbeat.READ, heartbeat.FILE)
    found = heartbeat.Heartbeat.from_text(kept.name, text, asked, time.time())
    found.keep(place.store, place.run.id, place.phase)
    return found


def _note_actions(place: Place, kept: Kept, act: Any, status: str) -> None:
    """Do something to a server that is no sabotage: its request is known to be ours."""
    act(kept.state["id"])
    waited(place, kept.state["id"], status)
    place.store.baselines.replace(place.run.id, _baseline(place, kept), "test", "name")


def _baseline(place: Place, kept: Kept) -> Any:
    from pytest_upgrade.store.values import Baseline

    return Baseline(_OURS, kept.name, _actions(place, kept.state["id"]))


#: Under which name of a test the requests to servers are kept that were our own.
_OURS = "stackproof: our own actions"


def _own_actions(place: Place, kept: Kept) -> list[str]:
    found = place.store.baselines.of(place.run.id, test=_OURS, name=kept.name)
    return list(found[0].value) if found else []


def _actions(place: Place, id: str) -> list[str]:
    return [action.request_id for action in place.connection.compute.server_actions(id)]


def _record(place: Place, id: str) -> dict[str, Any]:
    found = place.connection.compute.get_server(id)
    addresses = sorted(one["addr"] for ports in found.addresses.values() for one in ports)
    flavor = found.flavor.get("original_name") or found.flavor.get("id")
    return {
        "created": found.created_at, "status": found.status, "flavor": flavor, "image": found.image["id"],
        "key": found.key_name, "addresses": addresses,
    }  # fmt: skip


def _console(place: Place, id: str) -> str:
    return str(place.connection.compute.get_server_console_output(id)["output"] or "")


def smallest_flavor(connection: Any, image: Any, vcpus: int) -> Any:
    """The smallest public flavor of so many vCPUs that fits an image; raises `StackproofError` if there is none."""
    fitting = [
        flavor for flavor in connection.compute.flavors()
        if flavor.vcpus == vcpus and flavor.ram >= (image.min_ram or 0) and flavor.disk >= (image.min_disk or 1)
    ]  # fmt: skip
    if not fitting:
        raise StackproofError(
            f"no public flavor has {vcpus} vCPUs and fits the image {image.name}",
            hint="make one, or ask for other vcpus",
        )
    return min(fitting, key=lambda flavor: (flavor.ram, flavor.disk))
