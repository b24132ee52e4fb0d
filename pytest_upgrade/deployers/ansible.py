"""A deployer made of Ansible's playbooks: plays, tasks and what they did on which host are the events of a step.

Ansible itself tells of them, by a callback plugin of ours. Not ansible-runner: that writes what modules were given and
have found, and the environment, into files, which stay when it is killed.
"""

from __future__ import annotations

import json
import os
import shutil
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

from pytest_upgrade.deployers import steps
from pytest_whitebox.core.deployers import Outcome, Step
from pytest_whitebox.core.deployers.program import Told
from pytest_whitebox.core.errors import StackproofError

_KEYS = frozenset(
    {"preset", "binaries", "project", "playbook", "inventory", "variables", "arguments", "environment", "steps"}
)
_STEP = frozenset({"playbook", "tags", "limit", "arguments"})
#: What a line begins with that our callback plugin writes.
_TELLS = "\x1e"
#: Where Ansible looks for callback plugins itself.
_USUAL = "~/.ansible/plugins/callback:/usr/share/ansible/plugins/callback"


@dataclass(frozen=True, slots=True)
class Planned:
    """A step, its playbook, and the words for `ansible-playbook` that are its own."""

    step: Step
    playbook: str
    words: tuple[str, ...]

    @classmethod
    def from_mapping(cls, number: int, given: Any, playbook: str = "") -> Planned:
        """Read a step, whose playbook is another one only where it says so; raises `StackproofError`."""
        if not isinstance(given, dict):
            raise steps.wrong(number, "it is no mapping")
        playbook = str(given.get("playbook") or playbook)
        if not playbook:
            raise steps.wrong(number, "it has no `playbook`, and the file names none for all")
        tags, limit = _words(number, given, "tags"), _words(number, given, "limit")
        words = (*(("--tags", ",".join(tags)) if tags else ()), *(("--limit", ",".join(limit)) if limit else ()))
        title = " ".join((playbook, *words))
        return cls(steps.step_of(number, given, title, _STEP), playbook, (*words, *_words(number, given, "arguments")))


class Ansible(steps.Described[Planned]):
    """``{playbook: upgrade.yml, inventory: hosts, steps: [{service: nova, tags: [nova]}]}``, or ``{preset: NAME}``.

    Each step is a run of ansible-playbook, read while it runs.
    """

    name = "ansible"

    def __init__(self, config: Mapping[str, Any]) -> None:
        steps.refuse_other_keys(config, _KEYS)
        given = {**_preset(str(config["preset"]) if config.get("preset") else ""), **config}
        playbook = str(given.get("playbook") or "")
        self._project = Path(given.get("project") or ".").absolute()
        self._path = os.pathsep.join(filter(None, (str(given.get("binaries") or ""), os.environ.get("PATH"))))
        self._environment = {str(name): str(value) for name, value in (given.get("environment") or {}).items()}
        self._words = (
            *(word for path in _listed(given, "inventory") for word in ("-i", str(Path(path).absolute()))),
            *(word for path in _variables(_listed(given, "variables")) for word in ("-e", f"@{path}")),
            *_listed(given, "arguments"),
        )
        described = given.get("steps") or [{"id": "upgrade"}]
        super().__init__(steps.read(described, partial(Planned.from_mapping, playbook=playbook)))
        self._program = self._found()

    def way(self, planned: Planned) -> steps.Way:
        """Its playbook; the output is what Ansible shows, without what modules were given."""
        failures: list[str] = []

        def told(line: str) -> Told | None:
            found = _told(line)
            if found and found.ok is False:
                failures.append(f"{found.host}: {found.text}")
            return found

        def ended(outcome: Outcome) -> Outcome:
            shown = _shown(outcome.output.decode(errors="replace"))
            text = "; ".join(dict.fromkeys(failures)) or _ended(outcome.text, shown)
            return Outcome(outcome.ok, "" if outcome.ok else text, shown.encode())

        command = [self._program, planned.playbook, *self._words, *planned.words]
        return steps.Way(command, self._variables(), told, self._project, ended)

    def _variables(self) -> Mapping[str, str]:
        given = {**os.environ, "PATH": self._path, **self._environment}
        callbacks = (str(Path(__file__).parent / "callbacks"), given.get("ANSIBLE_CALLBACK_PLUGINS") or _USUAL)
        own = {
            "ANSIBLE_CALLBACK_PLUGINS": os.pathsep.join(callbacks),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_FORCE_COLOR": "0",
        }
        return {**given, **own}

    def _found(self) -> str:
        """The program; raises `StackproofError` if it or a playbook is missing."""
        for one in self._planned.values():
            # A name without an ending is a playbook of a collection.
            if one.playbook.endswith((".yml", ".yaml")) and not (self._project / one.playbook).is_file():
                raise StackproofError(
                    f"there is no playbook {self._project / one.playbook}", hint="see `project` and `playbook`"
                )
        if (program := shutil.which("ansible-playbook", path=self._path)) is None:
            raise StackproofError("there is no ansible-playbook on the PATH", hint="name its folder as `binaries`")
        return str(Path(program).absolute())


