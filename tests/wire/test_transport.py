from __future__ import annotations

from pathlib import Path

import pytest

from pytest_whitebox.core.transports import LocalTransport, SshTransport, Transport
from pytest_whitebox.core.transports.contract import TransportContract


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
