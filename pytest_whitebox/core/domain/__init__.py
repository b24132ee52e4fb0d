"""A guest as libvirt sees it: `Domain` and the parts that it is made of, one file for each noun.

Each part declares its facts with the paths at which the XML states them; `part` and `fields` read them.
"""

from pytest_whitebox.core.domain.difference import Change, Difference
from pytest_whitebox.core.domain.domain import Domain

__all__ = ["Change", "Difference", "Domain"]
