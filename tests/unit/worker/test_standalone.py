"""The stand-alone worker: what is in the file, and that it takes nothing but Python, from anywhere."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from worker import cli
from worker.bootstrap import pinned
from worker.standalone import archive, command, write

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("file") / "worker.pyz"
    write(made)
    return made


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has nothing but its standard library."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, symlinks=True, with_pip=False)
    return folder / "bin" / "python"


@pytest.fixture
def run(file: Path, bare: Path, tmp_path: Path) -> Run:
    """Start it in an empty folder and an empty environment."""
    empty, state = tmp_path / "empty", tmp_path / "state"
    empty.mkdir()

    def run(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [bare, file, *words], cwd=empty, env={"WORKER_STATE": str(state), **variables}, capture_output=True,
            text=True, timeout=60, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr
        assert list(empty.iterdir()) == []
        return done

    return run


def test_nothing_in_it_is_compiled_and_all_of_it_is_known(file: Path) -> None:
    with zipfile.ZipFile(file) as made:
        names = made.namelist()
    top = {"/".join(name.split("/")[: 1 + name.startswith("borrowed/")]).partition("-")[0] for name in names}
    borrowed = {f"borrowed/{name}" for name in ("gear", "six.py", "six", "oslo_config", "oslo.config")}
    assert top - borrowed == {"__main__.py", "worker", "pytest_whitebox", "pytest_cleanup", "tcup", "stackproof"}
    assert {Path(name).suffix for name in names} == {".py", ".json", ".typed", ".txt", ""}
    assert {name.rpartition("/")[2] for name in names if not Path(name).suffix} == {"METADATA", "LICENSE"}
    assert sum(name.endswith("LICENSE") for name in names) == 3


def test_same_sources_give_the_same_file(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    again = tmp_path / "again.pyz"
    assert cli.main(["pyz", str(again)]) == 0
    assert (again.read_bytes() == file.read_bytes(), os.access(again, os.X_OK)) == (True, True)
    assert capsys.readouterr().out.startswith(f"{again}, ")
    assert [one.name for one in tmp_path.iterdir()] == ["again.pyz"]


def test_place_that_cannot_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["pyz", str(tmp_path / "nowhere" / "worker.pyz")]) == 3
    assert "worker.pyz cannot be written: No such file or directory; name another place" in capsys.readouterr().err


def test_its_help_says_how_it_is_started(run: Run) -> None:
    done = run("--help")
    assert (done.returncode, "python worker.pyz run --clouds clouds" in done.stdout) == (0, True)


def test_its_doctor_says_what_the_host_lacks(run: Run) -> None:
    done = run("doctor", PATH="")
    said = {line[5:].split(": ", 1)[0]: line for line in done.stdout.splitlines()}
    assert (done.returncode, list(said)) == (1, ["uv", "python", "compiler", "cache", "clouds", "gearman", "monitor"])
    assert said["uv"].startswith("NOT  uv: there is no uv, which makes the environments of jobs; `prepare` gets it")
    assert said["compiler"].startswith("NOT  compiler: there is no C compiler, which Tempest before 42 takes; install")
    assert said["cache"].startswith("ok   cache: ")
    assert "no cloud; write NAME/tempest.conf or NAME/clouds.yaml there" in said["clouds"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["serve"], "the monitor needs fastapi, which is not here; pip install 'stackproof[worker]'"),
        (["pyz", "again.pyz"], "this worker stands alone already; copy "),
        (["run"], "no Gearman server is named; set GEARMAN_SERVER"),
        (["prepare", "--tempest", "1.0.0"], "1.0.0 is no release of Tempest"),
        (["status"], "there is no token; name its file"),
    ],
)
def test_what_it_cannot_do_is_said_in_a_sentence(run: Run, words: list[str], said: str) -> None:
    done = run(*words)
    assert (done.returncode, said in done.stderr, done.stderr.count("\n")) == (3, True, 1)


def test_older_python_is_told_apart(file: Path, bare: Path) -> None:
    code = f"import runpy, sys; sys.version_info = (3, 10); runpy.run_path({str(file)!r}, run_name='__main__')"
    done = subprocess.run([bare, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("worker: this takes Python 3.11 or newer")


def test_checkout_is_no_stand_alone_worker() -> None:
    assert (archive(), pinned(), command("worker.running")) == (None, "", [sys.executable, "-m", "worker.running"])


def test_uv_that_cannot_be_had_is_told_and_leaves_nothing(run: Run, tmp_path: Path) -> None:
    done = run("prepare", "--tempest", "47.0.0", PATH="", PIP_NO_INDEX="1")
    assert done.returncode == 3
    sentence = done.stderr.splitlines()[-1]
    assert "uv, which makes the environments of jobs, cannot be had: ERROR: No matching distribution" in sentence
    assert sentence.endswith("install uv, or Python's venv, and see the way to the package index")
    assert [one.name for one in (tmp_path / "state" / "cache" / "tools").iterdir() if one.is_dir()] == []
