"""Whole upgrades under test, cold, rolling and over a release; then upgrades that go wrong, each found and named.

Run as root: ``python -m tests.acceptance.upgrades [PART …]``, all parts by default. It makes a cloud of its own in
DEVCLOUD_STATE, which has to be another than one that is to be kept, saves it, and begins each part from there.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from devcloud.measure.request import requests
from pytest_upgrade.verdicts.samples import Samples
from pytest_whitebox.core.command import Result, run
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.wait import wait_for
from tests.acceptance.record import Record
from tests.acceptance.witness import compared, shares
from tests.cloud.devcloud import Devcloud

_SAVE = "before-upgrades"
_PASS, _FAIL = 0, 1
_HOURS = 3 * 3600
_PARTS = ("cold", "rolling", "skip", "failures", "tampered", "killed")
_QUICK = ("-m", "rolling", "tests/suites/upgrade")
_TAGS = "rolling or zero_downtime"
_THINGS = ("-m", "rolling", *(f"tests/suites/{name}" for name in ("compute", "block_storage", "image", "network")))
#: What an upgrade may do to its users' things, and by what each is known afterwards.
_TAMPERING = f"{sys.executable} -m tests.acceptance.tampering"
_TAMPERED = {
    "the image is gone": r"FAILED .*::test_image_is_what_it_was",
    "the network has another MTU": r"mtu was \d+ and is 1300",
    "the data of the volume are others": r"its data are others",
    "the server was rebooted": r"FAILED .*::test_server_is_not_rebooted",
}
#: What is said of a service that was stopped for its upgrade; others stop with Keystone, which they ask about tokens.
_STOPPED = ("identity zero_downtime: FAIL: .* during .*keystone/", "compute zero_downtime: FAIL: .* during .*/")

#: What is said of a run whose end was well.
_CLOSED = "all that it kept was found well and is removed; the run is closed"


def main() -> int:
    """Do what was asked for and write the page, one of its own for some of the parts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(_PARTS)}")
    parts = parser.parse_args().parts or list(_PARTS)
    if unknown := set(parts) - set(_PARTS):
        parser.error(f"no part is called {', '.join(sorted(unknown))}")
    devcloud = Devcloud.from_environment()
    name = "-".join(["upgrades", *(parts if len(parts) < len(_PARTS) else ())])
    record = Record(name, "whole upgrades under test, and some that go wrong")
    folder = Path(tempfile.mkdtemp(prefix="stackproof-upgrades-"))
    code = record.carry_out(lambda: _Acceptance(record, devcloud, folder).carry_out(parts))
    if not code:
        shutil.rmtree(folder)
    return code


