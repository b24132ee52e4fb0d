"""What an observer is told over its standard input: never a command line, which everybody can read."""

from __future__ import annotations

import json
import ssl
from dataclasses import asdict, dataclass
from pathlib import Path

from pytest_upgrade.observers.lane import Lane
from pytest_upgrade.observers.left_out import LeftOut
from pytest_upgrade.observers.login import Credentials


@dataclass(frozen=True)
class Assignment:
    """``longest`` is the seconds after which it ends by itself; ``cafile`` of an authority, empty for the system's.

    ``prefix`` is how the names of all begin that its canaries make.
    """

    folder: Path
    lanes: tuple[Lane, ...]
    credentials: Credentials | None = None
    longest: float = 24 * 3600.0
    cafile: str = ""
    verify: bool = True
    prefix: str = ""
    left_out: tuple[LeftOut, ...] = ()

    def to_json(self) -> str:
        """As it goes through the pipe."""
        row = {
            "folder": str(self.folder), "lanes": [asdict(lane) for lane in self.lanes], "longest": self.longest,
            "cafile": self.cafile, "verify": self.verify, "prefix": self.prefix,
            "login": {"url": self.credentials.url, "body": self.credentials.body} if self.credentials else None,
            "left_out": [asdict(one) for one in self.left_out],
        }  # fmt: skip
        return json.dumps(row)

    @classmethod
    def from_json(cls, text: str) -> Assignment:
        """What `to_json` has written."""
        row = json.loads(text)
        lanes = tuple(map(Lane.from_json, row["lanes"]))
        login = Credentials(**row["login"]) if row["login"] else None
        left_out = tuple(LeftOut(Lane.from_json(one["lane"]), one["why"]) for one in row["left_out"])
        folder = Path(row["folder"])
        return cls(folder, lanes, login, row["longest"], row["cafile"], row["verify"], row["prefix"], left_out)

    @property
    def tls(self) -> ssl.SSLContext:
        """Whom to trust."""
        context = ssl.create_default_context(cafile=self.cafile or None)
        if not self.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context
