"""Images that never come, or whose bytes are gone."""

from __future__ import annotations

from functools import partial

from devcloud.faults.fault import Fault
from devcloud.faults.site import Site
from devcloud.journal import Notes

_STORE = "/var/lib/glance/images"


def _make(site: Site, notes: Notes, data: bytes | None) -> str:
    image = site.admin.image.create_image(name=notes.target, disk_format="raw", container_format="bare", data=data)
    return str(image.id)


def _remove(site: Site, notes: Notes) -> None:
    for image in list(site.admin.image.images(name=notes.target)):
        _set_state(site, image.id, "active")
        site.admin.image.delete_image(image, ignore_missing=True)


def _set_state(site: Site, image: str, state: str) -> None:
    site.sql("glance", "UPDATE images SET status = %s WHERE id = %s", (state, image))


def _queue(site: Site, notes: Notes) -> None:
    _make(site, notes, None)


def _save(site: Site, notes: Notes) -> None:
    _set_state(site, _make(site, notes, b"\0" * 1024), "saving")


def _is(state: str, site: Site, notes: Notes) -> str:
    images = list(site.admin.image.images(name=notes.target))
    stuck = bool(images) and images[0].status == state
    return f"`openstack image show {notes.target}`: {state}" if stuck else ""


def _lose_data(site: Site, notes: Notes) -> None:
    image = _make(site, notes, b"\0" * 1024)
    site.controller.path(f"{_STORE}/{image}").unlink()


def _has_no_data(site: Site, notes: Notes) -> str:
    image = site.admin.image.find_image(notes.target, ignore_missing=False)
    code = site.admin.image.get(f"/images/{image.id}/file", raise_exc=False).status_code
    lost = image.status == "active" and code != 200
    return f"the image is active with {image.size} bytes, and a download is answered with {code}" if lost else ""


FAULTS: tuple[Fault, ...] = (
    Fault(
        "image-stuck-queued",
        "an image was announced, and its bytes never came",
        "`openstack image show` has the status queued for good; no server can be made of it",
        _queue,
        _remove,
        partial(_is, "queued"),
        "the image is deleted",
        needs="glance",
        lasts=True,
    ),
    Fault(
        "image-stuck-saving",
        "an image is being uploaded, says its record, and nobody does it",
        "`openstack image show` has the status saving for good; no server can be made of it",
        _save,
        _remove,
        partial(_is, "saving"),
        "the image is deleted",
        needs="glance",
        lasts=True,
    ),
    Fault(
        "image-data-missing",
        "the file of an image is gone from the store",
        "`openstack image list` has it as active, `openstack image save` gets nothing (204), a server made of it fails",
        _lose_data,
        _remove,
        _has_no_data,
        "the image is deleted",
        needs="glance",
        lasts=True,
    ),
)
