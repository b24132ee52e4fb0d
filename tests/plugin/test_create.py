"""What a test makes is undone, whatever becomes of the test and of the answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .cloud_on_loopback import Cloud, serve
from .conftest import Run


@pytest.fixture
def cloud_on_loopback(pytester: pytest.Pytester) -> Iterator[Cloud]:
    with serve() as cloud:
        auth = f"{{auth_url: '{cloud.url}/v3', username: u, password: p, project_name: demo}}"
        domains = "user_domain_name: Default, project_domain_name: Default}"
        entry = f"  lab:\n    region_name: north\n    auth: {auth[:-1]}, {domains}\n"
        Path(pytester.path / "clouds.yaml").write_text(f"clouds:\n{entry}")
        yield cloud


def test_names_tell_run_and_test_and_nothing_stays(
    pytester: pytest.Pytester, run_apart: Run, workers: str, cloud_on_loopback: Cloud
) -> None:
    pytester.makepyfile(
        """
        import re

        def test_makes(create, cloud, pytestconfig):
            one, two = create.flavor(ram=64), create.flavor()
            known = {flavor.name for flavor in cloud.connection.compute.flavors()}
            assert known == {one.name, two.name}
            assert re.fullmatch("sp-[0-9a-f]{6}(-gw[0-9])?-makes-flavor1", one.name)
            assert two.name.endswith("flavor2")
        """
    )
    run_apart("--os-cloud", "lab", workers).assert_outcomes(passed=1)

    assert cloud_on_loopback.flavors == {}


def test_what_was_made_is_undone_even_if_the_answer_was_lost(
    pytester: pytest.Pytester, run_apart: Run, workers: str, cloud_on_loopback: Cloud
) -> None:
    cloud_on_loopback.lost.add("flavor2")
    pytester.makepyfile(
        """
        def test_makes(create):
            create.flavor()
            create.flavor()
        """
    )
    result = run_apart("--os-cloud", "lab", workers)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([">*create.flavor()", "E *ConnectFailure*"])
    result.stdout.no_fnmatch_line("*keystoneauth1/session.py*")
    assert cloud_on_loopback.flavors == {}


def test_what_the_cloud_lacks_is_told_with_the_next_step(
    pytester: pytest.Pytester, run_apart: Run, workers: str, cloud_on_loopback: Cloud
) -> None:
    pytester.makepyfile("import pytest\n\n@pytest.mark.requires('block-storage')\ndef test_volume(): pass")
    result = run_apart("--os-cloud", "lab", workers, "-rs")

    result.assert_outcomes(skipped=1)
    told = "needs a block-storage service and the catalog has none: deploy it, or choose another cloud with --os-cloud"
    result.stdout.fnmatch_lines(f"SKIPPED*{told}")
