"""What the catalog of a cloud has, and what its user may do."""

from __future__ import annotations

from typing import Any


def service_types(connection: Any) -> frozenset[str]:
    """The services of the catalog by their official types: ``block-storage``, not ``volumev3``."""
    from os_service_types import ServiceTypes

    official = ServiceTypes()
    session = connection.session
    catalog = session.auth.get_access(session).service_catalog.catalog
    return frozenset(official.get_service_type(entry["type"]) or entry["type"] for entry in catalog)


def is_admin(connection: Any) -> bool:
    """True if the user may list Nova's services."""
    from openstack.exceptions import ForbiddenException

    try:
        return bool(list(connection.compute.services()))
    except ForbiddenException:
        return False


def microversion(connection: Any) -> str:
    """The highest microversion that Nova speaks, such as ``2.100``."""
    data = connection.config.get_session_client("compute").get_endpoint_data()
    return ".".join(map(str, data.max_microversion)) if data and data.max_microversion else "2.1"
