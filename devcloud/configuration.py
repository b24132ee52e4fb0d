"""The configuration files of the hosts: `templates/` mirrors their file systems."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

import jinja2

from devcloud import access
from devcloud.apis.authority import Authority
from devcloud.apis.doors import CA_ON_HOST, Doors
from devcloud.hosts.host import Host, folder_of
from devcloud.services.catalog import PROJECTS, apis, services
from devcloud.services.instance import INSTANCES
from devcloud.state import Settings, State, write_atomically
from devcloud.topology import CONTROLLER, Topology

_TEMPLATES = Path(__file__).with_name("templates")
_PRIVATE_KEY = "PRIVATE KEY-----"


def environment_of(state: State, release: str) -> Path:
    """The release's virtual environment."""
    return state.environments / release


def write_files(state: State, settings: Settings, topology: Topology, host: Host) -> list[str]:
    """Write each file that is missing or whose rendering has changed, and return their paths.

    A file that the user edited is left alone until its template or the cloud's settings change.
    """
    record = folder_of(state, host.name) / "rendered.json"
    known: dict[str, str] = json.loads(record.read_text()) if record.exists() else {}
    secrets = state.secrets()
    changed = []
    for path, text in dict(_rendered(state, settings, topology, host, secrets)).items():
        digest = hashlib.sha256(text.encode()).hexdigest()
        if known.get(path) != digest or not host.path(path).exists():
            secret = _PRIVATE_KEY in text or any(value in text for value in secrets.values())
            host.write(path, text, mode=0o600 if secret else 0o755 if text.startswith("#!") else 0o644)
            known[path] = digest
            changed.append(path)
    write_atomically(record, json.dumps(known, indent=1))
    return changed


def _rendered(
    state: State, settings: Settings, topology: Topology, host: Host, secrets: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    engine = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    values = {
        "host": host.plan,
        "topology": topology,
        "controller": topology.controller.mgmt,
        "release": settings.release,
        "apis": apis(settings.services),
        "instances": INSTANCES[: settings.workers],
        "known_hosts": access.known_hosts(state, topology),
        "url": Doors.of(state, settings).url,
        "tls": settings.tls,
        "ca": CA_ON_HOST,
        "password": secrets,
        "host_uuid": uuid.uuid5(uuid.NAMESPACE_URL, state.token(host.name)),
    }
    if settings.tls:
        yield from _certificates(state, host)
    yield from _packaged(state, settings, host)
    absent = set(PROJECTS) - set(settings.services)
    own_files = {service.own_file: service for service in services(settings.services, settings.workers)}
    for role in ("all", host.plan.role):
        for file in sorted((_TEMPLATES / role).rglob("*")):
            name = file.relative_to(_TEMPLATES)
            if file.is_file() and not absent.intersection(name.parts):
                template = engine.get_template(str(name))
                path = f"/{file.relative_to(_TEMPLATES / role)}"
                for instance in INSTANCES[: settings.workers] if path in own_files else INSTANCES[:1]:
                    own = own_files.get(instance.file(path))
                    release = settings.release_of(own.on(host.name)) if own else settings.release
                    more = {"instance": instance, "environment": environment_of(state, release)}
                    yield instance.file(path), template.render(values | more).lstrip("\n")


def _certificates(state: State, host: Host) -> Iterator[tuple[str, str]]:
    """The authority's certificate for every host, for HAProxy's the server's own, for a hypervisor its consoles'."""
    authority = Authority(state.authority)
    yield CA_ON_HOST, authority.certificate.read_text()
    if host.plan.role == CONTROLLER:
        yield "/etc/haproxy/server.pem", authority.server.read_text()
    else:
        yield "/etc/pki/qemu/ca-cert.pem", authority.certificate.read_text()
        for file in ("server-cert.pem", "server-key.pem"):
            yield f"/etc/pki/qemu/{file}", authority.console(host.name).read_text()


def _packaged(state: State, settings: Settings, host: Host) -> Iterator[tuple[str, str]]:
    """The files that the packages bring along, such as paste pipelines; a template of the same name wins.

    Of a project that is being upgraded they are the new release's as soon as one of its daemons on the host is.
    """
    daemons = services(settings.services, settings.workers)
    for project in (*settings.services, "os-brick"):
        releases = {settings.release_of(one.on(host.name)) for one in daemons if one.project == project}
        folder = environment_of(state, max(releases, default=settings.release)) / "etc"
        for file in sorted((folder / project).rglob("*")):
            if file.is_file():
                yield f"/etc/{file.relative_to(folder)}", file.read_text()
