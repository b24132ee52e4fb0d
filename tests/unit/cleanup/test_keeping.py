"""What is kept because somebody speaks for it, and what is kept with that."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from pytest_cleanup.keeping import Keeper, Keepers
from pytest_cleanup.resource import Key, Reference, Relation, Resource

USES, PART_OF, TAKES = Relation.USES, Relation.PART_OF, Relation.TAKES


def to(*ends: tuple[Relation, str, str]) -> tuple[Reference, ...]:
    return tuple(Reference(*end) for end in ends)


def speaking(*ids: str) -> tuple[Keeper, ...]:
    return (lambda one: "somebody needs it" if one.id in ids else None,)


def kept(keepers: Keepers, *there: Resource, staying: Iterable[Resource] = ()) -> dict[str, str]:
    everything = {one.key: one for one in (*there, *staying)}
    return {key.id: held.why for key, held in keepers.kept(everything, {one.key for one in there}).items()}


SERVER = Resource("server", "s", "web", "p", "u", refs=to((USES, "volume", "v"), (TAKES, "volume", "root")))
PORT = Resource(
    "port", "port", "", "p", refs=to((PART_OF, "server", "s"), (USES, "network", "n"), (USES, "subnet", "sub"))
)
NETWORK, SUBNET = (
    Resource("network", "n", "", "p"),
    Resource("subnet", "sub", "", "p", refs=to((PART_OF, "network", "n"))),
)
OTHERS = [Resource("volume", "v"), Resource("volume", "root"), Resource("project", "p"), Resource("user", "u")]


def test_nobody_speaks_for_anything() -> None:
    assert kept(Keepers(), SERVER, *OTHERS) == {}


def test_parts_and_needs_of_what_is_named_stay_with_it() -> None:
    found = kept(
        Keepers(names=speaking("s")), SERVER, PORT, NETWORK, SUBNET, *OTHERS, Resource("volume", "other", project="p")
    )
    assert found == {
        "s": "somebody needs it",
        "port": "in server s: somebody needs it",
        **dict.fromkeys(("v", "root", "p", "u"), "server 'web' (s) needs it: somebody needs it"),
        **dict.fromkeys(("n", "sub"), "port port needs it: in server s: somebody needs it"),
    }


def test_named_project_is_emptied_and_that_of_an_owner_is_not() -> None:
    there = (
        Resource("project", "p"), Resource("volume", "v", project="p"), Resource("keypair", "k", user="u"),
        Resource("user", "u"), Resource("compute_quota", "p", refs=to((USES, "project", "p"))),
    )  # fmt: skip
    assert kept(Keepers(names=speaking("p", "u")), *there).keys() == {"p", "u"}
    found = Keepers(owners=speaking("p", "u")).kept({one.key: one for one in there}, {one.key for one in there})
    assert {key.id for key, one in found.items() if one.as_it_is} == {"p", "u", "v", "k"}
    assert Key("compute_quota", "p") in found


@pytest.mark.parametrize(
    ("spoken", "stays"),
    [(("router", "n"), True), (("router",), False), (("n",), False), ((), False)],
    ids=["both", "router", "network", "none"],
)
def test_interface_stays_if_it_joins_what_stays(spoken: tuple[str, ...], stays: bool) -> None:
    interface = Resource("port", "interface", refs=to((USES, "network", "n"), (USES, "router", "router")))
    there = (interface, NETWORK, Resource("router", "router"))
    assert ("interface" in kept(Keepers(names=speaking(*spoken)), *there)) is stays


def test_interface_between_a_kept_router_and_a_network_that_was_there_stays() -> None:
    interface = Resource("port", "interface", refs=to((USES, "network", "n"), (USES, "router", "router")))
    found = kept(Keepers(names=speaking("router")), interface, Resource("router", "router"), staying=[NETWORK])
    assert found.keys() == {"router", "interface"}


def test_role_of_a_named_user_stays_in_a_named_project_only() -> None:
    roles = [
        Resource(
            "role_assignment",
            where,
            refs=to((PART_OF, "user", "u"), (PART_OF, "role", "r"), (PART_OF, "project", where)),
        )
        for where in ("p", "q")
    ]
    there = (Resource("user", "u"), Resource("project", "p"), Resource("project", "q"))
    found = Keepers(names=speaking("u", "p")).kept(
        {one.key: one for one in (*there, *roles)}, {one.key for one in (*there, *roles)}
    )
    assert found.keys() == {Key("user", "u"), Key("project", "p"), Key("role_assignment", "p")}
