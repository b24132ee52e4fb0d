"""Where the store and the folders of runs are, for pytest and for the command line alike."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.rundirectory import RunDirectory

#: Below the root of a project.
FOLDER = ".stackproof/upgrades"


@dataclass(frozen=True, slots=True)
class Places:
    """The folder of all runs, and the URL of the store.

    >>> Places(Path("/lab/.stackproof/upgrades")).url
    'sqlite:////lab/.stackproof/upgrades/store.sqlite'
    """

    folder: Path
    given: str = ""

    @property
    def url(self) -> str:
        """The URL that was given, or that of the `file`."""
        return self.given or f"sqlite:///{self.file}"

    @property
    def is_shared(self) -> bool:
        """True if others may use the store who do not have the folder."""
        return self.given not in ("", f"sqlite:///{self.file}")

    @property
    def file(self) -> Path:
        """The store of its own that the folder has, if no other is given."""
        return self.folder.absolute() / "store.sqlite"

    def directory(self, name: str) -> RunDirectory:
        """The folder of a run: its secrets, its locks, its logs."""
        return RunDirectory(self.folder, name)


def below(start: Path) -> Path:
    """The folder of runs of the project that a folder is in: the nearest one upwards that has any, else its own."""
    found = (place / FOLDER for place in (start, *start.parents) if (place / FOLDER).is_dir())
    return next(found, start / FOLDER)


def without_password(url: str, source: str) -> str:
    """The URL, unless it was given on a command line, which every user of the machine may read, with a password in it.

    >>> without_password("mysql+pymysql://lab@db/stackproof", "--upgrade-store")
    'mysql+pymysql://lab@db/stackproof'
    """
    if source.startswith("--") and urlsplit(url).password:
        raise StackproofError(
            f"the URL of {source} has a password in it, and every user of this machine can read command lines",
            hint="put the URL into $UPGRADE_STORE, or the password into a file: ?read_default_file=~/.my.cnf",
        )
    return url
