"""A cloud in which two tests of the guideline pass and five fail, and what they are."""

from __future__ import annotations

from tests.doubles.openstack import Openstack

PASSWORD = 'Tr0ub4dor & "3<canary>/käse'
#: Seven tests of the guideline.
SELECTION = "--tempest=test_tokens|test_api_discovery|test_catalog"
PASSED = {
    "tempest.api.identity.v3.test_api_discovery.TestApiDiscovery.test_api_version_statuses",
    "tempest.api.identity.v3.test_tokens.TokensV3Test.test_create_token",
}


def small() -> Openstack:
    """With an identity, a compute and an image service, and what Tempest asks of them before it begins."""
    services = {"identity": "v3", "compute": "v2.1", "image": "v2"}
    cloud = Openstack(services=services, roles=("member", "reader"))
    for name in ("cirros", "other"):
        about = {"status": "active", "visibility": "public", "disk_format": "qcow2", "container_format": "bare"}
        sizes = {"min_disk": 0, "min_ram": 0, "size": 100, "created_at": "2026-01-01T00:00:00Z"}
        cloud.put("image", "images", name=name, owner="admin-project", **about, **sizes)
        cloud.put("compute", "flavors", name=name, ram=64, vcpus=1, disk=0)
    return cloud


def variables(auth_url: str) -> dict[str, str]:
    """The four that a user exports."""
    return {"OS_AUTH_URL": auth_url, "OS_USERNAME": "admin", "OS_TENANT_NAME": "admin", "OS_PASSWORD": PASSWORD}
