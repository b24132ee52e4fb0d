"""A cloud with TLS, as its clients see it: openstacksdk, curl and Tempest, each with the cloud's authority and without.

Run as root with a cloud that `devcloud up --tls` made: ``python -m tests.acceptance.tls``. Tempest is installed into a
folder that goes afterwards.
"""

from __future__ import annotations

import argparse
import os
import re
import ssl
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from cryptography import x509

from devcloud.apis.authority import SERVER_LIFE, Authority
from devcloud.cloud import Cloud
from devcloud.services.catalog import apis
from devcloud.state import State
from pytest_whitebox.core.command import Result, run
from pytest_whitebox.core.errors import StackproofError
from tests.acceptance.record import Record
from tests.cloud.devcloud import Devcloud

_TEMPEST = "tempest==47.0.0"
_TESTS = (
    "tempest.api.identity.v3.test_tokens",
    "tempest.api.identity.v3.test_catalog",
    "tempest.api.image.v2.test_images.BasicOperationsImagesTest",
    "tempest.api.network.test_ports.PortsTestJSON.test_create_update_delete_port",
    "tempest.api.volume.test_volumes_get",
    "tempest.api.object_storage.test_object_services.ObjectTest.test_create_object",
    "tempest.api.compute.test_versions",
    "tempest.api.compute.servers.test_create_server.ServersTestJSON",
)
_DISTRUST = "CERTIFICATE_VERIFY_FAILED"
_CURL_DISTRUSTS = 60


