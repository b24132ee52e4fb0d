"""Installing: which releases there are, what a frozen list is, what is said when it fails."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import devcloud
from devcloud.machine import dependencies, packages
from devcloud.machine.packages import RELEASES, environment, reason, uv_reason
from devcloud.services.catalog import PROJECTS
from devcloud.state import DEFAULT_RELEASE, State
from pytest_whitebox.core.errors import StackproofError
from tests.doubles.serving import nobody

FOLDER = Path(devcloud.__file__).parent / "releases"
APT_DOWN = """\
W: Failed to fetch http://mirror.example/debian/dists/bookworm/InRelease  Temporary failure resolving 'mirror.example'
W: Some index files failed to download. They have been ignored, or old ones used instead.
E: Failed to fetch http://mirror.example/debian/pool/main/r/runit/runit_2.1.deb  Temporary failure resolving 'deb'
E: Unable to fetch some archives, maybe run apt-get update or try with --fix-missing?
"""
UV_DOWN = """\
Using Python 3.11.2 environment at: env/2025.1
error: Failed to fetch: http://127.0.0.1:9/simple/pyeclib/
  cause: error sending request for url (http://127.0.0.1:9/simple/pyeclib/)
  cause: client error (Connect)
  cause: tcp connect error
  cause: Connection refused (os error 111)
"""


def test_each_release_has_its_frozen_list() -> None:
    assert RELEASES == ("2025.1", "2025.2", "2026.1")
    assert DEFAULT_RELEASE in RELEASES


@pytest.mark.parametrize("release", RELEASES)
def test_a_frozen_list_pins_every_package_once(release: str) -> None:
    lines = (FOLDER / f"{release}.txt").read_text().splitlines()
    names = [re.fullmatch(r"([a-z0-9._-]+)==[\w.]+( ; .+)?", line, re.IGNORECASE) for line in lines]
    assert [line for line, name in zip(lines, names, strict=True) if not name] == []
    assert len({name[1].lower() for name in names if name}) == len(lines)


@pytest.mark.parametrize("release", RELEASES)
def test_a_release_has_the_packages_of_all_daemons(release: str) -> None:
    frozen = dict(re.findall(r"^([\w-]+)==(\d+\.\d+)", (FOLDER / f"{release}.txt").read_text(), re.MULTILINE))
    wanted = dict(re.findall(r"^([\w-]+)>=([\d.]+),<", (FOLDER / f"{release}.in").read_text(), re.MULTILINE))
    assert sorted(wanted) == sorted(
        {"placement": "openstack-placement", "heat": "openstack-heat"}.get(name, name) for name in PROJECTS
    )
    assert [name for name, version in wanted.items() if not f"{frozen.get(name)}.".startswith(f"{version}.")] == []
    assert {"uwsgi", "pymysql", "libvirt-python"} <= set(frozen)


def test_each_release_is_a_major_version_later() -> None:
    majors = [
        re.findall(r"^nova==(\d+)", (FOLDER / f"{release}.txt").read_text(), re.MULTILINE) for release in RELEASES
    ]
    assert [int(found) for (found,) in majors] == list(range(31, 31 + len(RELEASES)))


def test_a_missing_program_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    table = {
        "bash": "sh",
        "nothing": "no-such-program",
        "no-headers": "/usr/include/no-such.h",
        "a-file": "/etc/passwd",
    }
    monkeypatch.setattr(dependencies, "PACKAGES", table)
    assert dependencies.missing_programs([]) == {"nothing": "no-such-program", "no-headers": "/usr/include/no-such.h"}


def test_what_only_one_project_needs_is_asked_for_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dependencies, "PACKAGES", {"libc-bin": "sh"})
    monkeypatch.setattr(dependencies, "EXTRAS", {"designate": {"a-name-server": "no-such-program"}})
    assert dependencies.missing_programs(["nova", "heat"]) == {}
    assert dependencies.missing_programs(["nova", "designate"]) == {"a-name-server": "no-such-program"}


def test_nothing_is_run_where_nothing_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dependencies, "PACKAGES", {"libc-bin": "sh"})
    said: list[str] = []
    packages.install_system([], lambda name, seconds: said.append(name))
    assert said == []


def test_another_system_is_told_before_anything_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "HOST_PATH", "/nowhere")
    with pytest.raises(StackproofError, match="no apt-get"):
        packages.install_system([], lambda *_: None)


def test_apt_gives_its_reason() -> None:
    assert reason(APT_DOWN).startswith("Failed to fetch http://mirror.example/debian/dists/bookworm/InRelease")
    assert reason("E: Unable to locate package runit\n") == "Unable to locate package runit"
    assert reason("") == "apt-get gave no reason"


def test_uv_gives_its_reason() -> None:
    connection = "Failed to fetch: http://127.0.0.1:9/simple/pyeclib/: Connection refused (os error 111)"
    assert uv_reason(UV_DOWN) == connection
    assert uv_reason("") == "uv gave no reason"


def test_an_index_that_does_not_answer_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    state = State(tmp_path)
    with nobody() as port:
        monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://127.0.0.1:{port}/simple")
        said = rf"OpenStack 2025\.1 cannot be installed: .*127\.0\.0\.1:{port}/"
        with pytest.raises(StackproofError, match=said) as caught:
            environment(state, "2025.1", lambda *_: None)
    assert "goes on from here" in caught.value.hint
    assert not (state.environments / "2025.1/.complete").exists()
    assert (state.cache / "install-2025.1.log").stat().st_mode & 0o777 == 0o600
