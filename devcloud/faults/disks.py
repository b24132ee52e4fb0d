"""Disks that are full, or that are not there."""

from __future__ import annotations

from functools import partial

from devcloud.faults.fault import Act, Fault
from devcloud.faults.servers import make_server, remove_server
from devcloud.faults.site import Site
from devcloud.hosts.host import Host
from devcloud.journal import Notes
from devcloud.services.databases import DEVICES

_FULL = "/run/devcloud/full"
_IMAGES = "/var/lib/glance"
_INSTANCES = "/var/lib/nova/instances"


def _fill(role: str, folder: str, site: Site, _: Notes) -> None:
    """Lay a full file system of 1 MiB over the folder: what is in it stays readable, and nothing can be written."""
    host = site.host(role)
    place = f"{_FULL}{folder}"
    host.run(["mkdir", "-p", place])
    host.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=755", "tmpfs", place])
    host.run(["mkdir", f"{place}/upper", f"{place}/work"])
    options = f"lowerdir={folder},upperdir={place}/upper,workdir={place}/work"
    host.run(["mount", "-t", "overlay", "-o", options, "overlay", folder])
    host.run(["dd", "if=/dev/zero", f"of={place}/filler", "bs=4096"], check=False)


def _empty(role: str, folder: str, site: Site, _: Notes) -> None:
    host = site.host(role)
    for place in (folder, f"{_FULL}{folder}"):
        if _is_ours(host, place):
            host.run(["umount", "-l", place])


def _is_ours(host: Host, place: str) -> bool:
    """Whether what lies uppermost at the place is a mount of a fault."""
    mounts = [line.split() for line in host.run(["cat", "/proc/mounts"]).stdout.splitlines()]
    here = [words for words in mounts if words[1] == place]
    return bool(here) and here[-1][0] in ("overlay", "tmpfs") and (_FULL in " ".join(here[-1]) or "ro," in here[-1][3])


def _upload(site: Site, notes: Notes) -> None:
    """What a user sees: an image that cannot be stored."""
    from openstack.exceptions import HttpException

    image = site.admin.image.create_image(name=notes.target, disk_format="raw", container_format="bare")
    try:
        site.admin.image.put(f"/images/{image.id}/file", data=bytes(2 << 20), headers=_BYTES_FOLLOW)
    except HttpException as error:
        notes.put("answer", str(error.status_code))


_BYTES_FOLLOW = {"Content-Type": "application/octet-stream"}


def _image_is_refused(site: Site, notes: Notes) -> str:
    images = list(site.admin.image.images(name=notes.target))
    if images and images[0].status != "active" and _free(site.controller, _IMAGES) == "100%":
        return f"an upload of 2 MiB leaves its image {images[0].status}; `df` calls {_IMAGES} 100% full"
    return ""


def _image_gone(site: Site, notes: Notes) -> None:
    for image in site.admin.image.images(name=notes.target):
        site.admin.image.delete_image(image, ignore_missing=True)


def _server_fails(site: Site, notes: Notes) -> str:
    server = site.admin.compute.find_server(notes.target)
    failed = server is not None and server.status == "ERROR" and _free(site.compute, _INSTANCES) == "100%"
    return f"a new server goes to ERROR; `df` calls {_INSTANCES} 100% full" if failed else ""


def _free(host: Host, folder: str) -> str:
    return host.run(["df", "--output=pcent", folder]).stdout.split()[-1]


def _unmount_objects(site: Site, notes: Notes) -> None:
    store = site.admin.object_store
    store.create_container(notes.target)
    store.upload_object(notes.target, "letter", data=b"dear operator")
    for device in DEVICES:
        site.controller.run(["mount", "-t", "tmpfs", "-o", "ro,size=4k", "tmpfs", device])


def _objects_back(site: Site, notes: Notes) -> None:
    for device in DEVICES:
        _empty("controller", device, site, notes)
    store = site.admin.object_store
    store.delete_object("letter", container=notes.target, ignore_missing=True)
    store.delete_container(notes.target, ignore_missing=True)


def _object_is_missed(site: Site, notes: Notes) -> str:
    if not notes.file.exists():
        return ""
    code = site.admin.object_store.get(f"{notes.target}/letter", raise_exc=False).status_code
    return f"an object that was stored before is answered with {code}" if code >= 400 else ""


def _both(*acts: Act) -> Act:
    def act(site: Site, notes: Notes) -> None:
        for one in acts:
            one(site, notes)

    return act


FAULTS: tuple[Fault, ...] = (
    Fault(
        "image-store-full",
        f"the file system of {_IMAGES} on the controller is full",
        "`openstack image create` fails with 413 and leaves the image queued; images that are there can be read",
        _both(partial(_fill, "controller", _IMAGES), _upload),
        _both(partial(_empty, "controller", _IMAGES), _image_gone),
        _image_is_refused,
        "the full file system is taken away, the image deleted",
        names=("glance-api on {controller}",),
    ),
    Fault(
        "instances-full",
        f"the file system of {_INSTANCES} on the last compute host is full",
        "a new server there goes to ERROR, its fault says no space left on device; guests that run go on",
        _both(partial(_fill, "compute", _INSTANCES), make_server),
        _both(partial(_empty, "compute", _INSTANCES), remove_server),
        _server_fails,
        "the full file system is taken away, the server deleted",
        names=("nova-compute on {compute}",),
    ),
    Fault(
        "object-device-missing",
        "Swift's devices are not mounted: empty folders that take no writes are in their place",
        "every object and container answers 404, `openstack object create` 503; no daemon complains of its own accord",
        _unmount_objects,
        _objects_back,
        _object_is_missed,
        "the folders are taken away, the object deleted",
        names=("swift-account on {controller}", "swift-container on {controller}", "swift-object on {controller}"),
        needs="swift",
    ),
)
