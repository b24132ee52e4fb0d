"""What Tempest cannot do without: two flavors and two images; made for the run where a cloud has too few."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_whitebox import images
from pytest_whitebox.core.errors import StackproofError

if TYPE_CHECKING:
    from pytest_whitebox.cloud import Cloud
    from pytest_whitebox.create import Create

#: An image up to this size, in bytes, is copied to have two.
_SMALL = 64 << 20
_KINDS = ("aki", "ari", "iso")


def flavors(cloud: Cloud, create: Create | None, image: Any) -> tuple[Any, Any]:
    """The two smallest public flavors that the image boots with.

    Raises `StackproofError` if there are fewer and this user may make none.
    """
    api: Any = cloud.connection.compute
    fit = [
        one for one in api.flavors(is_public=True) if one.ram >= image.min_ram and one.disk >= image.min_disk
    ]  # fmt: skip
    found = sorted(fit, key=lambda one: (one.ram, one.vcpus, one.disk, one.id))[:2]
    while len(found) < 2 and create is not None:
        ram = max(image.min_ram, 128) + 64 * len(found)
        name = create.noted("flavor")
        found.append(api.create_flavor(name=name, vcpus=1, ram=ram, disk=max(image.min_disk, 1), is_public=True))
    if not found:
        hint = f"make a public one with {image.min_ram} MiB and {image.min_disk} GiB, or write a tempest.conf"
        raise StackproofError(f"the cloud has no flavor that image {image.name} boots with", hint=hint)
    return found[0], found[-1]


def other_image(cloud: Cloud, create: Create | None, image: Any) -> Any:
    """A second image that guests boot from, a public copy if need be; the same where that would be too large."""
    api: Any = cloud.connection.image
    others = [
        one for one in api.images(visibility="public", status="active")
        if one.id != image.id and one.disk_format not in _KINDS
    ]  # fmt: skip
    if others:
        return min(others, key=lambda one: one.size or 0)
    if create is None or (image.size or _SMALL) >= _SMALL:
        return image
    made = images.copy(cloud.connection, image, create.noted("image"), {})
    return api.update_image(made, visibility="public")
