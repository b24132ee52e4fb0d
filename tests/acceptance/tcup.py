"""tcup where the tests of every change do not come: other engines, other Pythons, servers that hang, a real cloud.

Run as root with a devcloud that is up: ``python -m tests.acceptance.tcup [PART …]``; without one leave out the part
`cloud`. Each part has a page of its own. What this machine has not, such as an old Python, is told and left out.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import yaml

from pytest_whitebox.core.command import Result, run
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.wait import wait_for
from tests.acceptance.record import Record, Step
from tests.cloud.devcloud import Devcloud
from tests.doubles import openstack, proxy, refstack
from tests.doubles.serving import nobody
from tests.wire import real_refstack
from tests.wire.tcup.cloud import PASSED, PASSWORD, SELECTION, small, variables
from tests.wire.tcup.engine import BASE, NOBODY, Engine, started

ROOT = Path(__file__).parents[2]
TCUP = ROOT / "tcup" / "tcup.py"
_UV = str(Path(sys.executable).with_name("uv"))
_PATIENCE = 900
_OUTER = ("PATH", "HOME", "LANG", "SSL_CERT_FILE", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
_PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14")


def main() -> int:
    """Go through the parts and write the page."""
    parts: dict[str, tuple[str, Callable[[Trial], None]]] = {
        "cloud": ("a real cloud, and a real server of results", _cloud),
        "engines": ("other engines", _engines),
        "starts": ("however it is started", _starts),
        "ends": ("however it ends", _ends),
        "ways": ("proxies and authorities", _ways),
    }
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(parts)} (default all)")
    wanted = parser.parse_args().parts or list(parts)
    if unknown := set(wanted) - set(parts):
        parser.error(f"no part is called {', '.join(sorted(unknown))}")
    failed = 0
    with tempfile.TemporaryDirectory(prefix="accept-tcup-", dir="/var/tmp") as folder, started() as engine:
        Path(folder).chmod(0o755)
        for name in wanted:
            title, part = parts[name]
            trial = Trial(Record(f"tcup-{name}", f"tcup: {title}"), engine, Path(folder))
            failed += trial.record.carry_out(partial(trial.through, part))
    return min(failed, 1)


@dataclass
class Trial:
    """What is tried on one engine; a step that fails does not keep the others from being tried."""

    record: Record
    engine: Engine
    folder: Path
    failed: list[str] = field(default_factory=list)

    def through(self, part: Callable[[Trial], None]) -> None:
        """Try a part; raises `StackproofError` if a step of it failed."""
        part(self)
        if self.failed:
            raise StackproofError(f"{len(self.failed)} steps failed: {'; '.join(self.failed)}", hint="see the page")

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """A step of the record."""
        try:
            with self.record.step(name) as step:
                yield step
        except StackproofError:
            self.failed.append(name)

    def room(self) -> Path:
        """A folder that is nobody else's."""
        return Path(tempfile.mkdtemp(dir=self.folder))

    @contextmanager
    def cloud(self) -> Iterator[dict[str, str]]:
        """The variables of a small cloud, and of this engine."""
        with openstack.serve(small()) as url:
            yield {**self.env(), **variables(url)}

    def env(self) -> dict[str, str]:
        """What tcup needs to find the engine and the index."""
        outer = {name: os.environ[name] for name in _OUTER if name in os.environ}
        return {**outer, "DOCKER_HOST": self.engine.address, "XDG_STATE_HOME": str(self.folder / "state")}

    def kept(self) -> Path:
        """Results of an earlier run."""
        file = self.room() / "refstack.json"
        file.write_text(json.dumps({"cpid": "c0ffee", "duration_seconds": 7, "results": [{"name": "a.B.test_c"}]}))
        return file

    def nothing_left(self, engine: Engine | None = None) -> None:
        """No container and no volume."""
        client = (engine or self.engine).client
        wait_for(lambda: not client.containers(all=True), timeout=60, what="no container", hint="see the engine's log")
        _see(not client.volumes()["Volumes"], "a volume is left")


def _see(condition: object, otherwise: str) -> None:
    if not condition:
        raise StackproofError(otherwise, hint="run it by hand")


def _said(result: Result, code: int, *words: str) -> str:
    """The last line that has the last of these words, if the exit status is right and all of them are there."""
    lines = result.stderr.strip().splitlines()
    _see(result.rc == code, f"it ended with {result.rc}, not {code}: {' | '.join(lines[-3:])}")
    for word in words:
        _see(word in result.stderr, f"it does not say {word!r}: {' | '.join(lines[-3:])}")
    _see("Traceback" not in result.stderr, "it shows a traceback")
    (*_, last) = ["", *(line for line in lines if not words or words[-1] in line)]
    return last.removeprefix("tcup: ")


