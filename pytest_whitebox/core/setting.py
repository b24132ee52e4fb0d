"""A knob that the user can turn: one declaration feeds the option, the environment variable and the ini key."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from pytest_whitebox.core.errors import StackproofError

T = TypeVar("T")
_WORDS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


class OptionGroup(Protocol):
    """What a command line has for options: pytest's parser, a group of it, or anything alike."""

    def addoption(self, *names: str, **attributes: Any) -> None:
        """Declare an option."""


class IniKeys(Protocol):
    """What a command line has for keys in a configuration file."""

    def addini(self, name: str, help: str, type: Any = None, default: Any = None) -> None:
        """Declare a key."""


class Settings(Protocol):
    """Where what the user gave is looked up."""

    def getoption(self, name: str, default: Any = None) -> Any:
        """The value of an option, by its destination."""

    def getini(self, name: str) -> Any:
        """The value of a key."""


def boolean(text: str) -> bool:
    """Convert what people write for yes and no.

    >>> boolean("Yes"), boolean("0")
    (True, False)
    """
    try:
        return _WORDS[text.strip().lower()]
    except KeyError:
        raise ValueError(f"{text!r} is neither yes nor no") from None


@dataclass(frozen=True)
class Setting(Generic[T]):
    """One knob: option, environment, ini and default, in that order; an empty text counts as not given.

    ``convert`` turns text into the value and raises `ValueError` for nonsense; with `boolean` the option takes
    no argument. With ``const`` the argument may be left out, and that is what it then says. Leave ``env`` or
    ``ini`` empty to have no such door.

    >>> timeout = Setting("--boot-timeout", "BOOT_TIMEOUT", "boot_timeout", 60.0, "seconds to boot", convert=float)
    >>> timeout.choose(None, {"BOOT_TIMEOUT": "90"}, "120")
    (90.0, '$BOOT_TIMEOUT')
    """

    option: str
    env: str
    ini: str
    default: T
    help: str
    convert: Callable[[str], T]
    metavar: str | None = None
    choices: Sequence[str] | None = None
    const: str | None = None

    @property
    def destination(self) -> str:
        """The attribute of the parsed command line.

        >>> Setting("--os-cloud", "OS_CLOUD", "os_cloud", "", "the cloud", convert=str).destination
        'os_cloud'
        """
        return self.option.lstrip("-").replace("-", "_")

    def register(self, options: OptionGroup, keys: IniKeys) -> None:
        """Declare the option and the ini key."""
        if self.convert is boolean:
            shape: dict[str, Any] = {"action": "store_const", "const": "yes"}
        else:
            shape = {"metavar": self.metavar, "choices": self.choices}
        if self.const is not None:
            shape |= {"nargs": "?", "const": self.const}
        options.addoption(self.option, dest=self.destination, default=None, help=self.sentence, **shape)
        if self.ini:
            keys.addini(self.ini, self.sentence, default=None)

    @property
    def sentence(self) -> str:
        """The help, and the other doors.

        >>> Setting("--os-cloud", "OS_CLOUD", "os_cloud", "", "the cloud", convert=str).sentence
        'the cloud (also $OS_CLOUD, ini os_cloud)'
        """
        doors = [*([f"${self.env}"] if self.env else []), *([f"ini {self.ini}"] if self.ini else [])]
        return f"{self.help} (also {', '.join(doors)})" if doors else self.help

    def read(self, config: Settings, environ: Mapping[str, str] = os.environ) -> tuple[T, str]:
        """The value that counts and where it came from."""
        ini = config.getini(self.ini) if self.ini else None
        return self.choose(config.getoption(self.destination, None), environ, ini)

    def choose(self, option: str | None, environ: Mapping[str, str], ini: str | None) -> tuple[T, str]:
        """The first that was given, converted, and its source; raises `StackproofError` if it is nonsense."""
        given = ((option, self.option), (environ.get(self.env), f"${self.env}"), (ini, f"ini {self.ini}"))
        for text, source in given:
            if text:
                return self._converted(text, source), source
        return self.default, "default"

    def _converted(self, text: str, source: str) -> T:
        try:
            if self.choices and text not in self.choices:
                raise ValueError(f"{text!r} is none of {', '.join(self.choices)}")
            return self.convert(text)
        except ValueError as error:
            raise StackproofError(f"{source} is wrong: {error}", hint=f"it gives {self.help}") from None
