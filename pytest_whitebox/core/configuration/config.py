"""What a service is configured with, read with oslo.config's own rules."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NoReturn

from pytest_whitebox.core.errors import StackproofError

HIDDEN = "***"
_SECRET = re.compile(r"password|passwd|secret|token|connection|transport_url|credential|(^|_)key$", re.IGNORECASE)
#: Of these the values are taken out of logs; not ``service_token_roles = service``, which would take out every word.
_VALUE_IS_SECRET = re.compile(
    r"(password|passwd|secret|token|connection|transport_url|credentials?|key)$", re.IGNORECASE
)
_SHORTEST = 6
#: What stands for the path of an option that is set in the environment.
ENVIRONMENT = "environment"
_VARIABLE = re.compile(r"OS_(.+?)__(.+)")
_IN_URL = re.compile(r"(?<=://)[^/@\s]+(?=@)")


@dataclass(frozen=True, slots=True)
class Option:
    """One assignment in a file: the line is that of its first line, counted from 1; or in the environment, line 0.

    >>> Option("database", "connection", "mysql://nova:pw@db/nova", "/etc/nova/nova.conf", 7)
    Option([database] connection = ***, /etc/nova/nova.conf:7)
    """

    section: str
    name: str
    value: str
    path: str
    line: int

    @property
    def source(self) -> str:
        """Where it stands: file and line, or the name of the variable.

        >>> Option("DEFAULT", "debug", "true", ENVIRONMENT, 0).source
        'environment:OS_DEFAULT__DEBUG'
        """
        return f"{self.path}:{self.line or f'OS_{self.section}__{self.name}'.upper()}"

    def __repr__(self) -> str:
        shown = mask(self.name, self.value)
        return f"Option([{self.section}] {self.name} = {shown}, {self.source})"


@dataclass(frozen=True, repr=False)
class Config:
    """All that a service reads its options from; names of sections are in lower case, but for DEFAULT.

    References to other options (``$my_ip``) are followed where one of them is set; what has only a default in the
    service's own code is not known here, and stays as it is written.

    >>> text = b"[DEFAULT]\\nmy_ip = 10.0.0.1\\n[vnc]\\nserver = $my_ip\\n"
    >>> config = Config.from_files({"/etc/nova/nova.conf": text})
    >>> config.get("vnc", "server"), config.source("vnc", "server").source
    ('10.0.0.1', '/etc/nova/nova.conf:4')
    >>> config
    <Config: 2 options in /etc/nova/nova.conf>
    """

    options: tuple[Option, ...]
    paths: tuple[str, ...]

    @classmethod
    def from_files(cls, files: Mapping[str, bytes], environment: Mapping[str, str] | None = None) -> Config:
        """Parse files in the order in which the service reads them, and the variables that count for more.

        Raises `StackproofError` as the service would.
        """
        found = [option for path, data in files.items() for option in _parse(path, data)]
        return cls((*found, *_variables(environment or {})), tuple(files))

    def find(self, section: str, name: str) -> tuple[Option, ...]:
        """Every assignment of an option, the winning one last, with values as they are written."""
        wanted = normalized(section), name
        return tuple(option for option in self.options if (option.section, option.name) == wanted)

    def source(self, section: str, name: str, *deprecated: tuple[str, str]) -> Option | None:
        """The assignment that counts; see `get`."""
        if variables := [option for option in self.find(section, name) if option.path == ENVIRONMENT]:
            return variables[-1]
        for path in reversed(self.paths):
            for names in ((section, name), *deprecated):
                if found := [option for option in self.find(*names) if option.path == path]:
                    return found[-1]
        return None

    def get(self, section: str, name: str, *deprecated: tuple[str, str]) -> str | None:
        """The value that counts, or None if nothing sets the option.

        A variable of the environment counts for most, then the last file. ``deprecated`` are former names, as pairs
        of section and name: one in a later file counts for more than the new name in an earlier one.
        """
        found = self.source(section, name, *deprecated)
        return self._value(found) if found else None

    def get_all(self, section: str, name: str, *deprecated: tuple[str, str]) -> tuple[str, ...]:
        """All values of an option that may be given several times, in the order in which the service has them."""
        found: list[Option] = []
        for path in self.paths:
            for names in (*reversed(deprecated), (section, name)):
                found += [option for option in self.find(*names) if option.path == path]
        variable = [option for option in self.find(section, name) if option.path == ENVIRONMENT]
        return tuple(map(self._value, variable or found))

    def _value(self, option: Option, *followed: Option) -> str:
        """The value with its references followed; ``$$`` and ``\\$`` stand for the sign itself."""
        references = _References(self, (option, *followed))
        return _Template(option.value.replace(r"\$", "$$")).safe_substitute(references)

    def censor(self, text: str) -> str:
        """The text without the secrets that stand in these files.

        >>> Config.from_files({"a": b"[nova]\\npassword = hunter22\\n"}).censor("tried hunter22 at http://u:p@db")
        'tried *** at http://***@db'
        """
        for secret in sorted(self.secrets(), key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
        return _IN_URL.sub(HIDDEN, text)

    def secrets(self) -> set[str]:
        """The values that are secret, by the names of their options, and the passwords in addresses; no short words."""
        secret = [option for option in self.options if _VALUE_IS_SECRET.search(option.name)]
        values = {shown for option in secret for shown in (option.value, self._value(option))}
        in_urls = {found.partition(":")[2] for option in self.options for found in _IN_URL.findall(option.value)}
        return {value for value in values | in_urls if len(value) >= _SHORTEST}

    def __repr__(self) -> str:
        return f"<Config: {len(self.options)} options in {', '.join(self.paths) or 'no file'}>"


def normalized(section: str) -> str:
    """The name of a section as oslo.config compares it.

    >>> normalized("Compute"), normalized("DEFAULT"), normalized("Default")
    ('compute', 'DEFAULT', 'default')
    """
    return section if section == "DEFAULT" else section.lower()


def is_secret(name: str) -> bool:
    """True if the value of an option of this name is never shown.

    >>> is_secret("transport_url"), is_secret("metadata_proxy_shared_secret"), is_secret("cpu_shared_set")
    (True, True, False)
    """
    return bool(_SECRET.search(name))


def mask(name: str, value: object) -> str:
    """The value as it may be shown.

    >>> mask("admin_password", "x"), mask("auth_url", "http://me:pw@host/"), mask("vcpus", None)
    ('***', 'http://***@host/', 'unset')
    """
    if value is None:
        return "unset"
    return HIDDEN if is_secret(name) else _IN_URL.sub(HIDDEN, str(value))


class _Template(string.Template):
    """References as oslo.config writes them."""

    idpattern = r"[_a-z][._a-z0-9]*"


class _References(dict[str, str]):
    """What the references in an option lead to; ``followed`` are that option and those that led to it."""

    def __init__(self, config: Config, followed: tuple[Option, ...]) -> None:
        super().__init__()
        self._config, self._followed = config, followed

    def __missing__(self, key: str) -> str:
        group, dot, name = key.rpartition(".")
        places = [(group, name)] if dot else [(self._followed[0].section, name), ("DEFAULT", name)]
        found = next((option for place in places if (option := self._config.source(*place))), None)
        if found is None or found in self._followed:
            raise KeyError(key)
        return self._config._value(found, *self._followed)


def _variables(environment: Mapping[str, str]) -> Iterable[Option]:
    """The options among the variables of an environment: ``OS_COMPUTE__CPU_SHARED_SET``."""
    for variable, value in environment.items():
        if found := _VARIABLE.fullmatch(variable):
            yield Option(normalized(found[1]), found[2].lower(), value, ENVIRONMENT, 0)


def _parse(path: str, data: bytes) -> Iterable[Option]:
    """The assignments of one file in their order."""
    import io

    from oslo_config.iniparser import BaseParser, ParseError

    found: list[Option] = []

    class Parser(BaseParser):
        section: str | None = None
        line_of_key = 0

        def _split_key_value(self, line: str) -> tuple[str, list[str]]:
            if self.section is None:
                raise ParseError("Section must be started before assignment", self.lineno, line)
            self.line_of_key = self.lineno
            return super()._split_key_value(line)

        def new_section(self, section: str) -> None:
            self.section = normalized(section)

        def assignment(self, key: str, value: list[str]) -> None:
            found.append(Option(self.section or "", key, "\n".join(value), path, self.line_of_key))

    try:
        Parser().parse(io.StringIO(data.decode(errors="surrogateescape"), newline=None))
    except ParseError as error:
        _refuse(path, error.lineno, error.msg)
    return found


def _refuse(path: str, line: int, message: str) -> NoReturn:
    raise StackproofError(
        f"oslo.config cannot read {path}: {message} at line {line}", hint="the service would not start; mend the file"
    ) from None