def _tcup(*words: str, env: Mapping[str, str], cwd: Path, start: Sequence[str] = (sys.executable, str(TCUP))) -> Result:
    command = [*start, *words]
    own = command.index("--") if "--" in command else len(command)
    command[own:own] = ["--base", BASE]
    return run(command, env=env, cwd=str(cwd), timeout=_PATIENCE, check=False)


def _outcomes(room: Path) -> dict[str, str]:
    (results,) = (room / "tcup-results").iterdir()
    told = [json.loads(line) for line in (results / "results.jsonl").read_text().splitlines()]
    return {one["test"]: one["outcome"] for one in told}


# --- how it is started ----------------------------------------------------------------------------------------------


def _starts(trial: Trial) -> None:
    """The same results of the same cloud, however it is started."""
    with trial.cloud() as env:
        room, known = trial.room(), {}
        with trial.step("python tcup.py, of a checkout") as step:
            step.said = _said(
                _tcup("--no-upload", "--", SELECTION, env=env, cwd=room), 1, "7 tests: 5 failed, 2 passed"
            )
            known = _outcomes(room)
        for name, start, more in _commands(trial):
            with trial.step(name) as step:
                room = trial.room()
                done = _tcup("--no-upload", "--", SELECTION, env={**env, **more}, cwd=room, start=start)
                step.said = _said(done, 1, "7 tests: 5 failed, 2 passed")
                _see(known and _outcomes(room) == known, "it has other results")
        trial.nothing_left()


def _commands(trial: Trial) -> Iterator[tuple[str, list[str], dict[str, str]]]:
    bin = str(Path(_UV).parent)
    yield "uv run tcup.py", [_UV, "run", "--quiet", "--script", str(TCUP)], {}
    yield "tcup, installed", [str(Path(sys.executable).with_name("tcup"))], {}
    bare = trial.folder / "bare"
    run([sys.executable, "-m", "venv", "--without-pip", str(bare)])
    yield (
        "a Python without the SDK, with uv",
        [f"{bare}/bin/python", str(TCUP)],
        {"PATH": f"{bin}:{os.environ['PATH']}"},
    )
    yield "a Python without the SDK, without uv", [f"{bare}/bin/python", str(TCUP)], {"PATH": "/usr/bin:/bin"}
    for version in _PYTHONS:
        found = _python(version)
        with trial.step(f"a Python {version} is on this machine") as step:
            step.said = str(bool(found))
        if found:
            python = trial.folder / f"python{version}"
            run([found, "-m", "venv", "--without-pip", str(python)])
            path = f"{bin}:{os.environ['PATH']}"
            yield f"Python {version}", [f"{python}/bin/python", str(TCUP)], {"PATH": path, "UV_PYTHON": found}


