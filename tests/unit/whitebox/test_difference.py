from pathlib import Path

import pytest

from pytest_whitebox.core.domain import Difference, Domain
from pytest_whitebox.core.domain.difference import changes
from pytest_whitebox.core.domain.part import Part, facts_of

DATA = Path(__file__).parent / "data"


def read(name: str, *replaced: tuple[str, str]) -> Domain:
    text = (DATA / f"{name}.xml").read_text()
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new)
    return Domain.from_xml(text)


def told(before: Domain, after: Domain) -> list[str]:
    return [str(change) for change in changes(before, after)]


def test_nothing_differs_between_two_looks_at_the_same_xml() -> None:
    difference = Difference.between(read("secure"), read("secure"))

    assert read("secure") == read("secure")
    assert (difference.changes, difference.lines) == ((), ())


#: What libvirt draws anew when a guest starts again, by the document that it stands in.
DRAWN = [
    ("pinned", ("'qemu' id='1'", "'qemu' id='9'")),
    ("pinned", ("/dev/pts/1", "/dev/pts/4")),
    ("pinned", ("alias name='virtio-disk0'", "alias name='virtio-disk5'")),
    ("pinned", ("index='2'", "index='8'")),
    ("devices", ("port='5901'", "port='5907'")),
    ("secure", ("tlsPort='5908'", "tlsPort='5910'")),
    ("secure", ("channel/12-", "channel/13-")),
    ("nfv", ("c213,c744", "c1,c2")),
    ("pinned", ("<currentMemory unit='KiB'>131072<", "<currentMemory unit='KiB'>131080<")),
    ("network", ("2026-11-20 18:12:36", "2026-11-21 07:00:00")),
]


@pytest.mark.parametrize(("name", "drawn"), DRAWN)
def test_what_libvirt_draws_anew_does_not_count(name: str, drawn: tuple[str, str]) -> None:
    before, after = read(name), read(name, drawn)

    assert before == after
    assert Difference.between(before, after) == Difference(())


def test_facts_are_named_as_in_a_test() -> None:
    before = read("pinned")
    after = read("pinned", ("<vcpupin vcpu='0' cpuset='1'/>", "<vcpupin vcpu='0' cpuset='0'/>"), ("'none'/", "'off'/"))

    assert before != after
    assert told(before, after) == ["vcpu_pins[0]: 1 -> 0", "disks['vda'].cache: 'none' -> 'off'"]


def test_lines_of_the_xml_that_changed() -> None:
    after = read("pinned", ("<vcpupin vcpu='0' cpuset='1'/>", "<vcpupin vcpu='0' cpuset='0'/>"))
    lines = Difference.between(read("pinned"), after).lines

    assert [line for line in lines if line[0] in "+-"] == [
        "--- before", "+++ after", '-    <vcpupin vcpu="0" cpuset="1"/>', '+    <vcpupin vcpu="0" cpuset="0"/>',
    ]  # fmt: skip


def test_devices_that_came_and_went_are_told_whole() -> None:
    without, having = "<domain><devices/></domain>", "<domain><devices><tpm model='tpm-tis'/></devices></domain>"

    assert told(Domain.from_xml(without), Domain.from_xml(having)) == ["tpm: none -> Tpm(model='tpm-tis')"]
    assert told(Domain.from_xml(having), Domain.from_xml(without)) == ["tpm: Tpm(model='tpm-tis') -> none"]


def test_a_device_in_between_does_not_move_the_others() -> None:
    devices = [f"<interface type='bridge'><mac address='{mac}'/></interface>" for mac in "abc"]
    one, two = (
        Domain.from_xml(f"<domain><devices>{''.join(some)}</devices></domain>") for some in (devices[::2], devices)
    )

    assert told(one, two) == ["interfaces[1]: none -> Interface(mac='b', type='bridge')"]


@pytest.mark.parametrize("name", ["nfv", "secure", "devices"])
def test_every_fact_counts_or_is_volatile(name: str) -> None:
    """A document against an empty one names each fact that it states."""
    stated = {
        fact.name for fact in facts_of(Domain) if getattr(read(name), fact.name) != fact.default and not fact.volatile
    }
    named = {change.fact.partition("[")[0].partition(".")[0] for change in changes(Domain(), read(name))}

    assert named == stated


def test_parts_are_compared_like_domains() -> None:
    assert issubclass(Domain, Part)
    assert next(map(str, changes(read("pinned").disks, {}, "disks"))).startswith("disks['vda']: Disk(")
