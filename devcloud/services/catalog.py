"""What a cloud can have: its projects, their doors and their daemons."""

from __future__ import annotations

from devcloud.services.infrastructure import INFRASTRUCTURE
from devcloud.services.instance import INSTANCES
from devcloud.services.projects import OPENSTACK
from devcloud.services.service import Api, Service, instance_of
from pytest_whitebox.core.errors import StackproofError

#: OpenStack's projects in the order in which they depend on each other: what the smallest cloud is made of, what a
#: cloud has by default besides, and what it has only if it is asked for.
_REQUIRED = ("keystone", "placement", "glance", "neutron", "nova")
DEFAULT = (*_REQUIRED, "cinder", "swift")
PROJECTS = (*DEFAULT, "barbican", "heat", "designate")

APIS: tuple[Api, ...] = (
    Api("keystone", 5000, 15000, "/healthcheck", "identity", "/v3"),
    Api("placement", 8778, 18778, "/", "placement"),
    Api("glance", 9292, 19292, "/healthcheck", "image"),
    Api("neutron", 9696, 19696, "/healthcheck", "network"),
    Api("nova", 8774, 18774, "/", "compute", "/v2.1"),
    Api("nova-metadata", 8775, 18775, "/"),
    Api("cinder", 8776, 18776, "/healthcheck", "block-storage", "/v3"),
    Api("swift", 8080, 18080, "/healthcheck", "object-store", "/v1/AUTH_%(project_id)s", "/v1"),
    Api("barbican", 9311, 19311, "/healthcheck", "key-manager"),
    Api("heat", 8004, 18004, "/healthcheck", "orchestration", "/v1/%(project_id)s"),
    Api("heat-cfn", 8000, 18000, "/healthcheck", "cloudformation", "/v1"),
    Api("designate", 9001, 19001, "/healthcheck", "dns"),
)


def services(projects: tuple[str, ...], workers: int = 1) -> tuple[Service, ...]:
    """The daemons of a cloud that has these projects, and so many instances of each API."""
    wanted = [service for service in OPENSTACK if service.project in projects]
    more = (instance_of(service, one) for one in INSTANCES[1:workers] for service in wanted if service.own_file)
    return (*INFRASTRUCTURE, *wanted, *more)


def apis(projects: tuple[str, ...]) -> tuple[Api, ...]:
    """The doors of a cloud that has these projects."""
    return tuple(api for api in APIS if api.name.split("-")[0] in projects)


def chosen(text: str | None) -> tuple[str, ...]:
    """Projects from a comma-separated list (None: the default), completed by those without which there is no cloud.

    >>> chosen("cinder")
    ('keystone', 'placement', 'glance', 'neutron', 'nova', 'cinder')
    """
    wanted = set(DEFAULT if text is None else filter(None, (word.strip() for word in text.split(","))))
    unknown = sorted(wanted - set(PROJECTS))
    if unknown:
        raise StackproofError(f"devcloud has no service {unknown[0]!r}", hint=f"choose from {', '.join(PROJECTS)}")
    return tuple(project for project in PROJECTS if project in wanted.union(_REQUIRED))