class _Acceptance:
    def __init__(self, record: Record, devcloud: Devcloud, folder: Path) -> None:
        self._record, self._devcloud, self._folder = record, devcloud, folder
        self._environment = {
            **os.environ, "DEVCLOUD_STATE": str(devcloud.state), "OS_CLOUD": "devcloud",
            "OS_CLIENT_CONFIG_FILE": str(devcloud.state / "clouds.yaml"),
        }  # fmt: skip

    def carry_out(self, parts: Sequence[str]) -> None:
        with self._record.step("2025.1 with two instances of each API, saved"):
            self._devcloud("up", "--release", "2025.1", "--workers", "2", timeout=3600)
            if _SAVE not in self._devcloud("saved").stdout:
                self._devcloud("save", _SAVE, timeout=1800)
        work = {
            "cold": lambda: self._whole("cold", "2025.2", _FAIL, "so it was not seen to roll", *_STOPPED),
            "rolling": lambda: self._whole("rolling", "2025.2", _PASS, _CLOSED),
            "skip": self._over_a_release,
            "failures": self._deployers_that_fail,
            "tampered": self._tampered,
            "killed": self._killed,
        }
        for part in parts:
            self._devcloud("load", _SAVE, timeout=3600)
            work[part]()

    def _over_a_release(self) -> None:
        self._whole("rolling", "2026.1", _PASS, _CLOSED)
        self._left_behind("2026.1")
        self._replaced_beneath()

    def _whole(self, manner: str, release: str, code: int, *told: str) -> None:
        with self._record.step(f"{manner}, 2025.1 to {release}, with all persistent things") as step:
            said = self._upgrade("devcloud", f"manner: {manner}\n", release, ["-m", _TAGS, "tests/suites"])
            _refuse_other(said, code)
            for words in told:
                _line(said.stdout, words)
            self._is_well(release)
            ended = "pytest-upgrade: during ended"
            step.said = next(line for line in said.stdout.splitlines() if line.startswith(ended))
        with self._record.step(f"{manner} to {release}: each outage is the one that HAProxy wrote down") as step:
            step.said = self._witnessed(manner)

    def _witnessed(self, manner: str) -> str:
        """What was compared; raises `StackproofError` if an outage is another one, or if a cold upgrade had none."""
        folder = max(self._runs.glob("*/"), key=lambda one: one.stat().st_mtime)
        log = self._devcloud.state / "hosts/controller/upper/var/log/haproxy/haproxy.log"
        with log.open(errors="replace") as lines:
            written = list(requests(lines))
        series = Samples(folder).series()
        told = list(shares(series, written))
        if lacking := [one for one in told if not one.is_enough]:
            raise StackproofError(str(lacking[0]), hint=f"see {folder} and {log}")
        found = list(compared(series, written))
        if other := [one for one in found if not one.is_equal]:
            raise StackproofError(
                f"{len(other)} of {len(found)} are others: {other[0]}", hint=f"see {folder} and {log}"
            )
        if manner == "cold" and not found:
            raise StackproofError("a cold upgrade had no outage", hint=f"see {folder} and {log}")
        off = max((one.off for one in found), default=0)
        share = f"{sum(one.written for one in told)} of {sum(one.answered for one in told)} requests in its log"
        return f"{len(found)} outages, each begun and ended within {off:.2f} s of HAProxy's; {share}"

    def _left_behind(self, release: str) -> None:
        with self._record.step("one compute host left behind is named") as step:
            run_script = "/etc/sv/nova-compute/run"
            self._on("compute2", "sed", "-i", f"s#/env/{release}/#/env/2025.1/#g", run_script)
            self._devcloud("restart", "nova-compute", check=False)
            step.said = self._named("compute", release, "nova-compute on compute2 says nova 31")
            if "nova-compute on compute2 runs 2025.1, and belongs at" not in "\n".join(self._devcloud.problems()):
                raise StackproofError("devcloud status does not name it", hint="see `devcloud status`")
            self._devcloud("up", timeout=1800)

    def _replaced_beneath(self) -> None:
        with self._record.step("a package replaced beneath its process is named") as step:
            python = str(self._devcloud.state / "env/2026.1")
            words = ["uv", "pip", "install", "-q", "--reinstall", "--no-deps", "--python", python, "glance==32.0.0"]
            run([sys.executable, "-m", *words], timeout=600)
            step.said = self._named("image", "2026.1", "was installed at")
            self._devcloud("restart", "glance-api")
            if self._release("image", "2026.1").rc != _PASS:
                raise StackproofError("a restart does not help", hint="see `pytest-upgrade check release`")

    def _deployers_that_fail(self) -> None:
        cases = (
            ("a deployer that lies", "command: ['true']", _FAIL, "compute is 2025.1, and 2025.2 was expected"),
            ("a step that fails", "command: [devcloud, upgrade, --to, '1999.9']", _FAIL, "has no release '1999.9'"),
            ("a step that hangs", "command: [sleep, infinity], timeout: 5s", _FAIL, "did not end within 5 s"),
        )
        for name, step_of, code, told in cases:
            with self._record.step(f"{name} is named") as step:
                said = self._upgrade(
                    "command", f"steps:\n  - {{id: all, service: nova, {step_of}}}\n", "2025.2", _QUICK
                )
                _refuse_other(said, code)
                step.said = _line(said.stdout, told)
                self._sweep()
        with self._record.step("a service down after the upgrade is named") as step:
            stop = "steps:\n  - command: [devcloud, ssh, controller, sv, down, cinder-volume]\n"
            said = self._upgrade("command", stop, "2025.1", _QUICK)
            _refuse_other(said, _FAIL)
            step.said = _line(said.stdout, "cinder-volume")
            self._sweep()
            self._devcloud("up", timeout=1800)

    def _tampered(self) -> None:
        with self._record.step("an upgrade that changes the things of its users is found out") as step:
            config = f"steps:\n  - {{id: all, service: nova, command: [{', '.join(_TAMPERING.split())}]}}\n"
            said = self._upgrade("command", config, "2025.1", _THINGS)
            _refuse_other(said, _FAIL)
            for told in _TAMPERED.values():
                _line(said.stdout, told)
            step.said = ", ".join(_TAMPERED)
            self._sweep()

    def _killed(self) -> None:
        with self._record.step("killed in the window of Glance, and gone on with: rolling to 2025.2") as step:
            process = subprocess.Popen(
                [*self._words("devcloud", "manner: rolling\n", "2025.2"), "--", *_QUICK], env=self._environment,
                stdout=(self._folder / "killed").open("wb"), stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
            wait_for(
                lambda: "step glance/api-a is done" in (self._folder / "killed").read_text(), timeout=_HOURS, every=1,
                what="the upgrade to come to the window of Glance",
            )  # fmt: skip
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            half = self._devcloud.status()
            again = ["--upgrade-run", self._open_run()]
            said = self._upgrade("devcloud", "manner: rolling\n", "2025.2", _QUICK, *again)
            _refuse_other(said, _PASS)
            self._is_well("2025.2")
            done = said.stdout.count("was done before")
            step.said = f"{half['release']} on its way to {half['target']}; {done} steps were not done again"

    def _upgrade(self, deployer: str, config: str, release: str, tests: Sequence[str], *more: str) -> Result:
        words = [*self._words(deployer, config, release), *more, "--", *tests]
        return run(words, timeout=_HOURS, check=False, env=self._environment)

    def _words(self, deployer: str, config: str, release: str) -> list[str]:
        file = self._folder / f"{deployer}.yaml"
        file.write_text(config)
        return [
            _beside("pytest-upgrade"), "run", "--deployer", deployer, "--deployer-file", str(file), "--os-cloud",
            "devcloud", "--upgrade-from", "2025.1", "--upgrade-to", release, "--upgrade-runs", str(self._runs),
        ]  # fmt: skip

    @property
    def _runs(self) -> Path:
        return self._folder / "runs"

    def _sweep(self) -> None:
        run([_beside("pytest-upgrade"), "sweep", "--upgrade-runs", str(self._runs)], env=self._environment, timeout=600)

    def _open_run(self) -> str:
        said = run([_beside("pytest-upgrade"), "runs", "--upgrade-runs", str(self._runs)], env=self._environment).stdout
        return next(line.split()[0] for line in said.splitlines() if line.endswith("; open"))

    def _release(self, service: str, release: str) -> Result:
        words = ["check", "release", "--os-cloud", "devcloud", "--service", service, "--expect", release]
        return run([_beside("pytest-upgrade"), *words], env=self._environment, timeout=300, check=False)

    def _named(self, service: str, release: str, told: str) -> str:
        said = self._release(service, release)
        if said.rc != _FAIL:
            raise StackproofError(f"it is not found: {said.stdout}", hint="see `pytest-upgrade check release`")
        return _line(said.stdout, told)

    def _on(self, host: str, *words: str) -> None:
        self._devcloud("ssh", host, *words)

    def _is_well(self, release: str) -> None:
        status = self._devcloud.status()
        if not status["well"] or status["release"] != release or status["target"]:
            raise StackproofError(f"not well at {release}: {self._devcloud.problems()}", hint="see `devcloud status`")


def _beside(program: str) -> str:
    return str(Path(sys.executable).with_name(program))


def _refuse_other(said: Result, code: int) -> None:
    if said.rc != code:
        last = "; ".join(said.stdout.strip().splitlines()[-4:])
        raise StackproofError(f"pytest-upgrade exited with {said.rc} and not {code}: {last}", hint="run it by hand")


def _line(text: str, told: str) -> str:
    found = next((line.strip() for line in text.splitlines() if re.search(told, line)), "")
    if not found:
        raise StackproofError(f"nobody says {told!r}", hint="run it by hand")
    return found[:200]


if __name__ == "__main__":
    sys.exit(main())
