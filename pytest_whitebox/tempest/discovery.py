"""A tempest.conf by asking the cloud: each function says what one service offers, in Tempest's own options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.tempest import fitting, roles

if TYPE_CHECKING:
    from pytest_whitebox.cloud import Cloud
    from pytest_whitebox.create import Create

#: Options by section; numbers and truths are written as Tempest reads them.
Options = Mapping[str, Mapping[str, object]]
#: Tempest's names of services, and the types that the catalog may have for them.
_SERVICES = {
    "nova": ("compute",),
    "glance": ("image",),
    "neutron": ("network",),
    "cinder": ("block-storage", "volumev3", "block-store"),
    "swift": ("object-store",),
    "placement": ("placement",),
}
#: Roles that Swift knows by its own default, of which a cloud need not have any.
_OPERATOR, _RESELLER = "swiftoperator", "ResellerAdmin"


def discover(cloud: Cloud, create: Create, *, may_make: bool = True) -> dict[str, Mapping[str, object]]:
    """All options; what Tempest needs and the cloud lacks is made by ``create``, which undoes it, if it may.

    Raises `StackproofError` if Tempest cannot log in as this user does, or there is nothing to boot.
    """
    types = catalog(cloud)
    admin = "admin" in access(cloud).role_names
    maker = create if admin and may_make else None
    options: dict[str, Mapping[str, object]] = {
        "auth": _auth(cloud, admin=admin),
        "identity": _identity(cloud),
        "identity-feature-enabled": {"api_v2": False, "api_v3": True},
        "service_available": {"horizon": False, **{name: name in types for name in _SERVICES}},
    }
    if "nova" in types:
        options |= _compute(cloud, create.guest_image, maker)
    if "glance" in types:
        options |= _image(cloud)
    if "neutron" in types:
        options |= _network(cloud)
    if "cinder" in types:
        options |= _volume(cloud, types["cinder"], admin=admin)
    if "swift" in types:
        options |= _object_storage(cloud, maker)
    if "placement" in types:
        options["placement"] = _microversions(cloud, "placement")
    return options


def access(cloud: Cloud) -> Any:
    """The token: roles, user and project, and the catalog."""
    session: Any = cloud.connection.session
    return session.auth.get_access(session)


def catalog(cloud: Cloud) -> dict[str, str]:
    """Tempest's names of the services there are, and their types in the catalog."""
    types = {entry["type"] for entry in access(cloud).service_catalog.catalog}
    return {name: found for name, known in _SERVICES.items() for found in known if found in types}


def credentials(cloud: Cloud) -> dict[str, str]:
    """Name, password, project and domains; raises `StackproofError` where the user has others."""
    known: dict[str, Any] = cloud.connection.config.get_auth_args()
    token = access(cloud)
    if not known.get("password") or not token.project_name:
        raise StackproofError(
            f"Tempest logs in by name, password and project, which cloud {cloud.name} does not have",
            hint="choose an entry of clouds.yaml that has them, or write a tempest.conf",
        )
    return {
        "username": token.username,
        "password": known["password"],
        "project_name": token.project_name,
        "user_domain_name": token.user_domain_name,
        "project_domain_name": token.project_domain_name,
    }


def _auth(cloud: Cloud, *, admin: bool) -> dict[str, object]:
    known = credentials(cloud)
    if not admin:
        return {"use_dynamic_credentials": False}
    return {
        "use_dynamic_credentials": True,
        "admin_username": known["username"],
        "admin_password": known["password"],
        "admin_project_name": known["project_name"],
        "admin_domain_name": known["user_domain_name"],
        "default_credentials_domain_name": known["user_domain_name"],
    }


def _identity(cloud: Cloud) -> dict[str, object]:
    config: Any = cloud.connection.config
    verify, _ = config.get_requests_verify_args()
    url = str(config.get_auth_args()["auth_url"]).rstrip("/")
    return {
        "auth_version": "v3",
        "uri_v3": url if url.endswith("/v3") else f"{url}/v3",
        "region": cloud.region or "RegionOne",
        "v3_endpoint_type": config.get_interface("identity") or "public",
        "default_domain_id": access(cloud).user_domain_id,
        "disable_ssl_certificate_validation": verify is False,
        **({"ca_certificates_file": verify} if isinstance(verify, str) else {}),
    }


