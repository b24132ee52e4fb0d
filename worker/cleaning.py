"""The cloud after a job: what its tests have left there goes, and what they have changed is set back.

That is pytest-cleanup's work: a snapshot before the first test and a restore after the last, in the worker's own
environment, and in between a plugin of the run that writes down what its tests make. Nothing else is touched.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Timer

from . import own
from .calling import Say, called
from .locking import alone
from .standalone import command

#: The plugin of the run.
PLUGIN = "pytest_cleanup.noting"
_CLEANUP = "pytest_cleanup.cli"
#: Seconds that each of both may take.
LONGEST = 900.0


@dataclass(frozen=True, slots=True)
class Cleaning:
    """A cloud by its entry in a clouds.yaml, and a folder of the job for what is to be remembered."""

    clouds: Path
    name: str
    folder: Path
    cache: Path

    def remember(self, say: Say, stopped: Event) -> bool:
        """Write down what the cloud has; False if it does not tell, and then nothing will be removed."""
        words = ["snapshot", "--output", str(self._snapshot)]
        self._called(words, say, stopped)
        return self._snapshot.is_file()

    def restore(self, run: Path, say: Say) -> str:
        """Remove what goes back to a run, by its folder; returns what is wrong with the cloud then, in words.

        It is done to its end also if the job is to stop, but for `LONGEST`; one at a time, of the jobs of this cache.
        """
        if not any(run.glob("acts/*")):
            return ""
        late = Event()
        timer = Timer(LONGEST, late.set)
        timer.start()
        try:
            with alone(self.cache / "cleaning" / self.name):
                words = ["restore", "--snapshot", str(self._snapshot), "--scope", f"run:{run}"]
                status = self._called(words, say, late)
        finally:
            timer.cancel()
        return "" if status == 0 else "the cloud is not as it was before; see the log of the job"

    @property
    def _snapshot(self) -> Path:
        return self.folder / "cloud.json"

    def _called(self, words: Sequence[str], say: Say, stopped: Event) -> int:
        python = own.python(self.cache, say, stopped)
        known = {name: value for name, value in os.environ.items() if not name.startswith("OS_")}
        known["OS_CLIENT_CONFIG_FILE"] = str(self.clouds)
        verb, *more = words
        return called(
            [*command(_CLEANUP, python), verb, "--os-cloud", self.name, *more], known, say, stopped, self.folder
        )
