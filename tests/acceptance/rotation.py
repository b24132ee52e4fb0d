"""Every API restarted, given a second instance and left with one again, under requests of which none may fail.

Run as root with a cloud that is up: ``python -m tests.acceptance.rotation``.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from devcloud.state import State
from pytest_whitebox.core.errors import StackproofError
from tests.acceptance.record import Record, Step
from tests.cloud.devcloud import Devcloud
from tests.cloud.load import Answer, Probe, probes, under_load


def main() -> int:
    """Take instances out, put them back, and write the page."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    devcloud, record = Devcloud.from_environment(), Record("rotation", "instances of APIs come and go under requests")
    return record.carry_out(lambda: _as_before(record, devcloud))


def _as_before(record: Record, devcloud: Devcloud) -> None:
    before = State(devcloud.state).settings().workers
    try:
        _accept(record, devcloud)
    finally:
        devcloud("up", "--workers", str(before))


def _accept(record: Record, devcloud: Devcloud) -> None:
    with record.step("one instance of each API"):
        devcloud("up", "--workers", "1")
    asked = probes(_admin(devcloud))
    with record.step("a second instance of each API") as step, _none_fails(step, asked):
        devcloud("up", "--workers", "2")
    for service, probe in asked.items():
        with record.step(f"restart of {service}, one after the other") as step, _none_fails(step, {service: probe}):
            devcloud("restart", service)
    with record.step("one instance of each API is left") as step, _none_fails(step, asked):
        devcloud("up", "--workers", "1")
    with record.step("the cloud is well"):
        problems = devcloud.problems()
        if problems:
            raise StackproofError(f"not well: {'; '.join(problems)}", hint="see `devcloud logs SERVICE`")


@contextmanager
def _none_fails(step: Step, asked: Mapping[str, Probe]) -> Iterator[None]:
    """Make all requests again and again meanwhile; raises `StackproofError` if one failed or there were too few."""
    with ExitStack() as load:
        answers = [load.enter_context(under_load(probe)) for probe in asked.values()]
        yield
    seen = [answer for each in answers for answer in each]
    failed = Counter(_said(answer) for answer in seen if not answer.ok)
    step.said = f"{failed.total()} of {len(seen)} requests failed"
    if failed or min(map(len, answers)) < 20:
        raise StackproofError(f"{step.said}: {dict(failed)}", hint="see `devcloud logs haproxy`")


def _said(answer: Answer) -> str:
    return answer.failure or str(answer.status)


def _admin(devcloud: Devcloud) -> object:
    from openstack.config import OpenStackConfig
    from openstack.connection import Connection

    return Connection(config=OpenStackConfig(config_files=[str(devcloud.state / "clouds.yaml")]).get_one("devcloud"))


if __name__ == "__main__":
    sys.exit(main())
