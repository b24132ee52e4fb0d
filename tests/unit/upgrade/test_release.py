"""Which release a service is, by recorded answers; and how clues go together."""

from __future__ import annotations

import pytest

from pytest_upgrade.release.api import highest
from pytest_upgrade.release.clue import Clue, Verdict
from pytest_upgrade.release.table import expected, of_microversion, of_package, of_service_version, releases
from pytest_whitebox.core.errors import StackproofError

#: What Nova of 2025.1 answers to GET /, and Placement to GET /, as a devcloud gave it.
NOVA = {
    "versions": [
        {"id": "v2.0", "status": "SUPPORTED", "version": "", "min_version": "", "updated": "2011-01-21T11:33:21Z"},
        {
            "id": "v2.1",
            "status": "CURRENT",
            "version": "2.100",
            "min_version": "2.1",
            "updated": "2013-07-23T11:33:21Z",
        },
    ]
}
PLACEMENT = {"versions": [{"id": "v1.0", "max_version": "1.39", "min_version": "1.0", "status": "CURRENT"}]}


def clue(service: str, said: str, releases: str, host: str = "", source: str = "process of nova-compute") -> Clue:
    return Clue(service, source, said, frozenset(releases.split()), host)


API = clue("compute", "2.100", "2025.1 2025.2", source="API")
OLD = clue("compute", "nova 31.3.1", "2025.1", "compute1")
NEW = clue("compute", "nova 32.2.1", "2025.2", "compute2")


def test_recorded_answers_are_of_their_release() -> None:
    assert of_microversion("compute", highest(NOVA)) == {"2025.1", "2025.2"}
    assert "2025.1" in of_microversion("placement", highest(PLACEMENT))


@pytest.mark.parametrize(
    ("package", "version", "release"),
    [
        ("keystone", "27.1.0", "2025.1"), ("nova", "31.3.1", "2025.1"), ("openstack-placement", "13.0.1", "2025.1"),
        ("glance", "30.2.0", "2025.1"), ("neutron", "26.0.6", "2025.1"), ("cinder", "26.3.0", "2025.1"),
        ("swift", "2.35.5", "2025.1"), ("keystone", "28.1.0", "2025.2"), ("nova", "32.2.1", "2025.2"),
        ("openstack-placement", "14.0.0", "2025.2"), ("swift", "2.36.4", "2025.2"), ("glance", "32.0.0", "2026.1"),
        ("neutron", "28.0.2", "2026.1"), ("cinder", "28.0.0", "2026.1"), ("swift", "2.37.4", "2026.1"),
        ("nova", "34.1.0.dev118", "master"), ("nova", "35.0.0.0b1.dev3", "master"), ("swift", "2.39.0", "master"),
    ],
)  # fmt: skip
def test_package_tells_its_release(package: str, version: str, release: str) -> None:
    assert of_package(package, version) == {release}


def test_version_that_no_release_has_is_of_none() -> None:
    assert of_package("nova", "unknown") == of_microversion("compute", "2.92") == of_service_version(3) == frozenset()


def test_each_release_has_a_package_of_its_own_for_each_project() -> None:
    for package in ("keystone", "nova", "openstack-placement", "glance", "neutron", "cinder", "swift"):
        versions = [facts["packages"][package] for facts in releases().values()]
        assert len(set(versions)) == len(versions) == 14


def test_api_alone_cannot_tell_two_releases_apart() -> None:
    verdict = Verdict.on("compute", [API])
    assert (verdict.ok(), verdict.ok("2025.1"), verdict.ok("2026.1")) == (None, None, False)
    assert verdict.sentence("2025.1") == "compute is inconclusive: 2025.1 or 2025.2"
    assert Verdict.on("image", [API]).sentence() == "image is unknown: nobody tells"
    assert Verdict.on("image", [API]).ok() is None


def test_one_host_that_was_left_behind_is_a_contradiction_and_named() -> None:
    verdict = Verdict.on("compute", [API, OLD, NEW])
    assert verdict.ok("2025.2") is False
    said = verdict.sentence("2025.2")
    assert "compute contradicts itself, and 2025.2 was expected" in said
    assert "on compute1 says nova 31.3.1: 2025.1" in said
    assert "on compute2 says nova 32.2.1: 2025.2" in said


def test_process_older_than_its_package_contradicts_whatever_was_installed() -> None:
    stale = clue("compute", "nova 32.2.1 was installed at B, and it runs since A", "", "compute1")
    verdict = Verdict.on("compute", [NEW, stale])
    assert verdict.ok("2025.2") is False
    assert "nova 32.2.1 was installed at B, and it runs since A: no release" in verdict.sentence("2025.2")


def test_service_that_was_not_upgraded_is_not_what_was_expected() -> None:
    verdict = Verdict.on("compute", [API, OLD])
    assert (verdict.ok("2025.1"), verdict.ok("2025.2")) == (True, False)
    assert verdict.sentence("2025.2") == "compute is 2025.1, and 2025.2 was expected"


def test_release_that_is_not_known_is_told_with_those_that_are() -> None:
    assert (expected("Zed"), expected("master")) == ("zed", "master")
    with pytest.raises(StackproofError, match=r"'2019.9' is no release that is known") as caught:
        expected("2019.9")
    assert "2025.1" in caught.value.hint
