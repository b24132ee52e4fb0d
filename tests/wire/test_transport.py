from __future__ import annotations

from pathlib import Path

import pytest

from pytest_whitebox.core.local import LocalTransport
from pytest_whitebox.core.ssh import SshTransport
from pytest_whitebox.core.transport import Transport
from pytest_whitebox.core.transport_contract import TransportContract


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return str(tmp_path)


class TestLocal(TransportContract):
    @pytest.fixture
    def transport(self) -> Transport:
        return LocalTransport()


class TestSsh(TransportContract):
    @pytest.fixture
    def transport(self, ssh: SshTransport) -> Transport:
        return ssh
