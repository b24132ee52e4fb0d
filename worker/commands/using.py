"""Verbs of users: submit, status, list, watch, cancel, results."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

from pytest_whitebox.core.errors import StackproofError

from .. import settings
from ..client import Client
from ..credentials import Credentials
from ..own import SEALING, asked
from ..payload import Payload
from ..states import FINAL, State

#: Seconds without news after which `watch` gives up: a job may wait in the queue for as long as a run may take.
_PATIENCE = 7 * 24 * 3600.0


def submit(options: argparse.Namespace) -> int:
    """Submit a job and print its id."""
    payload = Payload.from_mapping(_asked(options))
    if options.seal_to:
        payload = _sealed(payload, options)
    print(_client(options).submit(payload))
    return 0


def status(options: argparse.Namespace) -> int:
    """Tell how a job is, or how many are in each state."""
    client = _client(options)
    if options.job:
        print(_told(client.job(options.job)))
    else:
        for state, number in client.status().items():
            print(f"{state:<11}{number:>6}")
    return 0


def list_(options: argparse.Namespace) -> int:
    """Tell of the newest jobs."""
    for job in _client(options).jobs(state=options.among, limit=options.limit):
        print(_told(job))
    return 0


def watch(options: argparse.Namespace) -> int:
    """Follow a job to its end: its log to standard output, its states to standard error."""
    state = ""
    known: dict[str, Any] = {}
    for known, text in _client(options).follow(options.job, _PATIENCE):
        sys.stdout.write(text)
        sys.stdout.flush()
        if known["state"] != state:
            state = known["state"]
            print(_told(known), file=sys.stderr)
    return 0 if known["state"] == State.PASSED else 1


def cancel(options: argparse.Namespace) -> int:
    """Cancel a job."""
    state = _client(options).cancel(options.job)
    said = "cancelled" if state is State.CANCELLED else f"was {state} already" if state in FINAL else "is being stopped"
    print(f"{options.job} {said}")
    return 0


def results(options: argparse.Namespace) -> int:
    """Tell what became of each test."""
    found = _client(options).results(options.job)
    if options.json:
        print(json.dumps(found, indent=1))
        return 0
    for one in found:
        print(f"{one['outcome']:<8}{one['seconds']:>8.2f} s  {one['test']}  {one['why']}".rstrip())
    return 0


def scale_advice(options: argparse.Namespace) -> int:
    """Tell how many slots there should be."""
    advice = _client(options).advice(options.within)
    if options.json:
        print(json.dumps(advice.mapping))
    else:
        about = f"{advice.queued} jobs wait and {advice.running} run, which take {advice.seconds:g} s each"
        print(f"{advice.slots} slots end all jobs within {options.within:g} s: {about}")
    return 0


def _client(options: argparse.Namespace) -> Client:
    authority = settings.chosen(options, settings.AUTHORITY)
    return Client(
        settings.chosen(options, settings.URL),
        settings.token(options),
        Path(authority).expanduser() if authority else None,
    )


def _asked(options: argparse.Namespace) -> dict[str, Any]:
    """The payload that the options describe."""
    if options.json:
        try:
            return dict(json.loads(options.json.read_text()))
        except (OSError, ValueError, TypeError):
            raise StackproofError(f"{options.json} is no job in JSON", hint="see the docs for one") from None
    tests: dict[str, Any] = {}
    if options.guideline:
        tests = {"guideline": options.guideline, **({"target": options.target} if options.target else {})}
    elif options.tests:
        tests = {"names": _lines(options.tests)}
    elif options.test_list:
        tests = {"url": options.test_list}
    else:
        raise StackproofError("no tests are named", hint="give --guideline, --tests or --test-list")
    given = {name: getattr(options, name) for name in ("cloud", "tempest", "priority", "deadline", "callback")}
    known = {name: value for name, value in given.items() if value is not None}
    return {**known, "tests": tests, **({"overrides": _overrides(options.set)} if options.set else {})}


def _sealed(payload: Payload, options: argparse.Namespace) -> Payload:
    """The job with the credentials of OS_* in it, which only the worker with that key can open."""
    text = Credentials.from_environ(os.environ).text
    request = {"do": "seal", "payload": payload.mapping, "text": text, "public": options.seal_to}
    known = asked(SEALING, request, settings.cache(options), lambda _: None, Event())
    return Payload.from_mapping({**payload.mapping, **known})


def _lines(file: Path) -> list[str]:
    try:
        return [line.strip() for line in file.read_text().splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise StackproofError(f"{file} cannot be read: {error}", hint="name a file with a test on each line") from None


def _overrides(given: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What --set says; true, false and whole numbers are no texts."""
    found: dict[str, dict[str, Any]] = {}
    for word in given:
        where, equals, text = word.partition("=")
        section, dot, name = where.partition(".")
        if not (equals and dot):
            raise StackproofError(f"--set {word} sets nothing", hint="write SECTION.OPTION=VALUE")
        lower = text.lower()
        value: Any = lower == "true" if lower in ("true", "false") else int(text) if text.isdecimal() else text
        found.setdefault(section, {})[name] = value
    return found


def _told(job: dict[str, Any]) -> str:
    when = datetime.fromtimestamp(job["changed"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    payload = job["payload"]
    far = f" {job['done']}/{job['total']}" if job["state"] == State.RUNNING else ""
    counts = ", ".join(f"{number} {outcome}" for outcome, number in sorted(job["counts"].items()))
    about = "; ".join(filter(None, (counts, job["sentence"])))
    words = [job["test_id"], when, f"{job['state']}{far}", f"{payload['cloud']} by Tempest {payload['tempest']}"]
    return "  ".join([*words, *([f"on {job['worker']}"] if job["worker"] else []), *([about] if about else [])])
