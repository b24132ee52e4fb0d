"""Lists of tests that a Refstack server has, from allowed hosts only."""

from __future__ import annotations

from collections.abc import Sequence

from .asking import fetched
from .payload import LONGEST_NAME, MOST_TESTS, TEST, Refused, leads_to

#: Bytes of a list: of all the names that there may be, each as long as it may be.
_LARGEST = MOST_TESTS * (LONGEST_NAME + 1)


def listed(url: str, allowed: Sequence[str]) -> tuple[str, ...]:
    """The names in a list; raises `Refused` if the host is not allowed, or if something in it is no name of a test.

    The list is fetched here and now, so a redirect would lead past the look at its host: none is followed.
    """
    if not leads_to(url, allowed):
        raise Refused("tests.url", "leads to a host that is not allowed")
    return names(fetched(url, _LARGEST))


def names(text: bytes) -> tuple[str, ...]:
    """Parse a list, one name on a line.

    >>> names(b"tempest.api.a.A.test_a[id-0a6c]\\n\\ntempest.api.a.A.test_b\\n")
    ('tempest.api.a.A.test_a[id-0a6c]', 'tempest.api.a.A.test_b')
    """
    lines = [line.strip() for line in text.decode(errors="replace").splitlines()]
    found = tuple(dict.fromkeys(line for line in lines if line))
    if not found or len(found) > MOST_TESTS or not all(len(one) <= LONGEST_NAME and TEST.match(one) for one in found):
        raise Refused("tests.url", "is no list of tests")
    return found
