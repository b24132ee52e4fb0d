"""Verbs about the cloud as it is now: check release, check health."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pytest_upgrade.commands.context import chosen
from pytest_whitebox.core.errors import StackproofError

if TYPE_CHECKING:
    from pytest_whitebox.cloud import Cloud

_PASS, _FAIL, _INCONCLUSIVE = 0, 1, 2


def release(options: argparse.Namespace) -> int:
    """Say which release each service is, with the clues."""
    from pytest_upgrade.release import check, table

    expected = table.expected(options.expect) if options.expect else ""
    with connected(options) as cloud:
        verdicts = check.verdicts(cloud, _named(cloud, options))
    for verdict in verdicts:
        print(verdict.sentence(expected))
        for clue in verdict.clues:
            print(f"    {clue}")
    return code(verdict.ok(expected) for verdict in verdicts)


def health(options: argparse.Namespace) -> int:
    """Say what is well and what is not."""
    from pytest_upgrade.health import check

    with connected(options) as cloud:
        wanted = _named(cloud, options)
        signs = [sign for sign in check.signs(cloud) if not wanted or sign.service in wanted]
    for sign in sorted(signs, key=lambda sign: (sign.ok is not False, sign.service)):
        print(f"{ {True: 'well', False: 'NOT WELL', None: 'not judged'}[sign.ok] }  {sign}")
    # What an administrator alone may see is no reason to be unsure of the rest.
    return code(sign.ok for sign in signs if sign.ok is not None)


def code(judged: Iterable[bool | None]) -> int:
    """1 if something failed, 2 if something could not be judged or there was nothing to judge, else 0.

    >>> code([True, None]), code([True, False, None]), code([]), code([True])
    (2, 1, 2, 0)
    """
    found = list(judged)
    if False in found:
        return _FAIL
    return _INCONCLUSIVE if None in found or not found else _PASS


def _named(cloud: Cloud, options: argparse.Namespace) -> frozenset[str]:
    """The services that were named; raises `StackproofError` for one that this cloud does not have."""
    from pytest_upgrade.health.api import SERVICES

    named = frozenset(options.service or ())
    known = [service for service in SERVICES if cloud.connection.has_service(service)]
    if missing := sorted(named - set(known)):
        hint = f"choose from {', '.join(known)}"
        raise StackproofError(f"this cloud has no service of the type {missing[0]!r} to look at", hint=hint)
    return named


@contextmanager
def connected(options: argparse.Namespace) -> Iterator[Cloud]:
    """The cloud of --os-cloud, $OS_CLOUD or the OS_* variables."""
    from pytest_whitebox.cloud import Cloud

    choice = chosen(options)
    with Cloud.connect(choice, choice.ssh_config) as cloud:
        yield cloud
