"""The guest image, booted as Nova boots it but in QEMU directly, with a metadata service of its own."""

from __future__ import annotations

import http.server
import json
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.request import urlopen

import pytest

from devcloud import guest
from devcloud.guest import GuestImage
from pytest_whitebox.core.command import Result, run
from pytest_whitebox.core.wait import wait_for
from tests.doubles.serving import serving

UUID = "d8e02d56-2648-49a3-bf97-6be8f1204f38"
USER_DATA = "#!/bin/sh\necho ran >>/data/user-data\n"
_BOOT_TIMEOUT = 180
_MISSING = [
    name for name in ("qemu-system-x86_64", "dropbear", "mkfs.ext4", "busybox", "ssh") if not shutil.which(name)
]

pytestmark = pytest.mark.skipif(
    bool(_MISSING), reason=f"no {', '.join(_MISSING)} here: `devcloud doctor` names packages"
)


@dataclass(frozen=True)
class Machine:
    """A guest that runs in QEMU on this machine; its ports are forwarded on loopback."""

    folder: Path
    process: subprocess.Popen[bytes]
    ssh_port: int
    web_port: int

    @property
    def console(self) -> str:
        return (self.folder / "console").read_text(errors="replace")

    def says(self, pattern: str) -> re.Match[str]:
        return wait_for(
            lambda: re.search(pattern, self.console), timeout=_BOOT_TIMEOUT, what=f"{pattern!r} on the guest's console"
        )

    def ssh(self, command: str) -> Result:
        known = self.folder / "known_hosts"
        known.write_text(f"[127.0.0.1]:{self.ssh_port} {self.host_key()}\n")
        options = ["BatchMode=yes", "StrictHostKeyChecking=yes", f"UserKnownHostsFile={known}", "ConnectTimeout=20"]
        words = [word for option in options for word in ("-o", option)]
        return run(["ssh", *words, "-i", str(self.folder / "key"), "-p", str(self.ssh_port), "root@127.0.0.1", command])

    def heartbeats(self) -> list[tuple[int, str]]:
        lines = self.ssh("cat /data/heartbeat").stdout.splitlines()
        return [(int(line.split()[0]), line.split()[1]) for line in lines]

    def host_key(self) -> str:
        return self.says(r"BEGIN SSH HOST KEY KEYS-----\s(?:.*\n)*?(ssh-ed25519 \S+)")[1]

    def monitor(self, *commands: dict[str, object]) -> list[str]:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.folder / "qmp"))
            lines = client.makefile("r")
            lines.readline()
            for command in ({"execute": "qmp_capabilities"}, *commands):
                client.sendall(json.dumps(command).encode() + b"\n")
            return [
                next(line for line in lines if '"return"' in line or '"error"' in line)
                for _ in range(len(commands) + 1)
            ]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> GuestImage:
    folder = tmp_path_factory.mktemp("guest")
    return guest.build(folder / "image", folder / "packages")


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("key") / "key"
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(file)])
    return file


def write_metadata(folder: Path, key: Path) -> Path:
    latest = folder / "openstack/latest"
    latest.mkdir(parents=True)
    public = key.with_suffix(".pub").read_text()
    document = {
        "uuid": UUID,
        "public_keys": {"mine": public},
        "keys": [{"name": "mine", "type": "ssh", "data": public}],
        "hostname": "web.novalocal",
        "name": "web",
        "meta": {"hostname": "not-this", 'a "quoted" }': "{"},
    }
    (latest / "meta_data.json").write_text(json.dumps(document))
    (latest / "user_data").write_text(USER_DATA)
    return folder


@pytest.fixture(scope="module")
def metadata_port(tmp_path_factory: pytest.TempPathFactory, key: Path) -> Iterator[int]:
    root = write_metadata(tmp_path_factory.mktemp("metadata"), key)
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(root))
    with serving(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)) as server:
        yield server.server_port


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def boot(image: GuestImage, folder: Path, key: Path, *more: str, forward: str = "") -> Machine:
    ssh, web = free_port(), free_port()
    shutil.copy(key, folder / "key")
    shutil.copy(image.disk, folder / "disk.qcow2")
    run(["qemu-img", "resize", "-q", str(folder / "disk.qcow2"), "1G"])
    network = f"user,id=net,net=169.254.0.0/16,dhcpstart=169.254.2.10,hostfwd=tcp:127.0.0.1:{ssh}-:22"
    command = [
        *("qemu-system-x86_64", "-machine", "pc,accel=tcg", "-cpu", "qemu64", "-m", "128", "-uuid", UUID),
        *("-nodefaults", "-display", "none", "-serial", f"file:{folder / 'console'}"),
        *("-qmp", f"unix:{folder / 'qmp'},server,nowait", "-kernel", str(image.kernel)),
        *("-initrd", str(image.ramdisk), "-append", guest.COMMAND_LINE, "-device", "virtio-rng-pci"),
        *("-drive", f"file={folder / 'disk.qcow2'},if=virtio"),
        *("-netdev", f"{network},hostfwd=tcp:127.0.0.1:{web}-:80{forward}", "-device", "virtio-net-pci,netdev=net"),
    ]
    (folder / "console").touch()
    return Machine(folder, subprocess.Popen([*command, *more]), ssh, web)


