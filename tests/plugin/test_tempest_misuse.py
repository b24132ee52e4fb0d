"""What is said, in one sentence, where Tempest's tests cannot be had."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.doubles.openstack import Openstack, environment, serve

from . import tempest_package
from .conftest import Run


@pytest.fixture
def site(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the sample plugin is installed."""
    folder = pytester.mkdir("site")
    tempest_package.write(folder)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return folder


def _told(result: pytest.RunResult, sentence: str) -> None:
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(f"ERROR: {sentence}")
    assert [line for line in result.errlines if line][1:] == []


def test_no_tempest_conf_and_no_cloud_is_told_once(run: Run, workers: str) -> None:
    sentence = "there is no tempest.conf for the tests of Tempest; pass --tempest-config FILE, or choose a cloud *"
    _told(run("--tempest", workers), sentence)


@pytest.mark.usefixtures("clouds_yaml")
def test_a_cloud_that_does_not_answer_is_told_once(run_apart: Run, workers: str) -> None:
    result = run_apart("--tempest", "--os-cloud", "lab", workers)

    _told(result, "cloud 'lab' at http://127.0.0.1:*/* cannot be used: Connection refused; see that *")


def test_wrong_credentials_are_told_once(run_apart: Run, monkeypatch: pytest.MonkeyPatch, workers: str) -> None:
    cloud = Openstack(fail=lambda _, __, path: 401 if path == "auth/tokens" else 0)
    with serve(cloud) as url:
        for name, text in environment(url).items():
            monkeypatch.setenv(name, text)
        result = run_apart("--tempest", workers)

    _told(result, "cloud 'envvars' at http://127.0.0.1:*/* cannot be used: *401*; *")


def test_expressions_and_files_that_are_none(run: Run, workers: str) -> None:
    _told(run("--tempest=test_(", workers), "--tempest has 'test_[(]', which is no expression: *")
    _told(run("--tempest-load-list=gone", workers), "--tempest-load-list names gone, which cannot be read: *")
    _told(run("--tempest", "--tempest-config=gone", workers), "*gone is no file (from --tempest-config); correct *")


def test_a_path_is_no_expression(pytester: pytest.Pytester, run: Run) -> None:
    pytester.mkdir("suite")
    sentence = "--tempest suite names a path where an expression belongs; write `--tempest=REGEX suite`, or *"

    _told(run("--tempest", "suite"), sentence)


def test_tempest_that_is_not_installed(pytester: pytest.Pytester, run_apart: Run, workers: str) -> None:
    pytester.makeconftest("""
        import importlib.metadata

        def nothing(name):
            raise importlib.metadata.PackageNotFoundError(name)

        importlib.metadata.version = nothing
    """)
    sentence = "--tempest needs Tempest, which is not installed here; pip install 'stackproof[[]tempest[]]'"

    _told(run_apart("--tempest", "--co", workers), sentence)


def test_a_module_that_cannot_be_imported_is_told_and_the_others_are_there(site: Path, run_apart: Run) -> None:
    (site / "sample_tempest_plugin" / "tests" / "test_broken.py").write_text("import nothing_of_that_name\n")
    result = run_apart("--tempest=sample", "--co", "-q")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*::Outcomes::test_passes", "*ERROR collecting sample*test_broken*"])
    result.stdout.fnmatch_lines("*No module named 'nothing_of_that_name'*")


@pytest.mark.parametrize("module", ["sample_tempest_plugin/plugin.py", "oslo_log.py"], ids=["plugin", "library"])
def test_a_plugin_or_a_library_that_does_not_fit_is_one_sentence(
    site: Path, run_apart: Run, workers: str, module: str
) -> None:
    (site / module).write_text("raise ImportError('it wants another Python')\n")
    (site / "etc").mkdir()
    (site / "etc" / "tempest.conf").touch()
    result = run_apart("--tempest=sample", f"--tempest-config={site / 'etc' / 'tempest.conf'}", workers)

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        "Tempest or one of its plugins cannot be loaded: ImportError: it wants another Python; *"
    )
    result.stdout.no_fnmatch_line("*Traceback*")


def test_too_few_accounts_are_told_before_the_run(site: Path, run_apart: Run, pytester: pytest.Pytester) -> None:
    asking = "from tempest import test\n\n\nclass Asking(test.BaseTestCase):\n    credentials = ['primary', 'alt']\n"
    (site / "sample_tempest_plugin" / "tests" / "test_asking.py").write_text(asking + "\n    def test_a(self): pass\n")
    accounts = pytester.path / "accounts.yaml"
    entry = "{username: u%d, password: p, project_name: p%d, roles: [member]}\n"
    accounts.write_text("".join(f"- {entry % (number, number)}" for number in range(3)))
    conf = pytester.path / "tempest.conf"
    conf.write_text(f"[auth]\nuse_dynamic_credentials = false\ntest_accounts_file = {accounts}\n")
    words = ["--tempest=test_asking", f"--tempest-config={conf}"]

    sentence = f"{accounts} has 3 accounts of a project with the role member where 2 workers need 4; add accounts, *"
    _told(run_apart(*words, "-n2"), sentence)
    assert run_apart(*words, "-n0").ret == pytest.ExitCode.TESTS_FAILED


@pytest.mark.usefixtures("site")
def test_without_a_cache_there_is_no_index(run_apart: Run) -> None:
    result = run_apart("--tempest=sample.*Outcomes.test_passes", "--co", "-q", "-p", "no:cacheprovider")

    assert result.ret == 0
    result.stdout.fnmatch_lines("*::Outcomes::test_passes")


def test_names_of_a_list_that_no_test_has_are_told(site: Path, run_apart: Run, pytester: pytest.Pytester) -> None:
    pytester.makefile(
        "", load="sample_tempest_plugin.tests.test_outcomes.Outcomes.test_passes[id-x]\na.B.test_gone[id-y]\n"
    )
    result = run_apart("--tempest-load-list=load", "--co", "-q")

    result.stdout.fnmatch_lines(
        ["*::Outcomes::test_passes", "*PytestWarning: 1 of load are no tests here: a.B.test_gone"]
    )
