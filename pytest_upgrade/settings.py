"""The knobs of this plugin."""

from __future__ import annotations

from pytest_upgrade.ending import seconds
from pytest_upgrade.verdicts.thresholds import Thresholds
from pytest_whitebox.core.setting import Setting, boolean


def _release(text: str) -> str:
    from pytest_upgrade.release.table import known

    return known(text)


def _thresholds(text: str) -> Thresholds:
    return Thresholds.given(text.split(","))


PHASE = Setting(
    "--phase", "UPGRADE_PHASE", "", "", "run the tests of one phase of an upgrade, and no others",
    convert=str, choices=("pre", "during", "post"), metavar="PHASE",
)  # fmt: skip
RUN = Setting(
    "--upgrade-run", "UPGRADE_RUN", "", "",
    "the run that a phase belongs to, or `new`; by default the open run of this cloud, and a new one in pre",
    convert=str, metavar="RUN",
)  # fmt: skip
STORE = Setting(
    "--upgrade-store", "UPGRADE_STORE", "upgrade_store", "",
    "URL of the store; by default a SQLite file in the folder of runs", convert=str, metavar="URL",
)  # fmt: skip
RUNS = Setting(
    "--upgrade-runs", "UPGRADE_RUNS", "upgrade_runs", "",
    "folder that gets a folder for each run; by default .stackproof/upgrades", convert=str, metavar="FOLDER",
)  # fmt: skip

UNTIL = Setting(
    "--upgrade-until", "UPGRADE_UNTIL", "", "",
    "a file that ends --phase=during when it appears", convert=str, metavar="FILE",
)  # fmt: skip
FOR = Setting(
    "--upgrade-for", "UPGRADE_FOR", "", 0.0,
    "the time after which --phase=during ends, as in 30m", convert=seconds, metavar="TIME",
)  # fmt: skip
FROM = Setting(
    "--upgrade-from", "UPGRADE_FROM", "upgrade_from", "",
    "the release before the upgrade, as in 2025.1", convert=_release, metavar="RELEASE",
)  # fmt: skip
TO = Setting(
    "--upgrade-to", "UPGRADE_TO", "upgrade_to", "",
    "the release after the upgrade, or master", convert=_release, metavar="RELEASE",
)  # fmt: skip
KEEP = Setting(
    "--upgrade-keep", "UPGRADE_KEEP", "upgrade_keep", False,
    "leave the run open after a post in which all that it kept was found well", convert=boolean,
)  # fmt: skip

LIMITS = Setting(
    "--upgrade-set", "UPGRADE_SET", "upgrade_set", Thresholds(),
    "other thresholds of verdicts, as in baseline=900,single=1", convert=_thresholds, metavar="NAME=NUMBER,…",
)  # fmt: skip

SETTINGS = (PHASE, RUN, STORE, RUNS, UNTIL, FOR, FROM, TO, KEEP, LIMITS)
