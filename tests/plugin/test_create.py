"""What a test makes is undone, whatever becomes of the test and of the answers."""

from __future__ import annotations

import re

import pytest

from pytest_whitebox.core.rundirectory import RunDirectory

from .cloud_on_loopback import Cloud
from .conftest import Run


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


def test_what_a_module_makes_is_there_for_all_its_tests_and_then_gone(
    pytester: pytest.Pytester, run_apart: Run, cloud_on_loopback: Cloud
) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture(scope="module")
        def flavor(module_create):
            return module_create.flavor()

        def known(cloud):
            return {flavor.name for flavor in cloud.connection.compute.flavors()}

        def test_first(cloud, flavor, create):
            mine = create.flavor()
            assert known(cloud) == {flavor.name, mine.name}

        def test_second(cloud, flavor, session_create):
            everybodys = session_create.flavor()
            assert known(cloud) == {flavor.name, everybodys.name}
            assert "-module-what_a_module" in flavor.name
        """
    )
    run_apart("--os-cloud", "lab").assert_outcomes(passed=2)

    assert cloud_on_loopback.flavors == {}


def test_each_test_has_one_request_id_for_all_that_it_asks(
    pytester: pytest.Pytester, run_apart: Run, workers: str, cloud_on_loopback: Cloud
) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("n", range(3))
        def test_asks(create, cloud, n):
            create.flavor()
            assert list(cloud.connection.compute.flavors())
            assert [(one.method, one.status, one.id) for one in cloud.trace.requests if one.changes] == [
                ("POST", 200, "req-of-the-service")
            ]
        """
    )
    run_apart("--os-cloud", "lab", workers).assert_outcomes(passed=3)

    assert len(cloud_on_loopback.ids) == 3
    assert all(re.fullmatch(r"req-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", id) for id in cloud_on_loopback.ids)


def test_the_session_began_at_the_same_time_for_all_its_processes(
    pytester: pytest.Pytester, run_apart: Run, workers: str, cloud_on_loopback: Cloud
) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("n", range(2))
        def test_asks(cloud, n):
            with open("began", "a") as file:
                print(cloud.began, cloud.as_("lab").began, file=file)
        """
    )
    run_apart("--os-cloud", "lab", workers, "--dist=each").assert_outcomes(passed=4 if workers == "-n2" else 2)

    latest = (pytester.path / ".stackproof/runs/latest").resolve()
    told = str(RunDirectory(latest.parent, latest.name).began)
    assert set((pytester.path / "began").read_text().split()) == {told}


def test_strict_run_fails_where_another_skips(
    pytester: pytest.Pytester, run_apart: Run, workers: str, cloud_on_loopback: Cloud
) -> None:
    pytester.makepyfile("import pytest\n\n@pytest.mark.requires('block-storage')\ndef test_volume(): pass")
    result = run_apart("--os-cloud", "lab", workers, "--whitebox-strict")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines("*needs a block-storage service *--os-cloud (a failure by --whitebox-strict)")


def test_what_the_cloud_lacks_is_told_with_the_next_step(
    pytester: pytest.Pytester, run_apart: Run, workers: str, cloud_on_loopback: Cloud
) -> None:
    pytester.makepyfile("import pytest\n\n@pytest.mark.requires('block-storage')\ndef test_volume(): pass")
    result = run_apart("--os-cloud", "lab", workers, "-rs")

    result.assert_outcomes(skipped=1)
    told = "needs a block-storage service and the catalog has none: deploy it, or choose another cloud with --os-cloud"
    result.stdout.fnmatch_lines(f"SKIPPED*{told}")
