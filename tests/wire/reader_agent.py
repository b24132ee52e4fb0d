"""A service that reads its options with oslo.config, as OpenStack's do, and reports what it has read."""

from __future__ import annotations

import itertools
import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

from oslo_config import cfg

OPTIONS: dict[str, list[Any]] = {
    "DEFAULT": [cfg.StrOpt("my_ip"), cfg.StrOpt("debug")],
    "reader": [
        cfg.StrOpt("single"),
        cfg.MultiStrOpt("multi"),
        cfg.StrOpt("renamed", deprecated_group="DEFAULT", deprecated_name="old_name"),
        cfg.MultiStrOpt("renamed_multi", deprecated_group="DEFAULT", deprecated_name="old_multi"),
        cfg.StrOpt("refers"),
    ],
}


def read(arguments: list[str]) -> dict[str, Any]:
    """Every option that is set, as ``section.name``."""
    conf = cfg.ConfigOpts()
    for section, options in OPTIONS.items():
        conf.register_opts(options, group=None if section == "DEFAULT" else section)
    conf(arguments, project="reader")
    found = {
        f"{section}.{option.name}": conf[option.name] if section == "DEFAULT" else conf[section][option.name]
        for section, options in OPTIONS.items()
        for option in options
    }
    return {name: value for name, value in found.items() if value is not None}


def main(report: Path, arguments: list[str]) -> None:
    """Report ten times a second."""
    values = read(arguments)
    for count in itertools.count():
        new = report.with_suffix(".new")
        new.write_text(json.dumps({"pid": os.getpid(), "count": count, "values": values}))
        new.rename(report)
        threading.Event().wait(0.1)


if __name__ == "__main__":
    main(Path(os.environ["REPORT"]), sys.argv[1:])
