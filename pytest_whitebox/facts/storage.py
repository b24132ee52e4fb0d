"""What Cinder keeps volumes in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_whitebox.core.configuration import Config
    from pytest_whitebox.core.hosts import Host

_DEFAULT = "cinder.volume.drivers.lvm.LVMVolumeDriver"


def backends(host: Host) -> Iterator[str]:
    """The kind of each backend that the host's cinder-volume serves."""
    return kinds(host.service("cinder-volume").config)


def kinds(config: Config) -> Iterator[str]:
    """The last but one word of each backend's driver.

    >>> from pytest_whitebox.core.configuration import Config
    >>> text = b"[DEFAULT]\\nenabled_backends = fast\\n[fast]\\nvolume_driver = cinder.volume.drivers.rbd.RBDDriver\\n"
    >>> list(kinds(Config.from_files({"cinder.conf": text})))
    ['rbd']
    """
    for name in (config.get("DEFAULT", "enabled_backends") or "").split(","):
        driver = config.get(name.strip(), "volume_driver") or _DEFAULT
        yield driver.split(".")[-2]
