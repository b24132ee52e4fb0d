"""What a service is configured with, read with oslo.config's own rules."""

from __future__ import annotations

import re
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
_IN_URL = re.compile(r"(?<=://)[^/@\s]+(?=@)")


@dataclass(frozen=True, slots=True)
class Option:
    """One assignment in a file: the line is that of its first line, counted from 1.

    >>> Option("database", "connection", "mysql://nova:pw@db/nova", "/etc/nova/nova.conf", 7)
    Option([database] connection = ***, /etc/nova/nova.conf:7)
    """

    section: str
    name: str
    value: str
    path: str
    line: int

    def __repr__(self) -> str:
        shown = mask(self.name, self.value)
        return f"Option([{self.section}] {self.name} = {shown}, {self.path}:{self.line})"


@dataclass(frozen=True, repr=False)
class Config:
    """All files of a service as it reads them; names of sections are in lower case, but for DEFAULT.

    References to other options (``$my_ip``) stay as they are written.

    >>> config = Config.from_files({"/etc/nova/nova.conf": b"[compute]\\ncpu_dedicated_set = 0-1\\n"})
    >>> config.get("compute", "cpu_dedicated_set")
    '0-1'
    >>> config
    <Config: 1 options in /etc/nova/nova.conf>
    """

    options: tuple[Option, ...]
    paths: tuple[str, ...]

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Config:
        """Parse files in the order in which the service reads them; raises `StackproofError` as the service would."""
        return cls(tuple(option for path, data in files.items() for option in _parse(path, data)), tuple(files))

    def find(self, section: str, name: str) -> tuple[Option, ...]:
        """Every assignment of an option, the winning one last."""
        wanted = normalized(section), name
        return tuple(option for option in self.options if (option.section, option.name) == wanted)

    def get(self, section: str, name: str) -> str | None:
        """The value that counts: the last one; None if the files do not set the option."""
        found = self.find(section, name)
        return found[-1].value if found else None

    def get_all(self, section: str, name: str) -> tuple[str, ...]:
        """All values of an option that may be given several times, in the order of the files."""
        return tuple(option.value for option in self.find(section, name))

    def censor(self, text: str) -> str:
        """The text without the secrets that stand in these files.

        >>> Config.from_files({"a": b"[nova]\\npassword = hunter22\\n"}).censor("tried hunter22 at http://u:p@db")
        'tried *** at http://***@db'
        """
        for secret in sorted(self._secrets(), key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
        return _IN_URL.sub(HIDDEN, text)

    def _secrets(self) -> set[str]:
        values = {option.value for option in self.options if _VALUE_IS_SECRET.search(option.name)}
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
