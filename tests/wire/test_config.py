"""A service's options as its own oslo.config has them, and as we read them from outside."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pytest_whitebox.core.deployments import ServiceFacts, UnknownService
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.hosts import Host
from pytest_whitebox.core.processes import Runit
from pytest_whitebox.core.services import Contact, Patience, Service
from pytest_whitebox.core.transports import SshTransport, Transport
from pytest_whitebox.core.wait import wait_for

from .conftest import runsvdir

_READER = Path(__file__).with_name("reader_agent.py")
SINGLE, MULTI = ("reader", "single"), ("reader", "multi")
#: What an option was called before, as the reader itself declares it.
OLD = {("reader", "renamed"): ("DEFAULT", "old_name"), ("reader", "renamed_multi"): ("DEFAULT", "old_multi")}


@dataclass(frozen=True)
class Reader:
    """The service under runit; all that it reads lies below ``folder``, which is its home, too."""

    folder: Path
    target: str = "reader.conf"
    name: str = "test"
    libvirt_uri: str = "test:///default"

    def matches(self, transport: Transport) -> bool:
        return True

    def service(self, transport: Transport, name: str) -> ServiceFacts:
        if name != "reader":
            raise UnknownService(f"there is no service {name!r}", hint="take 'reader'")
        files = tuple(str(self.folder / file) for file in ("reader.conf", "second.conf"))
        log = str(self.folder / "log")
        return ServiceFacts(
            "reader", str(self.folder / "sv/reader"), Runit(), files, str(self.folder / self.target), log
        )

    def libvirt(self, transport: Transport) -> Transport:
        return transport

    def report(self) -> object:
        file = self.folder / "report"
        return file.read_text() if file.exists() else None

    @property
    def values(self) -> dict[str, Any]:
        """What the reader that runs has read."""
        found: dict[str, Any] = json.loads((self.folder / "report").read_text())["values"]
        return found


@contextmanager
def running(reader: Reader, arguments: Sequence[str], environment: Mapping[str, str]) -> Iterator[None]:
    variables = {"HOME": str(reader.folder), "REPORT": str(reader.folder / "report"), **environment}
    command = ["env", "-i", *(f"{name}={value}" for name, value in variables.items()), sys.executable, str(_READER)]
    (reader.folder / "sv/reader").mkdir(parents=True)
    script = f"#!/bin/sh\nexec >>{reader.folder}/log 2>&1\nexec {shlex.join([*command, *arguments])}\n"
    (reader.folder / "sv/reader/run").write_text(script)
    (reader.folder / "sv/reader/run").chmod(0o755)
    with runsvdir(reader.folder / "sv"):
        wait_for(reader.report, timeout=20, every=0.02, what="the reader", hint=f"see {reader.folder}/log")
        yield


def service_of(reader: Reader, ssh: SshTransport) -> Service:
    return Host(
        "server", ssh, deployment=reader, folder=str(reader.folder / "state"),
        contact=lambda _: Contact(reader.report), patience=Patience(start=20, settle=1, report=20, lock=20, every=0.05),
    ).service("reader")  # fmt: skip


FILES = {
    "reader.conf": "[DEFAULT]\nmy_ip = 10.0.0.1\nold_name = a\nold_multi = m1\n[reader]\nsingle = first\nmulti = 1\n"
    "multi = 2\nrenamed_multi = m2\nrefers = http://$my_ip:${reader.single}/ costs $$5 or \\$6\n",
    "second.conf": "[reader]\nsingle = second\nmulti = 3\nrenamed = b\n[DEFAULT]\nold_name = later\nold_multi = m3\n",
    ".reader/reader.conf.d/20.conf": "[reader]\nsingle = default folder\nmulti = 4\n",
    ".reader/reader.conf.d/10.conf": "[reader]\nsingle = before it\nmulti = 5\nrenamed = c\n",
    "own.d/1.conf": "[reader]\nsingle = own folder\nmulti = 6\n",
    "own.d/not-read.txt": "[reader]\nsingle = never\n",
}
#: How it is started: arguments, environment.
STARTS: Mapping[str, tuple[Sequence[str], Mapping[str, str]]] = {
    "one file": (["--config-file", "{}/reader.conf"], {}),
    "two files, and the default folder loses": (
        ["--config-file={}/reader.conf", "--config-file", "{}/second.conf"],
        {},
    ),
    "a folder alone": (["--config-dir", "{}/own.d", "--config-file", "{}/second.conf"], {}),
    "a folder last": (["--config-file", "{}/second.conf", "--config-dir={}/own.d"], {}),
    "the environment": (["--config-file", "{}/reader.conf"], {"OS_READER__SINGLE": "e", "OS_DEFAULT__MY_IP": "::1"}),
}


def place(folder: Path, *names: str) -> None:
    for name in names or FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(FILES[name])


@pytest.mark.parametrize("start", STARTS)
def test_every_option_is_read_as_the_service_itself_reads_it(ssh: SshTransport, tmp_path: Path, start: str) -> None:
    arguments, environment = STARTS[start]
    reader = Reader(tmp_path)
    place(tmp_path)
    with running(reader, [word.format(tmp_path) for word in arguments], environment):
        config = service_of(reader, ssh).config
        assert len(reader.values) >= 4
        for place_, value in reader.values.items():
            section, _, name = place_.partition(".")
            old = [OLD[section, name]] if (section, name) in OLD else []
            read = config.get_all(section, name, *old) if isinstance(value, list) else config.get(section, name, *old)
            assert (list(read) if isinstance(read, tuple) else read) == value, place_


def test_without_arguments_the_default_folder_wins(ssh: SshTransport, tmp_path: Path) -> None:
    place(tmp_path)
    (tmp_path / "reader.conf").rename(tmp_path / ".reader/reader.conf")
    reader = Reader(tmp_path, target=".reader/reader.conf.d/20.conf")
    with running(reader, [], {}):
        # The table of the deployment names other files; the process was told none, so oslo.config's own search counts.
        object.__setattr__(service := service_of(reader, ssh), "facts", _without_table(service.facts))
        assert reader.values["reader.single"] == "default folder"
        assert service.config.get(*SINGLE) == "default folder"
        assert list(service.config.get_all(*MULTI)) == reader.values["reader.multi"] == ["1", "2", "5", "4"]
        assert str(service.config.source(*SINGLE)).endswith("/.reader/reader.conf.d/20.conf:2)")


def _without_table(facts: ServiceFacts) -> ServiceFacts:
    from dataclasses import replace

    return replace(facts, config_files=())


VALUES = {
    "JSON": '{"name": "a1", "vendor_id": "8086", "spec": [1, 2]}',
    "quotes": """'it's "quoted"'""",
    "dollar": "pa$$word $my_ip ${reader.single} $",
    "spaces": "  two  blanks ",
    "hash": "a # no comment",
    "equals": "k:v=w",
    "empty": "",
}


