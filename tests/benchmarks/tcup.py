"""What the container costs: its image, its start, a run in it beside the same outside, and the upload of results."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import yaml

from pytest_whitebox.core.command import CommandFailed, Result, run
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.refstack import payload, upload
from tests.benchmarks.figure import Figure
from tests.doubles import openstack
from tests.wire import real_refstack
from tests.wire.tcup.cloud import SELECTION, small, variables
from tests.wire.tcup.engine import BASE, Engine, started

TCUP = Path(__file__).parents[2] / "tcup" / "tcup.py"
#: Tests of APIs that make and remove small things, which take most of their time to wait for the cloud.
TESTS = "--tempest=tempest.api.(identity.v3.test_(tokens|catalog|api_discovery)|compute.(flavors|keypairs))"
_RESULTS = 2_000
_PATIENCE = 900
#: pytest has run its tests to the end with these, whatever became of them.
_OVER = (0, 1)


def figures(state: Path | None, runs: int = 3) -> Iterator[Figure]:
    """A quarter of an hour, with the package index within reach.

    Runs are compared in the cloud of ``state``, which must be up; without one they are not.
    """
    yield _upload(runs)
    with tempfile.TemporaryDirectory(prefix="bench-tcup-", dir="/var/tmp") as folder, started() as engine:
        with openstack.serve(small()) as url:
            trial = _Trial(engine, Path(folder), variables(url), SELECTION)
            trial.inside()  # builds the image, and fills what is cached
            note = f"on {trial.megabytes(BASE):.0f} MB of Debian and Python"
            yield Figure("the image", "MB", (trial.megabytes(trial.image),), 350, note)
            starts = [(trial.to_first_test(), trial.bare_start()) for _ in range(runs)]
            note = "from the command to the first test, over the engine's own start of the image"
            yield Figure("second start", "s", tuple(ours - bare for ours, bare in starts), 10, note)
        if state:
            yield from _beside(engine, Path(folder), state, runs)


def _beside(engine: Engine, folder: Path, state: Path, runs: int) -> Iterator[Figure]:
    """The same tests of a real cloud in the container and outside, in turn."""
    entry = yaml.safe_load((state / "clouds.yaml").read_text())["clouds"]["devcloud"]
    clouds = folder / "clouds.yaml"
    clouds.write_text(yaml.safe_dump({"clouds": {"tcup": entry}}))
    known = {"OS_AUTH_URL": "auth_url", "OS_USERNAME": "username", "OS_PASSWORD": "password"}
    four = {variable: entry["auth"][name] for variable, name in (known | {"OS_TENANT_NAME": "project_name"}).items()}
    trial = _Trial(engine, folder, four, TESTS)
    pairs = [(trial.inside(), trial.outside(clouds)) for _ in range(runs)]
    inside, outside = zip(*pairs, strict=True)
    yield Figure(
        "a run in the container", "s", inside, None, f"{trial.tests} tests of a devcloud's APIs, whole command"
    )
    yield Figure("the same outside", "s", outside, None, "pytest, in turn with the other")
    ratio = tuple(100 * one / other for one, other in pairs)
    yield Figure("in the container, of the time outside", "%", ratio, 110)


def _upload(runs: int) -> Figure:
    """One request to the real server."""
    body = payload(
        "c0ffee", 60, ((f"tempest.api.test_{number}.Test.test_it", str(uuid4())) for number in range(_RESULTS))
    )
    took = []
    with tempfile.TemporaryDirectory(prefix="bench-refstack-") as folder:
        try:
            with real_refstack.serving(Path(folder)) as server:
                for _ in range(runs):
                    began = time.perf_counter()
                    done = upload(server.url, body, {})
                    took.append(time.perf_counter() - began)
                    if len(server.results(done.id)["results"]) != _RESULTS:
                        raise StackproofError("the server has not all results", hint=f"look at {done.url}")
        except real_refstack.NotToBeHad as error:
            raise StackproofError(f"no server of Refstack can be had: {error}", hint="is the index there?") from None
    return Figure(f"{_RESULTS} results uploaded", "s", tuple(took), 5, "in one request, to Refstack 2.1.0 on SQLite")


class _Trial:
    """tcup on an engine, and pytest without one, against the same cloud."""

    def __init__(self, engine: Engine, folder: Path, four: dict[str, str], tests: str) -> None:
        self.engine, self.folder, self.four, self.selection = engine, folder, four, tests
        self.tests = 0

    def inside(self) -> float:
        """Seconds of the whole command."""
        began = time.perf_counter()
        done = self._ended(self._tcup())
        took = time.perf_counter() - began
        self.tests = _tests(done.stderr)
        return took

    def outside(self, clouds: Path) -> float:
        """Seconds of the same tests by this checkout's own pytest; raises `StackproofError` if they were others."""
        words = [
            sys.executable, "-m", "pytest", "-v", "--os-cloud", "tcup", "--junit-xml=junit.xml", "--html=report.html",
            "--self-contained-html", "--interop-guideline=2020.06", "--interop-target=platform", self.selection,
        ]  # fmt: skip
        room = Path(tempfile.mkdtemp(dir=self.folder))
        env = {**_outer(), "HOME": str(room), "OS_CLIENT_CONFIG_FILE": str(clouds), "CI": "true", "COLUMNS": "200"}
        began = time.perf_counter()
        done = self._ended(run(words, env=env, cwd=str(room), timeout=_PATIENCE, check=False))
        took = time.perf_counter() - began
        number = sum(
            int(found) for found in re.findall(r"(\d+) (?:passed|failed|skipped|error)", done.stdout.splitlines()[-1])
        )
        if number != self.tests:
            raise StackproofError(
                f"{number} tests ran outside and {self.tests} inside", hint="see that both are one code"
            )
        return took

    def to_first_test(self) -> float:
        """Seconds until a run says how many tests it has, which is when the first begins; then it is stopped."""
        began = time.perf_counter()
        with self._started() as process:
            for line in process.stderr or ():
                if re.fullmatch(r"tcup: \d+ tests\n", line):
                    return time.perf_counter() - began
        raise StackproofError("tcup has not come to a test", hint="run it by hand")

    def bare_start(self) -> float:
        """Seconds that the engine takes for a container of the image that does nothing."""
        client = self.engine.client
        began = time.perf_counter()
        host = client.create_host_config(network_mode="host", read_only=True)
        made = client.create_container(self.image, ["-c", ""], entrypoint="/bin/sh", host_config=host)["Id"]
        client.start(made)
        client.wait(made)
        took = time.perf_counter() - began
        client.remove_container(made)
        return took

    @property
    def image(self) -> str:
        """The id of the image."""
        found = max(
            self.engine.client.images(filters={"label": "org.stackproof.tcup=image"}), key=lambda one: one["Created"]
        )
        return str(found["Id"])

    def megabytes(self, image: str) -> float:
        """Of an image, with what it is built on."""
        return float(self.engine.client.inspect_image(image)["Size"]) / 1e6

    def _words(self) -> list[str]:
        own = ["--base", BASE, "--no-upload", "--results", str(self.folder / "results")]
        return [sys.executable, str(TCUP), *own, "--", self.selection]

    def _env(self) -> dict[str, str]:
        own = {"DOCKER_HOST": self.engine.address, "XDG_STATE_HOME": str(self.folder / "state")}
        return {**_outer(), **self.four, **own}

    def _tcup(self) -> Result:
        return run(self._words(), env=self._env(), timeout=_PATIENCE, check=False)

    @contextmanager
    def _started(self) -> Iterator[subprocess.Popen[str]]:
        process = subprocess.Popen(
            self._words(), env=self._env(), stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
        )
        with process:
            try:
                yield process
            finally:
                process.terminate()
                process.wait(180)

    def _ended(self, result: Result) -> Result:
        if result.rc not in _OVER:
            raise CommandFailed(result)
        return result


def _outer() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("OS_", "PYTEST_", "DEVCLOUD_"))}


def _tests(said: str) -> int:
    found = re.search(r"^tcup: (\d+) tests: ", said, re.MULTILINE)
    if not found:
        raise StackproofError("tcup has run no test", hint="run it by hand")
    return int(found[1])
