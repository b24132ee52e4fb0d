"""Which cloud, from where; and what the user reads if there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import CANARY, Run

USES_CLOUD = """
import pytest

@pytest.mark.parametrize("n", range(4))
def test_needs_a_cloud(cloud, n):
    pass

def test_needs_none():
    pass
"""


def test_unconfigured_skips_and_says_what_to_set(pytester: pytest.Pytester, run: Run, workers: str) -> None:
    pytester.makepyfile(USES_CLOUD)
    result = run("-rs", workers)

    result.assert_outcomes(passed=1, skipped=4)
    result.stdout.fnmatch_lines("*no cloud to test: pass --os-cloud NAME, or set OS_CLOUD or OS_AUTH_URL*")
    result.stdout.no_fnmatch_line("cloud:*")


@pytest.mark.usefixtures("clouds_yaml")
def test_a_misspelt_cloud_is_one_sentence(pytester: pytest.Pytester, run: Run, workers: str) -> None:
    pytester.makepyfile(USES_CLOUD)
    result = run("--os-cloud", "lap", workers)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines("ERROR: no cloud is named 'lap' (from --os-cloud) in *clouds.yaml; choose from lab")
    assert [line for line in result.errlines if line][1:] == []


@pytest.mark.usefixtures("clouds_yaml")
@pytest.mark.parametrize("look", ["--help", "--version", "--markers", "--fixtures", "--collect-only"])
def test_a_misspelt_cloud_stands_in_nobodys_way_who_only_looks(pytester: pytest.Pytester, run: Run, look: str) -> None:
    pytester.makepyfile(USES_CLOUD)

    assert run("--os-cloud", "lap", look).ret == pytest.ExitCode.OK


@pytest.mark.usefixtures("clouds_yaml")
def test_a_stale_variable_fails_only_what_needs_a_cloud(
    pytester: pytest.Pytester, run: Run, workers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(USES_CLOUD)
    monkeypatch.setenv("OS_CLOUD", "lap")
    result = run(workers)

    result.assert_outcomes(passed=1, errors=1, skipped=3)
    result.stdout.fnmatch_lines("no cloud is named 'lap' (from $OS_CLOUD) in *; choose from lab")


@pytest.mark.usefixtures("clouds_yaml")
def test_a_dead_cloud_is_told_once(pytester: pytest.Pytester, run_apart: Run, workers: str) -> None:
    pytester.makepyfile(USES_CLOUD)
    result = run_apart("--os-cloud", "lab", workers, "-rs", "--showlocals", "-vv")

    result.assert_outcomes(passed=1, errors=1, skipped=3)
    sentence = (
        "cloud 'lab' at http://127.0.0.1:*/* cannot be used: Connection refused; see that `openstack --os-cloud lab *`*"
    )
    result.stdout.fnmatch_lines([sentence, f"SKIPPED*not tried again: {sentence}"])
    result.stdout.no_fnmatch_line("*Traceback*")


@pytest.mark.usefixtures("clouds_yaml")
def test_the_password_of_a_cloud_is_told_nowhere(pytester: pytest.Pytester, run_apart: Run) -> None:
    pytester.makepyfile(USES_CLOUD)
    result = run_apart("--os-cloud", "lab", "--showlocals", "--tb=long", "-vv", "--junitxml=junit.xml", "--full-trace")
    written = [file for file in pytester.path.rglob("*") if file.is_file() and file.name != "clouds.yaml"]

    assert len(written) >= 3
    assert CANARY not in result.stdout.str() + result.stderr.str()
    assert [file for file in written if CANARY.encode() in file.read_bytes()] == []


def test_header_tells_the_cloud_and_where_it_was_chosen(
    pytester: pytest.Pytester, run: Run, workers: str, clouds_yaml: Path
) -> None:
    pytester.makepyfile("def test_nothing(): pass")
    result = run("--os-cloud", "lab", workers)

    result.stdout.fnmatch_lines([
        f"cloud: lab (from --os-cloud, in {clouds_yaml}), region north, project demo, at 127.0.0.1",
        "hosts: by ~/.ssh/config (your own)",
        f"run: {pytester.path}/.stackproof/runs/*Z-*",
    ])  # fmt: skip
    assert result.outlines.count(result.outlines[2]) == 1


@pytest.mark.usefixtures("clouds_yaml")
def test_option_beats_variable_beats_ini(pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makepyfile("def test_nothing(): pass")
    pytester.makeini("[pytest]\nwhitebox_cloud = lab\nwhitebox_ssh_config = ini_config\n")
    run().stdout.fnmatch_lines(["cloud: lab (from ini whitebox_cloud,*", "hosts: by ini_config (ini *"])

    monkeypatch.setenv("OS_CLOUD", "lab")
    monkeypatch.setenv("WHITEBOX_SSH_CONFIG", "variable_config")
    run().stdout.fnmatch_lines(["cloud: lab (from $OS_CLOUD,*", "hosts: by variable_config ($WHITEBOX_SSH_CONFIG)"])

    result = run("--os-cloud=lab", "--whitebox-ssh-config=option_config")
    result.stdout.fnmatch_lines(["cloud: lab (from --os-cloud,*", "hosts: by option_config (--whitebox-ssh-config)"])


def test_ssh_config_beside_clouds_yaml_is_taken(pytester: pytest.Pytester, run: Run, clouds_yaml: Path) -> None:
    pytester.makepyfile("def test_nothing(): pass")
    beside = clouds_yaml.parent / "ssh_config"
    beside.write_text("")

    run("--os-cloud", "lab").stdout.fnmatch_lines(f"hosts: by {beside} (beside clouds.yaml)")


def test_variables_without_a_name_are_a_cloud(
    pytester: pytest.Pytester, run_apart: Run, monkeypatch: pytest.MonkeyPatch, dead_port: int
) -> None:
    pytester.makepyfile(USES_CLOUD)
    monkeypatch.setenv("OS_AUTH_URL", f"http://127.0.0.1:{dead_port}/v3")
    monkeypatch.setenv("OS_USERNAME", "u")
    monkeypatch.setenv("OS_PASSWORD", CANARY)
    result = run_apart()

    result.assert_outcomes(passed=1, errors=1, skipped=3)
    result.stdout.fnmatch_lines(
        ["cloud: envvars (from OS_AUTH_URL), at 127.0.0.1", "*see that `openstack token issue`*"]
    )
