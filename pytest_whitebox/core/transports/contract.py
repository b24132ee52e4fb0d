"""What every transport must do, as tests that any implementation can inherit.

A test class inherits `TransportContract` and gives two fixtures: ``transport``, and ``folder``, the path of an
empty folder of the host that the transport leads to.
"""
# ruff: noqa: S101 -- these are tests; the runner explains a failed assert

from __future__ import annotations

import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Thread

from pytest_whitebox.core.command import CommandFailed
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.transports.file import FileMissing, remove_file
from pytest_whitebox.core.transports.transport import Transport
from pytest_whitebox.core.wait import wait_for

_BYTES = bytes(range(256)) * 4


class TransportContract:
    """Inherit it under a name that the test runner collects."""

    def test_a_command_has_code_output_and_errors(self, transport: Transport) -> None:
        """All three come back, as text."""
        result = transport.run(["sh", "-c", "echo out; echo err >&2; exit 3"], check=False)
        assert (result.rc, result.stdout, result.stderr) == (3, "out\n", "err\n")

    def test_arguments_are_never_seen_by_a_shell(self, transport: Transport) -> None:
        """Every special character arrives."""
        words = ["a b", "$HOME", "'", '"', "`id`", "*", ";", "", "\n", "é"]
        assert transport.run(["printf", "%s|", *words]).stdout == "|".join(words) + "|"

    def test_a_failed_command_is_named_with_the_host(self, transport: Transport) -> None:
        """The error says which command, where, and the last line that it wrote."""
        error = _refused(lambda: transport.run(["sh", "-c", "echo no such thing >&2; exit 4"]))
        assert isinstance(error, CommandFailed)
        assert error.result.rc == 4
        assert transport.name in str(error)
        assert "no such thing" in str(error)

    def test_a_missing_program_is_a_failed_command(self, transport: Transport) -> None:
        """It has the shell's exit code on every transport."""
        assert transport.run(["stackproof-no-such-program"], check=False).rc == 127

    def test_input_goes_in_and_much_output_comes_out(self, transport: Transport) -> None:
        """More than any buffer on the way holds, in both directions at once."""
        data = _BYTES * 3000
        assert transport.execute(["cat"], input=data).stdout == data

    def test_without_input_a_command_reads_the_end(self, transport: Transport) -> None:
        """No command waits for a terminal."""
        assert transport.execute(["cat"]).stdout == b""

    def test_both_outputs_may_be_large(self, transport: Transport) -> None:
        """Neither of the two blocks the other."""
        outcome = transport.execute(["sh", "-c", "head -c 3000000 /dev/zero >&2; head -c 3000000 /dev/zero"])
        assert (len(outcome.stdout), len(outcome.stderr)) == (3_000_000, 3_000_000)

    def test_a_command_that_takes_too_long_is_an_error(self, transport: Transport) -> None:
        """The deadline holds, and the way to the host is good for more."""
        error = _refused(lambda: transport.run(["sleep", "30"], timeout=0.3))
        assert "did not end within 0.3 s" in str(error)
        assert transport.run(["true"]).ok

    def test_threads_share_it(self, transport: Transport) -> None:
        """More threads than an SSH server allows sessions."""
        with ThreadPoolExecutor(20) as pool:
            said = list(pool.map(lambda number: transport.run(["echo", str(number)]).stdout, range(40)))
        assert said == [f"{number}\n" for number in range(40)]

    def test_a_file_comes_back_as_it_was_written(self, transport: Transport, folder: str) -> None:
        """Every byte; a new file is readable by its owner alone."""
        path = f"{folder}/a new file"
        transport.write(path, _BYTES)
        assert transport.read(path) == _BYTES
        assert transport.run(["stat", "-c", "%a", path]).stdout == "600\n"

    def test_a_replaced_file_keeps_mode_and_owner(self, transport: Transport, folder: str) -> None:
        """And it is another file: who has the old one open reads the old one on."""
        path = f"{folder}/file"
        transport.write(path, b"before")
        transport.run(["chmod", "640", path])
        before = transport.run(["stat", "-c", "%u:%g %a", path]).stdout
        inode = transport.run(["stat", "-c", "%i", path]).stdout
        transport.write(path, b"after")
        assert transport.read(path) == b"after"
        assert transport.run(["stat", "-c", "%u:%g %a", path]).stdout == before
        assert transport.run(["stat", "-c", "%i", path]).stdout != inode
        assert transport.run(["ls", "-A", folder]).stdout == "file\n"

    def test_what_a_killed_write_left_goes_with_the_next(self, transport: Transport, folder: str) -> None:
        """But not what another one is writing at this moment."""
        transport.run(["touch", "-d", "1 hour ago", f"{folder}/.stackproof.killed"])
        transport.run(["touch", f"{folder}/.stackproof.writes"])
        transport.write(f"{folder}/file", b"x")
        assert transport.run(["ls", "-A", folder]).stdout == ".stackproof.writes\nfile\n"

    def test_a_symbolic_link_stays_one(self, transport: Transport, folder: str) -> None:
        """What it leads to is replaced."""
        transport.write(f"{folder}/real", b"before")
        transport.run(["ln", "-s", "real", f"{folder}/link"])
        transport.write(f"{folder}/link", b"after")
        assert transport.read(f"{folder}/real") == b"after"
        assert transport.run(["readlink", f"{folder}/link"]).stdout == "real\n"

    def test_a_file_that_cannot_be_written_is_named(self, transport: Transport, folder: str) -> None:
        """The error names the path and the host."""
        error = _refused(lambda: transport.write(f"{folder}/no/such/folder", b""))
        assert f"{folder}/no/such/folder cannot be written on {transport.name}" in str(error)

    def test_only_regular_files_are_replaced(self, transport: Transport, folder: str) -> None:
        """A folder, a pipe or a device stays what it is."""
        transport.run(["mkfifo", f"{folder}/pipe"])
        for path in (folder, f"{folder}/pipe"):
            assert "it is no regular file" in str(_refused(lambda path=path: transport.write(path, b"")))  # type: ignore[misc]
        assert transport.run(["ls", "-A", folder]).stdout == "pipe\n"

    def test_a_missing_file_is_an_error_of_its_own(self, transport: Transport, folder: str) -> None:
        """And removing it is none."""
        assert isinstance(_refused(lambda: transport.read(f"{folder}/nothing")), FileMissing)
        remove_file(transport, f"{folder}/nothing")

    def test_a_held_command_lives_as_long_as_its_context(self, transport: Transport, folder: str) -> None:
        """It says a line, reads until the end of the context, and can then finish."""
        script = 'echo ready $$; cat >/dev/null; echo done >"$1"'
        with transport.hold(["sh", "-c", script, "sh", f"{folder}/mark"]) as held:
            word, _, pid = held.first_line.partition(" ")
            assert word == "ready"
            assert held.alive
            assert transport.run(["kill", "-0", pid]).ok
        assert transport.read(f"{folder}/mark") == b"done\n"

    def test_a_held_command_that_ends_too_soon_is_a_failed_command(self, transport: Transport) -> None:
        """With its code and all that it said."""
        error = _refused(lambda: transport.hold(["sh", "-c", "printf half; echo why >&2; exit 5"]).__enter__())
        assert isinstance(error, CommandFailed)
        assert (error.result.rc, error.result.stdout, error.result.stderr) == (5, "half", "why\n")

    def test_a_held_command_that_says_nothing_is_too_slow(self, transport: Transport) -> None:
        """Its first line has a deadline."""
        error = _refused(lambda: transport.hold(["sleep", "30"], timeout=0.3).__enter__())
        assert "did not end within 0.3 s" in str(error)

    def test_a_held_command_that_is_killed_is_not_alive(self, transport: Transport) -> None:
        """Whoever holds it can see that."""
        with transport.hold(["sh", "-c", "echo $$; cat"]) as held:
            transport.run(["sh", "-c", 'kill -9 "$1"', "sh", held.first_line])
            assert wait_for(lambda: not held.alive, timeout=10, every=0.01, what="the command to be seen as ended")

    def test_a_port_is_forwarded_both_ways(self, transport: Transport) -> None:
        """Several connections, each with its own bytes and its own end."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            Thread(target=_echo, args=(server, 2), daemon=True).start()
            with transport.forward(*server.getsockname()) as address:
                for data in (_BYTES, b"second" * 100_000):
                    assert _exchanged(address, data) == data


def _refused(action: Callable[[], object]) -> StackproofError:
    """The error that the action raises; every one of ours has a next step."""
    seen: StackproofError | None = None
    try:
        action()
    except StackproofError as error:
        seen = error
    assert seen is not None, "nothing was raised"
    assert seen.hint
    return seen


def _echo(server: socket.socket, connections: int) -> None:
    for _ in range(connections):
        with server.accept()[0] as connection:
            received = b"".join(iter(lambda: connection.recv(1 << 16), b""))
            connection.sendall(received)


def _exchanged(address: tuple[str, int], data: bytes) -> bytes:
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(1 << 16), b""))
