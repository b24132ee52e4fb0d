"""The inventory that a user names, as the user sees it."""

from __future__ import annotations

import pytest

from .conftest import Run

TEST = "def test_needs_no_cloud(): pass"
NODES = "compute1: {services: {nova-compute: {config_path: /etc/nova/nova-cpu.conf}}, cpu_shared_set: 0-1}"


@pytest.mark.usefixtures("clouds_yaml")
def test_the_header_tells_the_inventory_and_what_is_not_needed_any_more(
    pytester: pytest.Pytester, run: Run, workers: str
) -> None:
    pytester.makepyfile(TEST)
    (pytester.path / "nodes.yaml").write_text(NODES)
    result = run("--os-cloud", "lab", "--whitebox-inventory", "nodes.yaml", workers)

    result.assert_outcomes(passed=1)
    said = "inventory: *nodes.yaml, 1 host; not needed any more, for it is discovered now: cpu_shared_set"
    result.stdout.fnmatch_lines(said)


@pytest.mark.usefixtures("clouds_yaml")
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("hosts: {a: {adress: 10.0.0.1}}", "*lab.yaml, hosts, a: 'adress' means nothing here; choose from address,*"),
        ("words", "*lab.yaml is no inventory of a known format (*); see the page on inventories*"),
        (None, "there is no inventory '*lab.yaml'; give the path of an existing file"),
    ],
)
def test_a_wrong_inventory_is_one_sentence(
    pytester: pytest.Pytester, run: Run, workers: str, text: str | None, sentence: str
) -> None:
    pytester.makepyfile(TEST)
    if text is not None:
        (pytester.path / "lab.yaml").write_text(text)
    result = run("--os-cloud", "lab", "--whitebox-inventory", "lab.yaml", workers)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(f"ERROR: {sentence}")
    assert [line for line in result.errlines if line][1:] == []


def test_a_stale_variable_harms_nobody_who_needs_no_cloud(
    pytester: pytest.Pytester, run: Run, workers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(TEST)
    monkeypatch.setenv("WHITEBOX_INVENTORY", "gone.yaml")

    run(workers).assert_outcomes(passed=1)
