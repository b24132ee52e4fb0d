"""Tables made from the code, so that they cannot be out of date: ``{settings}``, ``{releases}``, …"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from pytest_whitebox.core.domain.part import Fact, Part, facts_of

_SAMPLES = Path(__file__).parents[1] / "acceptance" / "faults.json"


class _Table(SphinxDirective):
    """A directive that writes Markdown and has it parsed in its place; its argument names a plugin."""

    optional_arguments = 1

    @property
    def plugin(self) -> str:
        """The package of the plugin that it is about."""
        return str(self.arguments[0]) if self.arguments else "pytest_whitebox"

    def run(self) -> list[nodes.Node]:
        """Parse what the subclass writes."""
        return list(self.parse_text_to_nodes("\n".join(self.lines())))

    def lines(self) -> Iterator[str]:
        """The Markdown."""
        raise NotImplementedError


class Settings(_Table):
    """Each `Setting`: its option, its other doors, its default."""

    def lines(self) -> Iterator[str]:
        """One definition per setting."""
        for setting in import_module(f"{self.plugin}.settings").SETTINGS:
            known = (("environment", setting.env), ("ini", setting.ini), ("default", setting.default))
            doors = [f"{door} `{name}`" for door, name in known if name]
            word = f"{setting.option} {setting.metavar or ''}".strip()
            yield f"`{word}`\n: {setting.help}; {', '.join(doors)}\n"


class Markers(_Table):
    """Each marker and how it is used."""

    def lines(self) -> Iterator[str]:
        """One definition per marker."""
        markers = import_module(f"{self.plugin}.markers")
        for text in (*(marker.usage for marker in markers.MARKERS.values()), *getattr(markers, "WORDS", ())):
            usage, _, meaning = text.partition(": ")
            yield f"`@pytest.mark.{usage}`\n: {meaning}\n"


class Fixtures(_Table):
    """Each public fixture and its sentence."""

    def lines(self) -> Iterator[str]:
        """One definition per fixture, in the order of the source."""
        for name, fixture in vars(import_module(f"{self.plugin}.fixtures")).items():
            marker = getattr(fixture, "_fixture_function_marker", None)
            if marker is not None and not name.startswith("_"):
                yield f"`{name}` ({marker.scope})\n: {_sentence(fixture)}\n"


class Phases(_Table):
    """Which marker runs in which phase of an upgrade, and what it does then."""

    def lines(self) -> Iterator[str]:
        """One row per marker, one column per phase."""
        from pytest_upgrade.markers import WHEN
        from pytest_upgrade.phases.phase import Phase

        yield f"| marker | {' | '.join(f'`--phase={phase}`' for phase in Phase)} |\n|---{'|---' * len(Phase)}|"
        for marker, when in WHEN.items():
            yield f"| `{marker}` | {' | '.join(when.get(phase, 'deselected') for phase in Phase)} |"
        yield f"| none of them | {' | '.join('deselected' for _ in Phase)} |"


class Needs(_Table):
    """Each need that a test may require."""

    def lines(self) -> Iterator[str]:
        """One definition per need; service types are told in the text."""
        from pytest_whitebox.needs import VALUES, WORDS

        for word, need in WORDS.items():
            yield f'`"{word}"`\n: {need.meaning}\n'
        for name, need in VALUES.items():
            yield f"`{name}=`\n: {need.meaning}\n"


class Verbs(_Table):
    """Each verb of ``create``, or of the class that is named."""

    def lines(self) -> Iterator[str]:
        """One definition per verb, in the order of the class."""
        place, _, name = (self.plugin if self.arguments else "pytest_whitebox.create:Create").partition(":")
        yield from _methods(getattr(import_module(place), name), name.lower())


class Actions(_Table):
    """Each action of a server."""

    def lines(self) -> Iterator[str]:
        """One definition per action, in the order of the class."""
        from pytest_whitebox.server import Server

        yield from _methods(Server, "server", "pytest_whitebox.actions")


class Domain(_Table):
    """Each fact of a guest: its name in a test, its type, and the path at which libvirt's XML states it."""

    def lines(self) -> Iterator[str]:
        """One table for the guest itself, and one for each of the parts that it is made of."""
        from pytest_whitebox.core.domain import Domain as Guest

        told: set[type[Part]] = set()
        waiting: list[tuple[str, type[Part]]] = [("domain", Guest)]
        while waiting:
            name, part = waiting.pop(0)
            if part in told:
                continue
            told.add(part)
            yield from _facts(name, part)
            waiting[:0] = [(_within(name, fact), fact.part) for fact in facts_of(part) if fact.part]


def _facts(name: str, part: type[Part]) -> Iterator[str]:
    yield f"### `{name}`\n\n{_first_paragraph(part)}\n\n| fact | type | path |\n|---|---|---|"
    for fact in facts_of(part):
        drawn = " (not compared)" if fact.volatile else ""
        path = fact.path.replace(" | ", "` or `").replace("|", "\\|")
        yield f"| `{fact.name}` | {str(part.__annotations__[fact.name]).replace('|', 'or')}{drawn} | `{path}` |"
    yield ""