def main() -> int:
    """Try all clients and write the page."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    devcloud, record = Devcloud.from_environment(), Record("tls", "endpoints with TLS, of an own authority")
    with tempfile.TemporaryDirectory() as folder:
        return record.carry_out(lambda: _accept(record, State(devcloud.state), Path(folder)))


def _accept(record: Record, state: State, folder: Path) -> None:
    if not state.settings().tls:
        raise StackproofError(f"the cloud in {state.path} has no TLS", hint="make one with `devcloud up --tls`")
    entry: dict[str, Any] = yaml.safe_load(state.clouds_yaml.read_text())["clouds"]["devcloud"]
    ca = str(entry["cacert"])
    distrusting = {name: value for name, value in entry.items() if name != "cacert"}
    cloud = Cloud(state, state.settings())
    with record.step("openstacksdk") as step:
        step.said = _sdk(entry)
    with record.step("openstacksdk without the authority") as step:
        step.said = _must_refuse(lambda: _sdk(distrusting))
    doors = {api.name: cloud.doors.url(api.port, api.path) for api in apis(cloud.settings.services)}
    for name, url in doors.items():
        with record.step(f"curl {name}") as step:
            step.said = _curl(url, ca)
    with record.step("a certificate in its last days is renewed by devcloud up") as step:
        step.said = _renewed(cloud)
    with record.step("Tempest is installed"):
        python = _install(folder)
    with record.step("Tempest") as step:
        step.said = _tempest(python, folder, _config(folder, entry, ca), _TESTS)
    with record.step("Tempest without the authority") as step:
        step.said = _must_refuse(lambda: _tempest(python, folder, _config(folder, entry, ""), _TESTS[:1]))
    with record.step("pytest -m smoke tests/suites/compute") as step:
        step.said = _suite(state)


def _sdk(entry: dict[str, Any]) -> str:
    import openstack
    from keystoneauth1.exceptions import ClientException

    cloud: Any = openstack.connect(**entry, load_yaml_config=False, load_envvars=False)
    try:
        found = [image.name for image in cloud.image.images()]
    except ClientException as error:
        raise StackproofError(str(error), hint="give it the authority as cacert") from error
    return f"images: {', '.join(sorted(found))}"


def _renewed(cloud: Cloud) -> str:
    """Give the cloud a certificate for ten more days: `up` must replace it, and HAProxy must show the new one."""
    authority, address = Authority(cloud.state.authority), cloud.doors.address
    authority.server.unlink()
    authority.certify(cloud.topology.controller.name, address, now=datetime.now(UTC) - SERVER_LIFE + timedelta(days=10))
    short = authority.server.read_text()
    Devcloud(cloud.state.path)("up")
    shown = ssl.get_server_certificate((str(address), 5000)).strip()
    if authority.server.read_text() == short or shown not in authority.server.read_text():
        raise StackproofError("it was not renewed", hint="see `devcloud logs haproxy`")
    end = x509.load_pem_x509_certificate(shown.encode()).not_valid_after_utc
    return f"good until {end:%Y-%m-%d}"


def _must_refuse(ask: Any) -> str:
    """Something that must fail because the certificate is not trusted."""
    try:
        said = ask()
    except StackproofError as error:
        if _DISTRUST in str(error):
            return "refuses the certificate"
        raise
    raise StackproofError(f"it was content without the authority: {said}", hint="is TLS verified at all?")


def _curl(url: str, ca: str) -> str:
    """With the authority it must answer, without it curl must refuse."""
    bare = run(["curl", "--silent", "--noproxy", "*", "--output", "/dev/null", url], check=False)
    if bare.rc != _CURL_DISTRUSTS:
        raise StackproofError(f"curl ended with {bare.rc} without the authority", hint=f"try it: curl {url}")
    words = ["curl", "--silent", "--noproxy", "*", "--fail", "--cacert", ca, "--output", "/dev/null"]
    return run([*words, "--write-out", "%{http_code}, certificate %{ssl_verify_result}", url]).stdout


def _install(folder: Path) -> Path:
    uv = str(Path(sys.executable).with_name("uv"))
    python = folder / "venv/bin/python"
    run([uv, "venv", "--quiet", str(folder / "venv")], timeout=60, env=dict(os.environ))
    run([uv, "pip", "install", "--quiet", "--python", str(python), _TEMPEST], timeout=300, env=dict(os.environ))
    return python


def _tempest(python: Path, folder: Path, text: str, tests: tuple[str, ...]) -> str:
    """How many tests ran; raises `StackproofError` with what was said if one failed or none ran."""
    config = folder / "tempest.conf"
    config.touch(mode=0o600)
    config.write_text(text)
    env = {**os.environ, "TEMPEST_CONFIG_DIR": str(folder), "TEMPEST_CONFIG": config.name}
    result = run([str(python), "-m", "testtools.run", *tests], env=env, timeout=900, check=False, cwd=str(folder))
    ran = re.search(r"^Ran (\d+) tests? in", result.stdout, re.MULTILINE)
    if not result.ok or not ran or not int(ran[1]):
        raise StackproofError(f"Tempest failed: {_why(result)}", hint="run it by hand")
    return f"{ran[1]} tests passed"


def _why(result: Result) -> str:
    said = result.stdout + result.stderr
    return _DISTRUST if _DISTRUST in said else "; ".join(said.strip().splitlines()[-3:])


def _config(folder: Path, entry: dict[str, Any], ca: str) -> str:
    """A tempest.conf; an empty ``ca`` leaves Tempest with the machine's own authorities."""
    import openstack

    cloud: Any = openstack.connect(**entry, load_yaml_config=False, load_envvars=False)
    image, flavor = cloud.image.find_image("guest").id, cloud.compute.find_flavor("tiny").id
    auth = entry["auth"]
    return f"""
[oslo_concurrency]
lock_path = {folder}/lock
[auth]
use_dynamic_credentials = true
admin_username = {auth["username"]}
admin_password = {auth["password"]}
admin_project_name = {auth["project_name"]}
admin_domain_name = Default
[identity]
uri_v3 = {auth["auth_url"]}
auth_version = v3
region = RegionOne
{f"ca_certificates_file = {ca}" if ca else ""}
[compute]
image_ref = {image}
image_ref_alt = {image}
flavor_ref = {flavor}
flavor_ref_alt = {flavor}
fixed_network_name = shared
[network]
public_network_id = {cloud.network.find_network("public").id}
[validation]
run_validation = false
[service_available]
horizon = false
swift = true
"""


def _suite(state: State) -> str:
    outer = {name: value for name, value in os.environ.items() if not name.startswith(("OS_", "PYTEST_"))}
    words = [sys.executable, "-m", "pytest", "-q", "--os-cloud", "devcloud", "-m", "smoke", "tests/suites/compute"]
    result = run(words, env={**outer, "OS_CLIENT_CONFIG_FILE": str(state.clouds_yaml)}, timeout=1800, check=False)
    last = result.stdout.strip().splitlines()[-1]
    if not result.ok:
        raise StackproofError(f"the suite failed: {last}", hint="run it by hand")
    return last.strip("= ")


if __name__ == "__main__":
    sys.exit(main())