def _preset(name: str) -> Mapping[str, Any]:
    """What a tool's name stands for; empty for none. Raises `StackproofError` for one that is not known or not here."""
    if not name:
        return {}
    known = tomllib.loads(files("pytest_upgrade.deployers").joinpath("presets.toml").read_text())
    if name not in known:
        raise StackproofError(f"no preset is called {name!r}", hint=f"choose from {', '.join(sorted(known))}")
    found = known[name]
    if (program := shutil.which(found.pop("program"))) is None:
        raise StackproofError(f"there is no {name} on the PATH", hint="activate the environment that it is in")
    variable, folder = found.pop("folder")
    names = {"prefix": str(Path(program).parent.parent), "config": os.environ.get(variable) or folder}
    return {key: _filled(value, names) for key, value in found.items()}


def _filled(value: Any, names: Mapping[str, str]) -> Any:
    """A text with its names filled in, and so each text of a list."""
    if isinstance(value, list):
        return [_filled(one, names) for one in value]
    return value.format(**names) if isinstance(value, str) else value


def _listed(given: Mapping[str, Any], key: str) -> Sequence[str]:
    value = () if given.get(key) is None else given[key]
    if isinstance(value, (str, Path)):
        return (str(value),)
    if not isinstance(value, (list, tuple)):
        raise StackproofError(f"`{key}` of the deployer's file is no list", hint="see docs/upgrade.md")
    return tuple(map(str, value))


def _words(number: int, given: Mapping[str, Any], key: str) -> Sequence[str]:
    try:
        return _listed(given, key)
    except StackproofError:
        raise steps.wrong(number, f"its {key} are no list") from None


def _variables(patterns: Sequence[str]) -> Iterator[str]:
    """The files of variables, the later ones counting more; a pattern may fit none, a name must be there."""
    for pattern in patterns:
        path = Path(pattern).absolute()
        found = sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor))))
        if not found and not any(sign in pattern for sign in "*?["):
            raise StackproofError(f"there is no file of variables {pattern}", hint="see `variables`")
        yield from map(str, found)


def _told(line: str) -> Told | None:
    """What a line of our callback plugin tells; None for one of Ansible's own.

    >>> _told('\x1e{"text": "db sync: changed", "host": "ctl1", "ok": true}')
    Told(text='db sync: changed', host='ctl1', ok=True)
    >>> _told("changed: [ctl1]") is None
    True
    """
    if not line.startswith(_TELLS):
        return None
    try:
        return Told(**json.loads(line.removeprefix(_TELLS)))
    except (ValueError, TypeError):
        return None


def _shown(output: str) -> str:
    """What Ansible itself has written."""
    # To `splitlines`, RS is the end of a line.
    return "\n".join(line for line in output.split("\n") if not line.startswith(_TELLS))


def _ended(said: str, shown: str) -> str:
    """How a run ended that tells of no failed task, with what Ansible calls an error, or with its last line.

    >>> _ended("exited with 4: {}", "[ERROR]: no such module\\nOrigin: upgrade.yml:5:5\\n")
    'exited with 4: [ERROR]: no such module'
    """
    lines = [line.strip() for line in reversed(shown.splitlines()) if line.strip()]
    told = next((line for line in lines if line.startswith(("[ERROR]", "ERROR!"))), next(iter(lines), ""))
    return ": ".join(filter(None, (said.partition(": ")[0], told)))