@pytest.mark.parametrize("kind", VALUES)
def test_a_value_arrives_in_the_service_as_it_was_given(ssh: SshTransport, tmp_path: Path, kind: str) -> None:
    reader = Reader(tmp_path)
    place(tmp_path, "reader.conf")
    before = (tmp_path / "reader.conf").read_bytes()
    with running(reader, ["--config-file", f"{tmp_path}/reader.conf"], {}):
        service = service_of(reader, ssh)
        with service.set_config({SINGLE: VALUES[kind], MULTI: [VALUES[kind], "and another"]}):
            assert reader.values["reader.single"] == VALUES[kind]
            assert reader.values["reader.multi"] == [VALUES[kind], "and another"]
            assert service.config.get(*SINGLE) == VALUES[kind]
        assert reader.values["reader.multi"] == ["1", "2"]
    assert (tmp_path / "reader.conf").read_bytes() == before


def test_what_the_environment_sets_cannot_be_changed_in_a_file(ssh: SshTransport, tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    place(tmp_path)
    with running(reader, ["--config-file", f"{tmp_path}/reader.conf"], {"OS_READER__SINGLE": "fixed"}):
        service = service_of(reader, ssh)
        before = service.main
        with pytest.raises(StackproofError, match="environment:OS_READER__SINGLE sets it, too"):
            service.set_config({SINGLE: "x"}).__enter__()
        assert service.main == before
        assert (tmp_path / "reader.conf").read_text() == FILES["reader.conf"]


def test_a_drop_in_file_is_made_and_goes_again(ssh: SshTransport, tmp_path: Path) -> None:
    reader = Reader(tmp_path, target="own.d/99-test.conf")
    place(tmp_path)
    (tmp_path / "reader.conf").chmod(0o640)
    start = ["--config-file", f"{tmp_path}/reader.conf", "--config-dir", f"{tmp_path}/own.d"]
    with running(reader, start, {}):
        with service_of(reader, ssh).set_config({SINGLE: "dropped in"}):
            assert reader.values["reader.single"] == "dropped in"
            assert (tmp_path / "own.d/99-test.conf").stat().st_mode & 0o777 == 0o640
        assert not (tmp_path / "own.d/99-test.conf").exists()
        assert reader.values["reader.single"] == "own folder"


def test_a_file_that_the_process_does_not_read_is_no_place_for_a_change(ssh: SshTransport, tmp_path: Path) -> None:
    reader = Reader(tmp_path, target="own.d/0-early.conf")
    place(tmp_path)
    start = ["--config-file", f"{tmp_path}/reader.conf", "--config-dir", f"{tmp_path}/own.d"]
    with (
        running(reader, start, {}),
        pytest.raises(StackproofError, match=r"cannot be changed in .*0-early.conf: .*own.d/1.conf:2 sets it, too"),
    ):
        service_of(reader, ssh).set_config({SINGLE: "x"}).__enter__()


def test_secrets_of_the_environment_are_in_no_text(ssh: SshTransport, tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    place(tmp_path)
    with running(reader, ["--config-file", f"{tmp_path}/reader.conf"], {"OS_NOVA__PASSWORD": "hunter22-x"}):
        service = service_of(reader, ssh)
        assert "hunter22" not in f"{service.started!r} {service.config.options!r}"
        assert service.config.censor("tried hunter22-x") == "tried ***"