def _compute(cloud: Cloud, image: Any, create: Create | None) -> dict[str, dict[str, object]]:
    flavor, other = fitting.flavors(cloud, create, image)
    nodes = _nodes(cloud)
    several = {"resize": nodes > 1, "cold_migration": nodes > 1, "live_migration": nodes > 1}
    compute = {
        "image_ref": image.id, "image_ref_alt": fitting.other_image(cloud, create, image).id,
        "flavor_ref": flavor.id, "flavor_ref_alt": other.id,
        "min_compute_nodes": max(nodes, 1), **_microversions(cloud, "compute"),
    }  # fmt: skip
    return {"compute": compute, "compute-feature-enabled": {**several, "console_output": True}}


def _nodes(cloud: Cloud) -> int:
    from openstack.exceptions import SDKException

    api: Any = cloud.connection.compute
    try:
        return sum(one.binary == "nova-compute" and one.state == "up" for one in api.services())
    except SDKException:
        return 0


def _image(cloud: Cloud) -> dict[str, dict[str, object]]:
    api: Any = cloud.connection.image
    answer = api.get("/info/import")
    methods = answer.json()["import-methods"]["value"] if answer.ok else []
    return {"image-feature-enabled": {"import_image": "glance-direct" in methods}}


def _network(cloud: Cloud) -> dict[str, dict[str, object]]:
    api: Any = cloud.connection.network
    extensions = sorted(one.alias for one in api.extensions())
    outside = next((net for net in api.networks(is_router_external=True)), None)
    network = {"public_network_id": outside.id, "floating_network_name": outside.name} if outside else {}
    enabled = {
        "api_extensions": ",".join(extensions),
        "floating_ips": outside is not None and "router" in extensions,
        "port_security": "port-security" in extensions,
    }
    return {"network": network, "network-feature-enabled": enabled}


def _volume(cloud: Cloud, type: str, *, admin: bool) -> dict[str, dict[str, object]]:
    api: Any = cloud.connection.block_storage
    enabled: dict[str, object] = {}
    volume: dict[str, object] = {"catalog_type": type, **_microversions(cloud, type)}
    if admin:
        enabled["backup"] = any(one.binary == "cinder-backup" and one.state == "up" for one in api.services())
        pools = [one.capabilities for one in api.backend_pools()]
        names = sorted({str(one.get("volume_backend_name")) for one in pools})
        enabled["multi_backend"] = len(names) > 1
        if pools:
            volume |= {"backend_names": ",".join(names), "storage_protocol": pools[0].get("storage_protocol")}
            volume["vendor_name"] = pools[0].get("vendor_name")
    return {"volume": volume, "volume-feature-enabled": enabled}


def _object_storage(cloud: Cloud, create: Create | None) -> dict[str, dict[str, object]]:
    api: Any = cloud.connection.object_store
    answer = api.get(api.get_endpoint().partition("/v1")[0] + "/info")
    apis = sorted(answer.json()) if answer.ok else []
    known: set[str] = set()
    if create is not None:
        roles.have(create, _RESELLER)
        known = {role.name for role in create.connection.identity.roles()}
    operator = _OPERATOR if _OPERATOR in known else "member"
    return {
        "object-storage": {"operator_role": operator, "reseller_admin_role": _RESELLER},
        "object-storage-feature-enabled": {"discoverable_apis": ",".join(apis), "discoverability": answer.ok},
    }


def _microversions(cloud: Cloud, type: str) -> dict[str, object]:
    highest = cloud.microversion(type)
    return {"max_microversion": highest} if highest else {}


def lines(options: Options) -> Iterator[str]:
    """The options as a tempest.conf has them."""
    for section, known in options.items():
        yield f"[{section}]"
        yield from (f"{name} = {value}" for name, value in known.items() if value is not None)
        yield ""