def _python(version: str) -> str:
    """Where one is, empty if none is."""
    places = (Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python")
    return next(map(str, places), "") or shutil.which(f"python{version}") or ""


# --- how it ends ----------------------------------------------------------------------------------------------------


def _ends(trial: Trial) -> None:
    """Servers and engines that are away, hang, or end; none of them costs the results, and nothing stays."""
    with trial.step("a server of results that is away") as step, nobody() as port:
        file = trial.kept()
        words = ("upload", str(file), "--api", f"http://127.0.0.1:{port}")
        step.said = _said(_tcup(*words, env=trial.env(), cwd=file.parent), 3, "cannot be reached", "are kept")
        trial.nothing_left()
    for name, first in (("hangs", ()), ("answers 500 every time", (500,) * 5)):
        with trial.step(f"a server of results that {name}") as step, refstack.serve() as server:
            server.first = list(first)
            if not first:
                server.free.clear()
            file = trial.kept()
            done = _tcup("upload", str(file), "--api", server.url, env=trial.env(), cwd=file.parent)
            step.said = f"{_said(done, 3, 'are kept')}; {len(server.seen)} tries"
            trial.nothing_left()
    with trial.step("Ctrl-C while the image is built") as step:
        step.said = _interrupted_build(trial)
    with trial.step("two at once") as step:
        step.said = _two(trial)
    with trial.step("the engine is killed midway") as step:
        step.said = _engine_killed(trial)
    with trial.step("the engine's disk is full") as step:
        step.said = _engine_full(trial)


def _start(trial: Trial, env: Mapping[str, str], *words: str, file: Path = TCUP) -> tuple[subprocess.Popen[str], Path]:
    room = trial.room()
    command = [sys.executable, str(file), "--base", BASE, *words]
    with (room / "said").open("w") as out:
        return subprocess.Popen(
            command, cwd=room, env=dict(env), stdin=subprocess.DEVNULL, stdout=out, stderr=out, text=True
        ), room


def _until(process: subprocess.Popen[str], room: Path, words: str) -> None:
    said = room / "said"
    wait_for(lambda: words in said.read_text() or process.poll() is not None, timeout=_PATIENCE, what=words)
    _see(words in said.read_text(), f"it has not said {words!r} but: {said.read_text()[-300:]}")


def _interrupted_build(trial: Trial) -> str:
    """Of a release that is not to be had, so that no image of it is there."""
    alone = trial.room() / "tcup.py"
    shutil.copy(TCUP, alone)
    with trial.cloud() as env:
        process, room = _start(trial, env, "--no-upload", "--", SELECTION, file=alone)
        _until(process, room, "Step 4")
        process.send_signal(signal.SIGINT)
        code = process.wait(60)
    last = (room / "said").read_text().strip().splitlines()[-1]
    _see(code == 130, f"it ended with {code}: {last}")
    trial.nothing_left()
    return last


def _two(trial: Trial) -> str:
    with trial.cloud() as one, trial.cloud() as other:
        both = [_start(trial, env, "--no-upload", "--", SELECTION) for env in (one, other)]
        codes = [process.wait(_PATIENCE) for process, _ in both]
    _see(codes == [1, 1], f"they ended with {codes}")
    results = [_outcomes(room) for _, room in both]
    _see(len(results[0]) == 7 and results[0] == results[1], "their results differ")
    trial.nothing_left()
    return "7 tests each"


def _engine_killed(trial: Trial) -> str:
    """kill -9 of dockerd: its container hears nobody any more, and the next start of either finds nothing."""
    cloud = small()
    cloud.delay = 1.0
    with openstack.serve(cloud) as url:
        env = {**trial.env(), **variables(url)}
        process, room = _start(trial, env, "--no-upload", "--", SELECTION)
        _until(process, room, "tcup: failed: ")
        trial.engine.kill()
        try:
            code = process.wait(180)
        finally:
            trial.engine.start()
        last = (room / "said").read_text().strip().splitlines()[-1]
        _see(code == 3, f"it ended with {code}: {last}")
        (results,) = (room / "tcup-results").iterdir()
        _see((results / "results.jsonl").stat().st_size, "no result was kept")
        done = _tcup("--no-upload", "--", SELECTION, env=env, cwd=trial.room())
        _said(done, 1, "7 tests")
    trial.nothing_left()
    return last.removeprefix("tcup: ")


def _engine_full(trial: Trial) -> str:
    """An engine whose folder has room for the base, and not for what is built on it."""
    small_disk = trial.room()
    run(["mount", "-t", "tmpfs", "-o", "size=300m", "tmpfs", str(small_disk)])
    try:
        engine = Engine(small_disk)
        engine.start()
        try:
            engine.client.import_image_from_file(str(trial.engine.folder / "base.tar"), *BASE.split(":"))
            with trial.cloud() as env:
                env["DOCKER_HOST"] = engine.address
                done = _tcup("--no-upload", "--", SELECTION, env=env, cwd=trial.room())
            said = _said(done, 3, "`tcup clean`, or free its disk")
            trial.nothing_left(engine)
        finally:
            engine.stop()
    finally:
        run(["umount", "--recursive", "--lazy", str(small_disk)])
    return said


# --- proxies and authorities ----------------------------------------------------------------------------------------


def _ways(trial: Trial) -> None:
    """An engine that has no image yet: all that its build gets goes through a proxy."""
    with trial.step("an image is built through a proxy, with the authorities of this host") as step:
        with (
            started("docker", trial.engine.folder / "base.tar") as engine,
            proxy.serve() as between,
            trial.cloud() as env,
        ):
            address = f"http://127.0.0.1:{between.server_port}"
            env |= {
                "DOCKER_HOST": engine.address,
                "HTTPS_PROXY": address,
                "HTTP_PROXY": address,
                "NO_PROXY": "127.0.0.1",
            }
            room = trial.room()
            _said(_tcup("--no-upload", "--", SELECTION, env=env, cwd=room), 1, "building the image", "7 tests")
            hosts = {path.partition("://")[2].partition("/")[0] or path for path, _ in between.seen}
            _see(between.seen, "nothing went through the proxy")
            _see(
                not any("127.0.0.1" in host for host in hosts),
                "the cloud, which NO_PROXY names, was asked by the proxy",
            )
            trial.nothing_left(engine)
        step.said = f"{len(between.seen)} requests of {len(hosts)} hosts went through it, none of the cloud's"


# --- engines --------------------------------------------------------------------------------------------------------


def _engines(trial: Trial) -> None:
    """The same run on each engine: results, no secret in what the engine has written down, nothing left."""
    for kind in ("podman", "podman-rootless"):
        with trial.step(f"{kind}: image, run, upload") as step, ExitStack() as stack:
            engine = stack.enter_context(started(kind, trial.engine.folder / "base.tar"))
            server = stack.enter_context(refstack.serve())
            env = stack.enter_context(trial.cloud())
            room, start, more = trial.room(), [sys.executable, str(TCUP)], {"DOCKER_HOST": engine.address}
            if kind.endswith("rootless"):
                start, more = _as_nobody(engine, room)
            began = _tcup("--api", server.url, "--", SELECTION, env={**env, **more}, cwd=room, start=start)
            _said(began, 1, "building the image", "7 tests: 5 failed, 2 passed", "results uploaded")
            ((_, body, _),) = server.seen
            _see({one["name"] for one in json.loads(body)["results"]} == PASSED, "something else was uploaded")
            written = {path: path.read_bytes() for path in engine.written_down()}
            found = [str(path) for path, data in written.items() if PASSWORD.encode() in data]
            _see(written and not found, f"the password is in {found}")
            trial.nothing_left(engine)
            version = engine.client.version()
            step.said = (
                f"{version['Version']}, API {version['ApiVersion']}; {len(written)} files searched for the password"
            )


def _as_nobody(engine: Engine, room: Path) -> tuple[list[str], dict[str, str]]:
    """How a user starts it who is not root; he finds the engine by himself, and makes himself an environment."""
    os.chown(room, NOBODY, NOBODY)
    home = str(engine.folder / "home")
    more = {**engine.environment(), "PATH": "/usr/bin:/bin", "XDG_STATE_HOME": f"{home}/state", "DOCKER_HOST": ""}
    me = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    return ["setpriv", *me, "/usr/bin/python3", str(_copy_for_all(room))], more


def _copy_for_all(room: Path) -> Path:
    """The checkout's code where everybody may read it."""
    top = room / "checkout"
    names = run(["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (top / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, top / name)
    return top / "tcup" / "tcup.py"


# --- a real cloud, and a real server of results ---------------------------------------------------------------------


def _cloud(trial: Trial) -> None:
    """Four variables of a devcloud, and Refstack's own server."""
    clouds_yaml = Devcloud.from_environment().state / "clouds.yaml"
    auth = yaml.safe_load(clouds_yaml.read_text())["clouds"]["devcloud"]["auth"]
    four = {
        "OS_AUTH_URL": auth["auth_url"], "OS_USERNAME": auth["username"], "OS_PASSWORD": auth["password"],
        "OS_TENANT_NAME": auth["project_name"],
    }  # fmt: skip
    env = {**trial.env(), **four}
    with (
        trial.step("devcloud: tests of identity, uploaded to Refstack 2.1.0") as step,
        real_refstack.serving(trial.room()) as server,
    ):
        done = _tcup("--api", server.url, "--", "--tempest=tempest.api.identity.v3", env=env, cwd=trial.room())
        _said(done, 0, "results uploaded")
        (id,) = re.findall(r"^tcup: results uploaded: \S+/([\w-]+)$", done.stderr, re.MULTILINE)
        passed = server.results(id)["results"]
        _see(passed, "the server has no result")
        step.said = f"{len(passed)} results are there for all to see"
        _see(auth["password"] not in done.stderr + json.dumps(server.results(id)), "the password is told")
        trial.nothing_left()
    with trial.step("devcloud: the suites of stackproof beside the guideline") as step:
        room = trial.room()
        chosen = ["-k", "test_token or test_flavor_metadata"]
        done = _tcup("--suites", "--no-upload", "--", "--tempest=test_tokens", *chosen, env=env, cwd=room)
        _said(done, 0, "tests: ")
        told = _outcomes(room)
        (looking,) = {end for test, end in told.items() if "test_flavor_metadata" in test}
        ours = [end for test, end in told.items() if "identity/test_token.py" in test]
        _see(any("tempest/" in test for test in told) and ours, f"it ran only {', '.join(told)}")
        step.said = (
            f"{len(told)} tests, {len(ours)} of the suites' own: {', '.join(ours)}; those that look at hosts {looking}"
        )
        trial.nothing_left()
    with trial.step("devcloud: a clouds.yaml and OS_CLOUD") as step:
        env = {**trial.env(), "OS_CLOUD": "devcloud", "OS_CLIENT_CONFIG_FILE": str(clouds_yaml)}
        done = _tcup("--no-upload", "--", "--tempest=test_tokens", env=env, cwd=trial.room())
        step.said = _said(done, 0, "tests: ")
        trial.nothing_left()


if __name__ == "__main__":
    sys.exit(main())
