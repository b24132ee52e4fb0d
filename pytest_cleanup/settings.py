"""The knobs of this plugin."""

from __future__ import annotations

from pytest_whitebox.core.setting import Setting, boolean

OFF = "off"

MODE = Setting(
    "--cleanup", "CLEANUP_MODE", "cleanup_mode", OFF,
    "what becomes of what a run leaves in the cloud: report names it and its cause, dry-run prints how it would be "
    "removed, preserve removes it, all removes everything there is",
    convert=str, choices=(OFF, "report", "dry-run", "preserve", "all"),
)  # fmt: skip
LEAKS = Setting(
    "--cleanup-leaks", "CLEANUP_LEAKS", "cleanup_leaks", OFF,
    "whether a test is warned of, or fails for, what it leaves in the cloud",
    convert=str, choices=(OFF, "warn", "fail"),
)  # fmt: skip
SNAPSHOT = Setting(
    "--cleanup-snapshot", "CLEANUP_SNAPSHOT", "cleanup_snapshot", "",
    "snapshot of `pytest-cleanup snapshot` to return to; by default one is taken before the first test",
    convert=str, metavar="FILE",
)  # fmt: skip
SCOPE = Setting(
    "--cleanup-scope", "CLEANUP_SCOPE", "cleanup_scope", "run",
    "whose things may be removed: run (what goes back to this run), project:NAME, or cloud (whoever made it)",
    convert=str, metavar="SCOPE",
)  # fmt: skip
EMPTIED = Setting(
    "--cleanup-emptied", "CLEANUP_EMPTIED", "cleanup_emptied", "",
    "kind of which there may be none left, though there were some in the snapshot; several with commas",
    convert=str, metavar="KIND",
)  # fmt: skip
FIXUPS = Setting(
    "--cleanup-fixup", "CLEANUP_FIXUP", "cleanup_fixup", "",
    "change of a service's database that may be made for what no API removes; several with commas",
    convert=str, metavar="NAME",
)  # fmt: skip
EVERYTHING = Setting(
    "--cleanup-yes-delete-everything", "", "", False,
    "the second word that --cleanup=all asks for", convert=boolean,
)  # fmt: skip

SETTINGS = (MODE, LEAKS, SNAPSHOT, SCOPE, EMPTIED, FIXUPS, EVERYTHING)
