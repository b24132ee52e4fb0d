"""What Tempest's tests tell of themselves, without secrets: their reports, and the records of their loggers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

import pytest

from pytest_whitebox.core.configuration import Config
from pytest_whitebox.core.redaction import HIDDEN, Redaction, redacted


class Hiding:
    """Strikes out what shows by where it stands, what the run's files say is secret, and what Tempest makes up.

    ``conf`` is the tempest.conf; it and its accounts file are read when the first report comes: a pool is made late.
    """

    def __init__(self, conf: Path | None) -> None:
        self._conf = conf
        self._redaction: Redaction | None = None
        self._made_up: set[str] = set()
        self._follows = False

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        if self._redaction is None:
            self._redaction = Redaction(_secrets(self._conf) if self._conf else ())
        hidden = self._redaction(text)
        for password in self._made_up:
            hidden = hidden.replace(password, HIDDEN)
        return hidden

    def follow(self) -> Callable[[], None]:
        """From now on know each password that Tempest makes up; returns the undo."""
        from tempest.lib.common.utils import data_utils

        if self._follows:
            return lambda: None
        self._follows, before = True, data_utils.rand_password

        def make(*words: Any, **named: Any) -> str:
            password = str(before(*words, **named))
            self._made_up.add(password)
            return password

        def undo() -> None:
            data_utils.rand_password = before

        data_utils.rand_password = make
        return undo

    def strike(self, report: pytest.TestReport) -> None:
        """Strike secrets out of all that a report tells."""
        report.longrepr = self._without(report.longrepr)
        report.sections = [(name, self(text)) for name, text in report.sections]
        for name in ("wasxfail", "extras"):
            if hasattr(report, name):
                setattr(report, name, self._without(getattr(report, name)))

    def _without(self, thing: Any) -> Any:
        """The same of texts wherever they are in what pytest makes of an exception; its values are changed in place."""
        if isinstance(thing, str):
            return self(thing)
        if isinstance(thing, dict):
            return {name: self._without(value) for name, value in thing.items()}
        if isinstance(thing, (list, tuple)):
            return type(thing)(self._of_several(thing))
        if is_dataclass(thing):
            for name, value in vars(thing).items():
                object.__setattr__(thing, name, self._without(value))
        return thing

    def _of_several(self, things: list[Any] | tuple[Any, ...]) -> list[Any]:
        texts = [thing for thing in things if isinstance(thing, str)]
        if len(texts) < max(len(things), 1):
            return [self._without(thing) for thing in things]
        if isinstance(things, tuple) and len(texts) == 2:
            name, value = texts
            return [name, self(f"{name} = {value}").partition(" = ")[2]]
        # Lines of one text, with their ends or without: what spans several of them is seen in the whole.
        if any(text.endswith("\n") for text in texts):
            return self("".join(texts)).splitlines(keepends=True)
        return self("\n".join(texts)).split("\n")


def records(packages: tuple[str, ...]) -> Callable[[], None]:
    """From now on no record of these packages' loggers has a secret in it, whoever handles it; returns the undo."""
    before = logging.getLogRecordFactory()
    written = logging.Formatter()

    def make(*known: Any, **more: Any) -> logging.LogRecord:
        record = before(*known, **more)
        if record.name.partition(".")[0] in packages:
            record.msg, record.args = redacted(_message(record)), ()
            if record.exc_info and record.exc_info[0] is not None:
                record.exc_text, record.exc_info = redacted(written.formatException(record.exc_info)), None
        return record

    logging.setLogRecordFactory(make)
    return lambda: logging.setLogRecordFactory(before)


class Lines(logging.Formatter):
    """What a file gets of a record: oslo.log adds the exception that is just handled, whoever logs meanwhile."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        """The lines without secrets."""
        return redacted(self._inner.format(record))


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 -- a record whose words do not fit its arguments is its author's to mend
        return str(record.msg)


def _secrets(conf: Path) -> Iterator[str]:
    """What a tempest.conf and its accounts file have for passwords."""
    import yaml

    config = Config.from_files({str(conf): conf.read_bytes()})
    yield from config.secrets()
    named = config.get("auth", "test_accounts_file")
    try:
        entries = yaml.safe_load(Path(named).read_text()) if named else []
        yield from (str(entry["password"]) for entry in entries or () if entry.get("password"))
    except (OSError, yaml.YAMLError, AttributeError, TypeError):
        # That it cannot be read is told before the first test.
        return
