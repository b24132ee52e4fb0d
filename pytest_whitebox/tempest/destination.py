"""Where the results of a guideline's tests go, and what is said of them there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pytest_whitebox.core import refstack
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.setting import Settings
from pytest_whitebox.tempest import settings
from pytest_whitebox.tempest.interop import Interop


@dataclass(frozen=True, slots=True)
class Destination:
    """An address of Refstack's API, if results go anywhere; a key that signs them, and whose it is by his OpenID."""

    url: str = ""
    key: Path | None = None
    openid: str = ""
    shared: bool = False

    @classmethod
    def from_settings(cls, given: Settings, folder: Path) -> Destination:
        """What the user asks for; raises `StackproofError` for what cannot be without something else."""
        url, key = settings.UPLOAD.read(given)[0], settings.KEY.read(given)[0]
        (openid, by), (shared, wish) = settings.OPENID.read(given), settings.SHARE.read(given)
        if openid and not key:
            raise StackproofError(f"{by} is of use only with a key", hint="name it with --interop-key")
        if shared and not openid:
            hint = "say whose the key is, with --interop-openid; what nobody has signed is public anyway"
            raise StackproofError(f"{wish} is of use only for results that are somebody's", hint=hint)
        return cls(url, folder / Path(key).expanduser() if key else None, openid, shared)

    def send(self, body: bytes, interop: Interop) -> Iterator[str]:
        """Send results, signed if there is a key, and tell what was done."""
        if not self.url:
            return
        done = refstack.upload(self.url, body, refstack.signature(body, self.key) if self.key else {})
        yield f"results uploaded: {done.url}"
        if self.key and self.openid:
            # Refstack's pages look the guideline up by the name of its file.
            meta = {"guideline": f"{interop.guideline.id}.json", "target": interop.target}
            told = {**meta, **({"shared": "true"} if self.shared else {})}
            refstack.annotate(self.url, done.id, told, key=self.key, openid=self.openid)
            yield f"results are said to be of {interop.guideline.id}, {interop.target}{', public' * self.shared}"
