"""The knobs of this plugin."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pytest_upgrade.configured.configuration import OPTION, VARIABLE, Configuration
from pytest_upgrade.phases.ending import seconds
from pytest_upgrade.verdicts.thresholds import Thresholds
from pytest_whitebox.core.setting import Setting, Settings, boolean

T = TypeVar("T")

CONFIG = Setting(
    OPTION, VARIABLE, "upgrade_config", "",
    "file of options; by default upgrade.toml in the project's root or above", convert=str, metavar="FILE",
)  # fmt: skip


@dataclass(frozen=True)
class Knob(Setting[T]):
    """A setting that may stand in ``upgrade.toml``, too: there it counts less than everywhere else."""

    def read(self, config: Settings, environ: Mapping[str, str] = os.environ) -> tuple[T, str]:
        """The value that counts and where it came from."""
        value, source = super().read(config, environ)
        return self.or_else(configuration(config, environ)) if source == "default" else (value, source)

    def or_else(self, found: Configuration) -> tuple[T, str]:
        """The value that a file has for it, and where it stands; else the default."""
        text = found.given(self.option, self.metavar)
        if not text:
            return self.default, "default"
        source = f"{self.option.removeprefix('--')} in {found.where(self.option.removeprefix('--'))}"
        return self._converted(text, source), source


def configuration(config: Settings, environ: Mapping[str, str] = os.environ) -> Configuration:
    """The file of a pytest run; raises `StackproofError` if it cannot be read."""
    given, _ = CONFIG.read(config, environ)
    root: Path = getattr(config, "rootpath", Path.cwd())
    return Configuration.near(root, str(root / given) if given else "")


def _release(text: str) -> str:
    from pytest_upgrade.release.table import known

    return known(text)


def _thresholds(text: str) -> Thresholds:
    return Thresholds.given(text.split(","))


PHASE = Knob(
    "--phase", "UPGRADE_PHASE", "", "", "run the tests of one phase of an upgrade, and no others",
    convert=str, choices=("pre", "during", "post"), metavar="PHASE",
)  # fmt: skip
RUN = Knob(
    "--upgrade-run", "UPGRADE_RUN", "", "",
    "the run that a phase belongs to, or `new`; by default the open run of this cloud, and a new one in pre",
    convert=str, metavar="RUN",
)  # fmt: skip
STORE = Knob(
    "--upgrade-store", "UPGRADE_STORE", "upgrade_store", "",
    "URL of the store; by default a SQLite file in the folder of runs", convert=str, metavar="URL",
)  # fmt: skip
RUNS = Knob(
    "--upgrade-runs", "UPGRADE_RUNS", "upgrade_runs", "",
    "folder that gets a folder for each run; by default .stackproof/upgrades", convert=str, metavar="FOLDER",
)  # fmt: skip

UNTIL = Knob(
    "--upgrade-until", "UPGRADE_UNTIL", "", "",
    "a file that ends --phase=during when it appears", convert=str, metavar="FILE",
)  # fmt: skip
FOR = Knob(
    "--upgrade-for", "UPGRADE_FOR", "", 0.0,
    "the time after which --phase=during ends, as in 30m", convert=seconds, metavar="TIME",
)  # fmt: skip
LOOK = Knob(
    "--upgrade-look", "UPGRADE_LOOK", "", False,
    "in --phase=during only look at what is now: leave out the tests that judge its end", convert=boolean,
)  # fmt: skip
FROM = Knob(
    "--upgrade-from", "UPGRADE_FROM", "upgrade_from", "",
    "the release before the upgrade, as in 2025.1", convert=_release, metavar="RELEASE",
)  # fmt: skip
TO = Knob(
    "--upgrade-to", "UPGRADE_TO", "upgrade_to", "",
    "the release after the upgrade, or master", convert=_release, metavar="RELEASE",
)  # fmt: skip
KEEP = Knob(
    "--upgrade-keep", "UPGRADE_KEEP", "upgrade_keep", False,
    "leave the run open after a post in which all that it kept was found well", convert=boolean,
)  # fmt: skip

SMOKE = Knob(
    "--upgrade-smoke", "UPGRADE_SMOKE", "upgrade_smoke", 0.0,
    "in each phase also run tests marked smoke, of each service in turn as many as take so long, as in 5m",
    convert=seconds, metavar="TIME",
)  # fmt: skip

LIMITS = Knob(
    "--upgrade-set", "UPGRADE_SET", "upgrade_set", Thresholds(),
    "other thresholds of verdicts, as in baseline=900,single=1", convert=_thresholds, metavar="NAME=NUMBER,…",
)  # fmt: skip

KNOBS = (PHASE, RUN, STORE, RUNS, UNTIL, FOR, LOOK, FROM, TO, KEEP, SMOKE, LIMITS)
SETTINGS = (CONFIG, *KNOBS)
