"""Files that say of the hosts of a cloud what its APIs do not, each format behind one door."""

from pytest_whitebox.core.inventories.inventory import Format, HostEntry, Inventory, ServiceEntry, formats, load

__all__ = [
    "Format",
    "HostEntry",
    "Inventory",
    "ServiceEntry",
    "formats",
    "load",
]
