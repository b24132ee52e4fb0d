"""A deployer by its name and its file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pytest_whitebox.core.deployers import Deployer, deployers
from pytest_whitebox.core.errors import StackproofError


def deployer(name: str, file: Path | None, given: Mapping[str, Any] = MappingProxyType({})) -> Deployer:
    """Make a deployer of its file, or of what is ``given`` without one.

    Raises `StackproofError` for a name that is not installed, and for what is wrong in the file.
    """
    known = deployers()
    if name not in known:
        hint = f"choose from {', '.join(sorted(known)) or 'none is installed'}"
        raise StackproofError(f"no deployer is called {name!r}", hint=hint)
    return known[name](_read(file) if file else given)


def _read(file: Path) -> Mapping[str, Any]:
    import yaml

    try:
        found = yaml.safe_load(file.read_text()) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        said = error.strerror if isinstance(error, OSError) else " ".join(str(error).split())
        raise StackproofError(
            f"the deployer's file {file} cannot be read: {said}", hint="it is a mapping in YAML"
        ) from None
    if not isinstance(found, dict):
        raise StackproofError(f"the deployer's file {file} is no mapping", hint="write `steps:` and a list below it")
    return found
