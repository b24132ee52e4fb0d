"""Options of tempest.conf that a job may set: none that names a file, an address, a log or a secret."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

#: At most so many options in one job.
MOST = 64
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
# No line ends, no `$`, which oslo.config would look up, and no beginning that is somebody's option.
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._:/-]{0,127}\Z")
_MICROVERSION = re.compile(r"(\d{1,3}\.\d{1,4}|latest)\Z")
_DAY = 86_400


def _boolean(value: object) -> str | None:
    return str(value) if isinstance(value, bool) else None


def _number(value: object) -> str | None:
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _DAY
    return str(value) if fits else None


def _word(value: object) -> str | None:
    return value if isinstance(value, str) and _WORD.match(value) else None


def _microversion(value: object) -> str | None:
    return value if isinstance(value, str) and _MICROVERSION.match(value) else None


Rule = tuple[Callable[[object], str | None], str]
_BOOLEAN: Rule = (_boolean, "true or false")
_NUMBER: Rule = (_number, f"a whole number from 0 to {_DAY}")
_TEXT: Rule = (_word, "letters, digits, blanks and ._:/-, at most 128")
_VERSION: Rule = (_microversion, "a microversion such as 2.79, or latest")
_MICROVERSIONS = {"min_microversion": _VERSION, "max_microversion": _VERSION}

#: Sections of switches: each option of theirs is a boolean, or a list, which a job leaves as it is.
SWITCHES = (
    "service_available", "compute-feature-enabled", "identity-feature-enabled", "image-feature-enabled",
    "network-feature-enabled", "object-storage-feature-enabled", "volume-feature-enabled",
)  # fmt: skip
#: The other sections, option by option.
OPTIONS: Mapping[str, Mapping[str, Rule]] = {
    "compute": {
        "flavor_ref": _TEXT, "flavor_ref_alt": _TEXT, "image_ref": _TEXT, "image_ref_alt": _TEXT,
        "fixed_network_name": _TEXT, "volume_device_name": _TEXT, "min_compute_nodes": _NUMBER,
        "build_timeout": _NUMBER, "build_interval": _NUMBER, "ready_wait": _NUMBER, "shelved_offload_time": _NUMBER,
        **_MICROVERSIONS,
    },
    "image": {"build_timeout": _NUMBER, "build_interval": _NUMBER},
    "network": {
        "public_network_id": _TEXT, "floating_network_name": _TEXT, "build_timeout": _NUMBER, "build_interval": _NUMBER,
        "shared_physical_network": _BOOLEAN, "project_networks_reachable": _BOOLEAN,
    },
    "placement": _MICROVERSIONS,
    "validation": {
        "run_validation": _BOOLEAN, "image_ssh_user": _TEXT, "connect_method": _TEXT, "ping_timeout": _NUMBER,
        "ssh_timeout": _NUMBER, "connect_timeout": _NUMBER, "network_for_ssh": _TEXT,
    },
    "volume": {
        "build_timeout": _NUMBER, "build_interval": _NUMBER, "volume_size": _NUMBER, "volume_size_extend": _NUMBER,
        "volume_type": _TEXT, "disk_format": _TEXT, **_MICROVERSIONS,
    },
}  # fmt: skip

Overrides = Mapping[str, Mapping[str, str]]


def problems(given: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """What is wrong with overrides: where, and what belongs there.

    >>> list(problems({"compute": {"min_compute_nodes": "2; x"}}))
    [('compute.min_compute_nodes', 'takes a whole number from 0 to 86400')]
    """
    for section, options in given.items():
        if section not in SWITCHES and section not in OPTIONS:
            yield section, "is no section that a job may set"
        elif not isinstance(options, dict):
            yield section, "takes options with their values"
        else:
            yield from (
                (f"{section}.{name}", why) for name, value in options.items() if (why := _why(section, name, value))
            )
    if sum(len(options) for options in given.values() if isinstance(options, dict)) > MOST:
        yield "", f"are more than {MOST} options"


def written(given: Mapping[str, Mapping[str, object]]) -> dict[str, dict[str, str]]:
    """Overrides without `problems` as tempest.conf has them.

    >>> written({"compute": {"min_compute_nodes": 2}, "service_available": {"swift": False}})
    {'compute': {'min_compute_nodes': '2'}, 'service_available': {'swift': 'False'}}
    """
    return {
        section: {name: str(value) for name, value in options.items()} for section, options in given.items() if options
    }


def _why(section: str, name: str, value: object) -> str:
    """What is wrong with one option, nothing if it is well."""
    rule = _BOOLEAN if section in SWITCHES and _NAME.match(name) else OPTIONS.get(section, {}).get(name)
    if rule is None:
        return "is no option that a job may set"
    return "" if rule[0](value) is not None else f"takes {rule[1]}"