def _within(name: str, fact: Fact) -> str:
    """A part's name in a test: one of several by what orders them."""
    several = f"[{fact.key}]" if fact.key else "[0]" if fact.default == () else ""
    return f"{name}.{fact.name}{several}"


def _first_paragraph(part: type[Part]) -> str:
    text = (inspect.getdoc(part) or "").partition(">>>")[0].strip()
    return text.replace("``", "`")


class Releases(_Table):
    """Each release and the versions of its projects."""

    def lines(self) -> Iterator[str]:
        """One column per release, one row per project."""
        from devcloud.machine.packages import RELEASES, versions
        from devcloud.services.catalog import PROJECTS

        frozen = [versions(release) for release in RELEASES]
        yield f"| | {' | '.join(RELEASES)} |"
        yield "|---" * (len(RELEASES) + 1) + "|"
        for project in PROJECTS:
            yield f"| {project} | {' | '.join(release[project] for release in frozen)} |"


class Faults(_Table):
    """Each fault on purpose, with what the real cloud showed of it when it was last broken for acceptance."""

    def lines(self) -> Iterator[str]:
        """One definition per fault, in the order of the registry."""
        from devcloud.faults.registry import FAULTS

        samples = json.loads(_SAMPLES.read_text()) if _SAMPLES.exists() else {}
        for fault in FAULTS.values():
            yield f"`{fault.name}`\n: Done: {fault.summary}."
            yield f"\n  Seen: {fault.seen}."
            if sample := samples.get(fault.name):
                yield f"\n  A real one: {sample['seen']}. `devcloud status`: *{sample['status']}*."
            yield f"\n  Mended: {fault.cure}{'' if fault.lasts else '; also by `devcloud down`'}.\n"


class Deployments(_Table):
    """Each kind of deployment that is a table: how it is recognized, and where its nova-compute is."""

    def lines(self) -> Iterator[str]:
        """One row per kind."""
        from pytest_whitebox.core.deployments import Kind, kinds
        from pytest_whitebox.core.deployments.named import Named

        yield "| kind | recognized by | unit of nova-compute | libvirt in |\n|---|---|---|---|"
        for kind in kinds():
            if isinstance(kind, Kind):
                signs = " or ".join(" and ".join(f"`{sign}`" for sign in group) for group in kind.signs[:2])
                named = Named("nova-compute", kind.names.get("nova-compute", ("nova-compute",))[0])
                libvirt = ", ".join(f"`{name}`" for name in kind.libvirt_containers) or "the host"
                yield f"| {kind.name} | {signs} | `{named.fill(kind.units[0])}` | {libvirt} |"


class Kinds(_Table):
    """Each kind of resource that is cleaned up, by its service."""

    def lines(self) -> Iterator[str]:
        """One row per service."""
        from pytest_cleanup.kinds import kinds, recorded

        services: dict[str, list[str]] = {}
        only = recorded()
        for kind in kinds().values():
            services.setdefault(kind.service, []).append(f"`{kind.name}`{' (*recorded*)' if kind.name in only else ''}")
        yield "| service | kinds |\n|---|---|"
        for service, names in services.items():
            yield f"| {service} | {', '.join(sorted(names))} |"


class Replaced(_Table):
    """Each option of whitebox-tempest-plugin that is discovered now, and from what."""

    def lines(self) -> Iterator[str]:
        """One row per source."""
        from pytest_whitebox.core.inventories.replaced import NODES, OPTIONS

        named = {f"[{name.replace('.', '] ', 1)}": why for name, why in OPTIONS.items()}
        sources: dict[str, list[str]] = {}
        for name, why in {**NODES, **named}.items():
            sources.setdefault(why, []).append(f"`{name}`")
        yield "| discovered now from | instead of |\n|---|---|"
        for why, names in sources.items():
            yield f"| {why} | {', '.join(names)} |"


def _sentence(fixture: Any) -> str:
    return _plain(inspect.getdoc(fixture._get_wrapped_function()) or "")


def _methods(kind: type, name: str, package: str = "") -> Iterator[str]:
    """One definition per public method that comes from the package, with its arguments."""
    for verb, function in vars(kind).items():
        if inspect.isfunction(function) and not verb.startswith("_") and function.__module__.startswith(package):
            arguments = ", ".join(_shown(one) for one in list(inspect.signature(function).parameters.values())[1:])
            sentence = _plain((inspect.getdoc(function) or "").partition("\n\n")[0])
            yield f"`{name}.{verb}({arguments})`\n: {sentence}\n"


def _shown(parameter: inspect.Parameter) -> str:
    if parameter.kind is inspect.Parameter.VAR_KEYWORD:
        return f"**{parameter.name}"
    if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
        return f"*{parameter.name}"
    empty = parameter.default is inspect.Parameter.empty
    return parameter.name if empty else f"{parameter.name}={parameter.default!r}"


def _plain(text: str) -> str:
    return text.replace("``", "`").replace("\n", " ")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    for directive in (
        Settings, Markers, Phases, Needs, Fixtures, Verbs, Actions, Domain, Releases, Faults, Deployments, Replaced,
        Kinds,
    ):  # fmt: skip
        app.add_directive(directive.__name__.lower(), directive)
    return {"parallel_read_safe": True}