@pytest.fixture
def machine(image: GuestImage, key: Path, metadata_port: int, tmp_path: Path) -> Iterator[Machine]:
    forward = f",guestfwd=tcp:169.254.169.254:80-cmd:busybox nc 127.0.0.1 {metadata_port}"
    booted = boot(image, tmp_path, key, forward=forward)
    yield booted
    booted.process.kill()
    booted.process.wait()


def test_a_guest_knows_who_it_is_and_beats(machine: Machine) -> None:
    ready = machine.says(r"GUEST READY name=(\S+) boot_id=(\S+) metadata=service")
    boot_id = machine.ssh("cat /proc/sys/kernel/random/boot_id").stdout.strip()
    assert (ready[1], ready[2]) == ("web", boot_id)
    with urlopen(f"http://127.0.0.1:{machine.web_port}/", timeout=20) as page:
        assert page.read().decode() == f"name web\nboot_id {boot_id}\n"
    wait_for(lambda: len(machine.heartbeats()) > 2, timeout=30, what="three heartbeats")
    beats = machine.heartbeats()
    assert beats == [(n, boot_id) for n in range(1, len(beats) + 1)]
    machine.says("GUEST USER-DATA exit code 0")
    assert machine.ssh("cat /data/user-data").stdout == "ran\n"
    assert int(machine.ssh("df -m /data | awk 'NR == 2 { print $2 }'").stdout) > 900


def test_a_volume_appears_under_its_serial_number_and_goes(machine: Machine) -> None:
    machine.says("GUEST READY")
    volume = machine.folder / "volume.raw"
    volume.write_bytes(b"\0" * 8 * 1024**2)
    machine.monitor(
        {
            "execute": "blockdev-add",
            "arguments": {"driver": "raw", "node-name": "v", "file": {"driver": "file", "filename": str(volume)}},
        },
        {
            "execute": "device_add",
            "arguments": {"driver": "virtio-blk-pci", "drive": "v", "id": "d", "serial": "5f3a"},
        },
    )
    link = "readlink /dev/disk/by-id/virtio-5f3a || true"
    wait_for(lambda: machine.ssh(link).stdout == "/dev/vdb\n", timeout=30, what="/dev/vdb to appear")
    machine.ssh("mke2fs -q /dev/vdb && mkdir /mnt && mount /dev/vdb /mnt && echo kept >/mnt/file && umount /mnt")
    machine.monitor({"execute": "device_del", "arguments": {"id": "d"}})
    wait_for(lambda: machine.ssh(link).stdout == "", timeout=30, what="/dev/vdb to go")
    assert b"kept\n" in volume.read_bytes()


def test_reboot_keeps_the_disk_and_the_power_button_ends_it_cleanly(machine: Machine) -> None:
    first = machine.says("GUEST READY.* boot_id=(\\S+)")[1]
    machine.says("GUEST USER-DATA")
    machine.ssh("echo kept >/data/file; reboot")
    # SSH works on only if the host key, too, has outlived the reboot.
    again = rf"GUEST READY(?!.*{first}).* boot_id=(\S+)"
    second = machine.says(again)[1]
    assert machine.ssh("cat /data/file /data/user-data").stdout == "kept\nran\n"
    beats = machine.heartbeats()
    assert [count for count, _ in beats] == list(range(1, len(beats) + 1))
    assert {boot_id for _, boot_id in beats} == {first, second}

    machine.monitor({"execute": "system_powerdown"})
    assert machine.process.wait(timeout=60) == 0
    assert "GUEST POWER-BUTTON" in machine.console
    raw = machine.folder / "disk.raw"
    run(["qemu-img", "convert", "-O", "raw", str(machine.folder / "disk.qcow2"), str(raw)])
    assert re.search(r"Filesystem state: +clean$", run(["dumpe2fs", "-h", str(raw)]).stdout, re.MULTILINE)
    assert "needs_recovery" not in run(["dumpe2fs", "-h", str(raw)]).stdout


def test_a_config_drive_serves_where_there_is_no_metadata_service(image: GuestImage, key: Path, tmp_path: Path) -> None:
    drive = write_metadata(tmp_path / "drive", key)
    machine = boot(image, tmp_path, key, "-drive", f"driver=vvfat,dir={drive},label=config-2,fat-type=16,if=virtio")
    try:
        machine.says("GUEST READY name=web .*metadata=config-drive")
        assert machine.ssh("hostname").stdout == "web\n"
    finally:
        machine.process.kill()
        machine.process.wait()
