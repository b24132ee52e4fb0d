#!/usr/bin/env python3
# /// script
# requires-python = ">=3.9"
# dependencies = ["docker>=5"]
# ///
"""The OpenStack interoperability tests in a container: results to Refstack or into a folder, nothing left behind.

This one file is all there is to have. It needs Python 3.9 or newer and an engine, Docker or Podman; the SDK that talks
to the engine it gets for itself.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import errno
import getpass
import hashlib
import io
import itertools
import json
import os
import re
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NoReturn, TextIO

#: The release that a downloaded tcup.py builds its image from.
VERSION = "0.1.0"
BASE = "python:3.13-slim"
API = "https://refstack.openstack.org/api"
GUIDELINE = "2020.06"
#: Of Docker that is 20.10, of Podman 4.
OLDEST_API = (1, 41)
BROKEN, MISUSED, INTERRUPTED = 3, 4, 130
_BAD = ("failed", "error")

VARIABLES = (
    "OS_AUTH_URL", "OS_TENANT_NAME", "OS_PROJECT_NAME", "OS_PROJECT_ID", "OS_USERNAME", "OS_USER_ID", "OS_PASSWORD",
    "OS_USER_DOMAIN_NAME", "OS_USER_DOMAIN_ID", "OS_PROJECT_DOMAIN_NAME", "OS_PROJECT_DOMAIN_ID",
    "OS_APPLICATION_CREDENTIAL_ID", "OS_APPLICATION_CREDENTIAL_NAME", "OS_APPLICATION_CREDENTIAL_SECRET",
    "OS_REGION_NAME", "OS_INTERFACE", "OS_CACERT", "OS_CLOUD", "OS_CLIENT_CONFIG_FILE",
)  # fmt: skip
_LABEL = "org.stackproof.tcup"
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")
_INDEXES = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_TRUSTED_HOST")
_AUTHORITIES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
#: What of a checkout goes into its wheel.
SOURCE = (
    "LICENSE", "README.md", "pyproject.toml", "requirements.lock",
    "devcloud", "pytest_cleanup", "pytest_upgrade", "pytest_whitebox", "tcup", "tests/suites",
    "worker",
)  # fmt: skip

_EPILOG = f"""\
of the environment these go to the container, and nothing else:
  {", ".join(VARIABLES[:6])},
  {", ".join(VARIABLES[6:11])},
  {", ".join(VARIABLES[11:14])},
  {", ".join(VARIABLES[14:])}
at least OS_AUTH_URL, OS_USERNAME, OS_TENANT_NAME or OS_PROJECT_NAME, and OS_PASSWORD, which is asked for if it is not
there; or an application credential; or OS_CLOUD and a clouds.yaml.

exit status: pytest's (0 all passed, 1 some failed, 2 interrupted, 5 no tests); {BROKEN} no result, or one that could
not be uploaded; {MISUSED} misused; {INTERRUPTED} interrupted before the tests

  tcup                                 the guideline's tests, results uploaded
  tcup --no-upload                     results only into a folder
  tcup -- --tempest=tempest.api.identity -n 2
  tcup upload tcup-results/…/refstack.json
  tcup clean                           removes what is kept: images, and tcup's own environment
"""


class Trouble(Exception):
    """What the user can do something about: one sentence, and the next step."""


class _EngineGone(Trouble):
    pass


# --- the cloud ------------------------------------------------------------------------------------------------------


@dataclass
class Cloud:
    """The variables that describe a cloud, the files that they name by path, and whether its token was tried."""

    variables: dict[str, str]
    files: dict[str, str]
    tried: bool = False


def cloud_of(environ: dict[str, str]) -> Cloud:
    """The cloud that the environment describes; asks for a password that is missing."""
    known = {name: environ[name] for name in VARIABLES if environ.get(name)}
    if "OS_CLOUD" in known:
        return Cloud(known, _cloud_files(known))
    if missing := _missing(known):
        raise Trouble(f"{missing[0]} is not set; " + _how_to_set(missing))
    if "OS_APPLICATION_CREDENTIAL_SECRET" not in known and "OS_PASSWORD" not in known:
        known["OS_PASSWORD"] = _asked(known)
    ca = known.get("OS_CACERT")
    return Cloud(known, {ca: _text(Path(ca), "OS_CACERT")} if ca else {})


def _missing(known: dict[str, str]) -> list[str]:
    """The variables that must be there and are not; of several that would do the first."""
    wanted: list[tuple[str, ...]] = [("OS_AUTH_URL",)]
    if "OS_APPLICATION_CREDENTIAL_SECRET" in known:
        wanted += [("OS_APPLICATION_CREDENTIAL_ID", "OS_APPLICATION_CREDENTIAL_NAME")]
        if "OS_APPLICATION_CREDENTIAL_ID" not in known:
            wanted += [("OS_USERNAME", "OS_USER_ID")]
    else:
        wanted += [("OS_USERNAME", "OS_USER_ID"), ("OS_TENANT_NAME", "OS_PROJECT_NAME", "OS_PROJECT_ID")]
    return [names[0] for names in wanted if not any(name in known for name in names)]


def _how_to_set(missing: Sequence[str]) -> str:
    examples = {
        "OS_AUTH_URL": "https://keystone.example:5000/v3",
        "OS_USERNAME": "demo",
        "OS_TENANT_NAME": "demo",
        "OS_APPLICATION_CREDENTIAL_ID": "21dced0fd20347869b93710d2b98aae0",
    }
    return "; ".join(f"`export {name}={examples[name]}`" for name in missing)


def _asked(known: dict[str, str]) -> str:
    if not sys.stdin.isatty():
        raise Trouble("OS_PASSWORD is not set, and there is no terminal to ask for it; `export OS_PASSWORD=…`")
    password = getpass.getpass(f"password of {known.get('OS_USERNAME') or known.get('OS_USER_ID')}: ")
    if not password:
        raise Trouble("no password was given; type it, or set OS_PASSWORD")
    return password


def _cloud_files(known: dict[str, str]) -> dict[str, str]:
    """clouds.yaml, secure.yaml beside it, and the certificates that they name."""
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "openstack"
    named = [Path(known["OS_CLIENT_CONFIG_FILE"])] if "OS_CLIENT_CONFIG_FILE" in known else []
    folders = (Path(), config, Path("/etc/xdg/openstack"), Path("/etc/openstack"))
    places = [*named, *(folder / f"clouds.{end}" for folder in folders for end in ("yaml", "yml", "json"))]
    clouds = next((place for place in places if place.is_file()), None)
    if clouds is None:
        raise Trouble(f"OS_CLOUD is {known['OS_CLOUD']!r}, and there is no clouds.yaml; write {config / 'clouds.yaml'}")
    files = {"clouds.yaml": _text(clouds, "clouds.yaml")}
    secure = clouds.with_name("secure.yaml")
    if secure.is_file():
        files["secure.yaml"] = _text(secure, "secure.yaml")
    for path in re.findall(
        r"^\s*(?:cacert|cert|key)\s*:\s*[\"']?([^\s\"'#]+)", "\n".join(files.values()), re.MULTILINE
    ):
        if Path(path).expanduser().is_file():
            files[path] = _text(Path(path).expanduser(), path)
    return files


def _text(path: Path, name: str) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeError) as error:
        raise Trouble(f"{path} ({name}) cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}; "
                      "correct the path") from None  # fmt: skip


def try_credentials(cloud: Cloud) -> None:
    """Ask Keystone for a token, so that nothing is built for a cloud that lets nobody in.

    A cloud of clouds.yaml is asked from the container: its file takes a library to read.
    """
    if "OS_CLOUD" in cloud.variables:
        return
    address = cloud.variables["OS_AUTH_URL"]
    url = re.sub(r"/(v2\.0|v3)?/*$", "", address) + "/v3/auth/tokens"
    if not url.startswith(("http://", "https://")):
        raise Trouble(f"OS_AUTH_URL is {address!r}, which is no address; write http://… or https://…")
    body = json.dumps({"auth": _token_request(cloud.variables)}).encode()
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json"})  # noqa: S310
    context = ssl.create_default_context()
    try:
        if cloud.variables.get("OS_CACERT"):
            context.load_verify_locations(cafile=cloud.variables["OS_CACERT"])
        with urllib.request.urlopen(request, timeout=30, context=context):  # noqa: S310 -- see above
            cloud.tried = True
    except urllib.error.HTTPError as error:
        raise Trouble(_refusal(error, cloud.variables)) from None
    except (OSError, ValueError) as error:
        raise Trouble(_no_way(error, address)) from None


def _token_request(known: dict[str, str]) -> dict[str, Any]:
    def domain(prefix: str) -> dict[str, str]:
        if known.get(f"OS_{prefix}_DOMAIN_NAME"):
            return {"name": known[f"OS_{prefix}_DOMAIN_NAME"]}
        return {"id": known.get(f"OS_{prefix}_DOMAIN_ID", "default")}

    user: dict[str, Any] = {"id": known["OS_USER_ID"]} if "OS_USER_ID" in known else {
        "name": known.get("OS_USERNAME", ""), "domain": domain("USER")}  # fmt: skip
    if "OS_APPLICATION_CREDENTIAL_SECRET" in known:
        which: dict[str, Any] = {"secret": known["OS_APPLICATION_CREDENTIAL_SECRET"]}
        if "OS_APPLICATION_CREDENTIAL_ID" in known:
            which["id"] = known["OS_APPLICATION_CREDENTIAL_ID"]
        else:
            which.update(name=known["OS_APPLICATION_CREDENTIAL_NAME"], user=user)
        return {"identity": {"methods": ["application_credential"], "application_credential": which}}
    name = known.get("OS_PROJECT_NAME") or known.get("OS_TENANT_NAME")
    project = {"name": name, "domain": domain("PROJECT")} if name else {"id": known["OS_PROJECT_ID"]}
    password = {"user": {**user, "password": known["OS_PASSWORD"]}}
    return {"identity": {"methods": ["password"], "password": password}, "scope": {"project": project}}


def _refusal(error: urllib.error.HTTPError, known: dict[str, str]) -> str:
    if error.code == 401:
        who = known.get("OS_USERNAME") or known.get("OS_USER_ID") or "the application credential"
        where = known.get("OS_PROJECT_NAME") or known.get("OS_TENANT_NAME")
        of = f" of project {where}" if where and "OS_APPLICATION_CREDENTIAL_SECRET" not in known else ""
        return f"the cloud does not let {who}{of} in; look at the password, the project and the domains"
    return f"{known['OS_AUTH_URL']} answers {error.code} to a request for a token; look at OS_AUTH_URL"


def _no_way(error: Exception, address: str) -> str:
    why = getattr(error, "reason", error)
    if isinstance(why, ssl.SSLCertVerificationError):
        if "expired" in why.verify_message:
            return f"the certificate of {address} has expired; have it renewed"
        return f"the certificate of {address} is not trusted: {why.verify_message}; name its authority in OS_CACERT"
    said = getattr(why, "strerror", None) or why
    return f"the cloud cannot be reached at {address}: {said}; look at OS_AUTH_URL, the network and the firewall"


# --- the engine -----------------------------------------------------------------------------------------------------


def engine() -> Any:
    """A client of the engine that answers, Docker's or Podman's."""
    import docker

    tried = []
    for place in _places():
        if not _is_there(place):
            tried.append(f"{place} is not there")
            continue
        try:
            client = docker.APIClient(base_url=place, version="auto", timeout=60, **_tls())
        except Exception as error:  # noqa: BLE001 -- the SDK raises requests', urllib3's and its own
            tried.append(_silence(place, error))
            continue
        if tuple(map(int, client.api_version.split("."))) < OLDEST_API:
            version = client.api_version
            raise Trouble(f"the engine at {place} is too old (API {version}); it takes Docker 20.10 or Podman 4")
        return client
    if denied := [one for one in tried if "permission" in one]:
        raise Trouble(f"{denied[0]}; add yourself to the group that owns it, or use Podman without root")
    hint = "install and start Docker or Podman, or set DOCKER_HOST"
    raise Trouble(f"no engine answers: {'; '.join(tried)}; {hint}")


def _places() -> Iterator[str]:
    """Where an engine may listen: as the user says, else as Docker's own command would, else where that is usual."""
    if os.environ.get("DOCKER_HOST"):
        yield os.environ["DOCKER_HOST"]
        return
    runtime, home = os.environ.get("XDG_RUNTIME_DIR"), Path.home()
    yield from _context(home / ".docker")
    yield "unix:///var/run/docker.sock"
    if runtime:
        yield f"unix://{runtime}/docker.sock"
        yield f"unix://{runtime}/podman/podman.sock"
    yield "unix:///run/podman/podman.sock"


def _context(folder: Path) -> Iterator[str]:
    """The endpoint of the context that Docker's command has chosen."""
    try:
        name = os.environ.get("DOCKER_CONTEXT") or json.loads((folder / "config.json").read_text())["currentContext"]
        meta = folder / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest() / "meta.json"
        yield json.loads(meta.read_text())["Endpoints"]["docker"]["Host"]
    except (OSError, ValueError, KeyError):
        return


def _is_there(place: str) -> bool:
    return not place.startswith("unix://") or os.path.lexists(place[len("unix://") :])


def _tls() -> dict[str, Any]:
    if not os.environ.get("DOCKER_TLS_VERIFY"):
        return {}
    import docker.utils

    return {"tls": docker.utils.kwargs_from_env()["tls"]}


def _silence(place: str, error: Exception) -> str:
    denied = "Permission denied" in str(error) or "PermissionError" in repr(error)
    return f"{place} gives no permission" if denied else f"{place} does not answer"


@contextlib.contextmanager
def _asking(what: str) -> Iterator[None]:
    """The engine's own words for what it does not do."""
    import docker.errors
    import requests

    try:
        yield
    except docker.errors.APIError as error:
        said = str(error.explanation or error).strip().rstrip(".")
        if "no space left" in said.lower():
            raise Trouble(f"the engine has no space left for {what}; `tcup clean`, or free its disk") from None
        raise Trouble(f"the engine refuses {what}: {said}; look at its log") from None
    except (requests.exceptions.RequestException, OSError) as error:
        raise _EngineGone(f"the engine went away with {what}: {_reason(error)}; start it, and run tcup again") from None


def _reason(error: BaseException) -> str:
    return getattr(error, "strerror", None) or type(error).__name__


# --- what is left of runs that were killed --------------------------------------------------------------------------


def own_labels() -> dict[str, str]:
    """By these a later start knows whose a container is, and whether he still lives."""
    pid = os.getpid()
    known = {"host": socket.gethostname(), "pid": str(pid), "start": _start_of(pid)}
    return {f"{_LABEL}.{name}": value for name, value in known.items()}


def sweep(client: Any) -> None:
    """Remove the containers of tcups of this machine that are no more."""
    with _asking("a look at what is left"):
        for one in client.containers(all=True, filters={"label": f"{_LABEL}.host={socket.gethostname()}"}):
            labels = one["Labels"]
            pid = int(labels.get(f"{_LABEL}.pid", 0))
            if labels.get(f"{_LABEL}.start") != _start_of(pid):
                remove(client, one["Id"])
                say(f"removed what a tcup left that was killed (process {pid})")


def remove(client: Any, container: str) -> None:
    """Remove a container with its volumes; one that is gone, or is just going because it has ended, is fine."""
    import docker.errors

    with _asking("the removal of the container"):
        try:
            client.remove_container(container, force=True, v=True)
        except docker.errors.NotFound:
            return
        except docker.errors.APIError:
            # Docker says 409 of one that it is removing already, Podman 500.
            if not _goes(client, container):
                raise


def _goes(client: Any, container: str) -> bool:
    import docker.errors
    import requests

    try:
        client.wait(container, timeout=30, condition="removed")
    except docker.errors.NotFound:
        return True
    except (docker.errors.APIError, requests.exceptions.RequestException):
        return False
    return True


def _start_of(pid: int) -> str:
    """When a process began, in words that no other process of the same number will have; empty if there is none."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[19]}"
    except OSError:
        said = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return said.stdout.strip()


# --- the image ------------------------------------------------------------------------------------------------------

_DOCKERFILE = """\
FROM {base} AS build
LABEL {label}=build
{arguments}
COPY tools /build/tools
RUN sh /build/tools/begin.sh
{dependencies}COPY source /build/source
RUN sh /build/source/install.sh
FROM {base}
COPY --from=build /opt/stackproof /opt/stackproof
LABEL {label}=image org.opencontainers.image.title="stackproof in a container" \\
      org.opencontainers.image.version="{version}" org.opencontainers.image.source="{origin}" \\
      org.opencontainers.image.licenses="Apache-2.0"
ENV PYTHONDONTWRITEBYTECODE=1
WORKDIR /tmp
USER 65534:65534
ENTRYPOINT ["/opt/stackproof/bin/python", "-m", "tcup.inside"]
"""
#: uv, which stays behind, and an environment that has no installer in it.
_BEGIN = """\
set -e
. /build/tools/settings.sh
python3 -m venv /build/uv
/build/uv/bin/python -m pip install --quiet --disable-pip-version-check --no-cache-dir --root-user-action=ignore uv
/build/uv/bin/uv venv --quiet --python "$(command -v python3)" /opt/stackproof
"""
#: What pip is told of indexes and authorities, in the words of uv.
_SETTINGS = """\
[ ! -s /build/tools/ca.crt ] || export PIP_CERT=/build/tools/ca.crt SSL_CERT_FILE=/build/tools/ca.crt
[ -z "$PIP_INDEX_URL" ] || export UV_DEFAULT_INDEX="$PIP_INDEX_URL"
[ -z "$PIP_EXTRA_INDEX_URL" ] || export UV_INDEX="$PIP_EXTRA_INDEX_URL"
[ -z "$PIP_FIND_LINKS" ] || export UV_FIND_LINKS="$(echo "$PIP_FIND_LINKS" | tr ' ' ,)"
[ -z "$PIP_TRUSTED_HOST" ] || export UV_INSECURE_HOST="$PIP_TRUSTED_HOST"
export UV_COMPILE_BYTECODE=1 UV_NO_CACHE=1 UV_PYTHON=/opt/stackproof/bin/python
versions() { sed -n 's/^\\([A-Za-z0-9].*==.*\\) \\\\$/\\1/p' "$1" >/build/versions.txt; }
install() { /build/uv/bin/uv pip install --quiet "$@"; }
"""
#: What a wheel asks for comes at the versions of the lock, so that the same release gives the same image.
_DEPENDENCIES = """\
COPY project /build/project
RUN . /build/tools/settings.sh && versions /build/project/requirements.lock \\
 && install -c /build/versions.txt -r /build/project/pyproject.toml --extra tcup
"""
_FROM_SOURCE = """\
set -e
. /build/tools/settings.sh
install --no-deps /build/source
"""
#: The tests of these libraries, which nobody runs here, would be a tenth of all that is installed.
_LEAN = """\
for one in keystoneauth1 openstack oslo_config oslo_utils tempest; do
    rm -rf /opt/stackproof/lib/python3*/site-packages/$one/tests
done
"""
_FROM_RELEASE = """\
set -e
. /build/tools/settings.sh
install --no-deps stackproof=={version}
versions /opt/stackproof/lib/python3*/site-packages/tcup/requirements.lock
install -c /build/versions.txt 'stackproof[tcup]=={version}'
"""


def checkout() -> Path | None:
    """The checkout that this file lies in, None if it was downloaded or installed."""
    top = Path(__file__).resolve().parent.parent
    project = top / "pyproject.toml"
    if (
        project.is_file()
        and 'name = "stackproof"' in project.read_text()
        and all((top / one).exists() for one in SOURCE)
    ):
        return top
    return None


def image(client: Any, base: str, network: str) -> str:
    """The id of the image, which is built if there is none of the same contents."""
    source = checkout()
    base_id = _base(client, base)
    arguments, trusted = _indexes(), trusted_authorities()
    files = _context_files(source, base, trusted)
    contents = _contents(base_id, arguments, files)
    tag = f"stackproof-tcup:{contents[:16]}"
    if found := _image_id(client, tag):
        return found
    of = f"the checkout {source}" if source else f"release {VERSION}"
    say(f"building the image from {of}, on {base}; this is done once")
    _build(client, tag, files, {**arguments, **_proxies_to_build()}, network, of, contents)
    built = _image_id(client, tag)
    if not built:
        raise Trouble("the engine has built an image and does not find it; look at its log")
    _forget_others(client, built)
    return built


def _contents(base_id: str, arguments: dict[str, str], files: dict[str, bytes]) -> str:
    """A digest of all that makes the image what it is; by whom its packages' senders are vouched for is no part."""
    digest = hashlib.sha256(repr((base_id, sorted(arguments))).encode())
    for name, data in sorted(files.items()):
        if name != "tools/ca.crt":
            digest.update(f"{name} {len(data)} ".encode() + data)
    return digest.hexdigest()


def _context_files(source: Path | None, base: str, trusted: str) -> dict[str, bytes]:
    words = {"base": base, "label": _LABEL, "arguments": "\n".join(f"ARG {name}" for name in _INDEXES)}
    dockerfile = _DOCKERFILE.format(
        dependencies=_DEPENDENCIES if source else "",
        version=VERSION,
        origin="checkout" if source else "release",
        **words,
    )
    texts = {
        "Dockerfile": dockerfile,
        "tools/ca.crt": trusted,
        "tools/begin.sh": _BEGIN,
        "tools/settings.sh": _SETTINGS,
        "source/install.sh": (_FROM_SOURCE if source else _FROM_RELEASE.format(version=VERSION)) + _LEAN,
    }
    files = {name: text.encode() for name, text in texts.items()}
    if source:
        for name in ("pyproject.toml", "requirements.lock"):
            files[f"project/{name}"] = (source / name).read_bytes()
        for path in _source_files(source):
            files[f"source/{path.relative_to(source).as_posix()}"] = path.read_bytes()
    return files


def _source_files(source: Path) -> Iterator[Path]:
    for name in SOURCE:
        top = source / name
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def _base(client: Any, base: str) -> str:
    """The id of the base, which is had from its registry if the engine has none."""
    if found := _image_id(client, base):
        return found
    import docker.errors
    import requests

    say(f"getting {base}")
    hint = "--base names an image that the engine has, with Python 3.11 or newer and its venv"
    try:
        repository, _, tag = base.partition(":") if ":" in base.rpartition("/")[2] else (base, "", "latest")
        for line in client.pull(repository, tag=tag or "latest", stream=True, decode=True):
            if "error" in line:
                raise Trouble(f"image {base} cannot be had: {line['error']}; {hint}")
    except docker.errors.APIError as error:
        raise Trouble(f"image {base} cannot be had: {str(error.explanation).strip()}; {hint}") from None
    except requests.exceptions.RequestException as error:
        raise _EngineGone(f"the engine went away: {_reason(error)}; start it, and run tcup again") from None
    return _image_id(client, base) or base


def _image_id(client: Any, name: str) -> str | None:
    import docker.errors

    with _asking("a look at its images"):
        try:
            return str(client.inspect_image(name)["Id"])
        except docker.errors.ImageNotFound:
            return None


def _indexes() -> dict[str, str]:
    """Where pip looks for packages. The engine writes these down: an address with a password in it is refused."""
    known = {name: os.environ.get(name, "") for name in _INDEXES}
    found = {name: value for name, value in known.items() if "://" in value or (value and name.endswith("HOST"))}
    for name, value in found.items():
        if any(_has_password(one) for one in value.split()):
            raise Trouble(f"{name} has a password in it, which the engine would write down; name an index without one")
    return found


def _has_password(address: str) -> bool:
    return bool(urllib.parse.urlsplit(address if "://" in address else f"//{address}").password)


def _proxies() -> dict[str, str]:
    return {name: os.environ[name] for name in _PROXIES if os.environ.get(name)}


def _proxies_to_build() -> dict[str, str]:
    """The proxies as arguments of the build. The engine writes these down: one with a password in it is refused."""
    found = _proxies()
    for name, value in found.items():
        if name.lower() != "no_proxy" and _has_password(value):
            raise Trouble(f"{name} has a password in it, which the engine would write down while it builds the image; "
                          "name a proxy without one for the first start, later ones take it")  # fmt: skip
    return found


def trusted_authorities() -> str:
    """The certificates that this host's user trusts beside those that everybody does; empty if there are none."""
    for name in _AUTHORITIES:
        if os.environ.get(name):
            return _text(Path(os.environ[name]), name)
    return ""


def _build(
    client: Any, tag: str, files: dict[str, bytes], arguments: dict[str, str], network: str, of: str, contents: str
) -> None:
    said: list[str] = []
    why = ""
    with _asking("the image"):
        answer = client.build(
            fileobj=_tar(files), custom_context=True, tag=tag, rm=True, forcerm=True, network_mode=network,
            buildargs=arguments, decode=True, pull=False, labels={f"{_LABEL}.contents": contents},
        )  # fmt: skip
        for line in answer:
            text = str(line.get("stream", "")).strip()
            if text:
                said.append(text)
                if text.startswith(("Step ", "STEP ")):
                    say(f"  {text[:100]}")
            why = str(line.get("error", why))
    if why:
        raise Trouble(_why_not_built("\n".join(said), why, of))


def _why_not_built(said: str, why: str, of: str) -> str:
    if re.search(r"stackproof (was not found|[=\d.]+ cannot)|no version of stackproof", said):
        return f"{of} is not in the package index; run tcup.py from a checkout, or name the index in PIP_INDEX_URL"
    if re.search(r"no space left", said + why, re.IGNORECASE):
        return "the engine's disk is full; `tcup clean`, or free its disk"
    if re.search(r"ensurepip|No module named venv|python3: not found", said + why):
        return "the base has no Python that makes environments; name one with --base that has python3 and its venv"
    for line in said.splitlines()[-15:]:
        print(f"    {line}", file=sys.stderr)
    if re.search(r"CERTIFICATE_VERIFY_FAILED|certificate verify failed|invalid peer certificate", said):
        return "the package index has a certificate that is not trusted; name its authority in SSL_CERT_FILE"
    if re.search(
        r"[Cc]onnect|Temporary failure|timed out|No matching distribution|error sending request|Failed to fetch", said
    ):
        return (
            "the package index cannot be reached while the image is built; see above; set PIP_INDEX_URL or HTTPS_PROXY"
        )
    return f"the image cannot be built: {why.strip()}; see above"


def _tar(files: dict[str, bytes]) -> io.BytesIO:
    """The files as the engine takes them, with nothing in it that differs from one machine to the next."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in sorted(files.items()):
            about = tarfile.TarInfo(name)
            about.size, about.mode = len(data), 0o644
            archive.addfile(about, io.BytesIO(data))
    out.seek(0)
    return out


def _forget_others(client: Any, built: str) -> None:
    """Remove images of tcup that are older than a day; what another tcup has just built is for it to run."""
    import docker.errors

    with _asking("a look at its images"):
        for one in client.images(filters={"label": f"{_LABEL}=image"}):
            if one["Id"] != built and one["Created"] < time.time() - 24 * 3600:
                with contextlib.suppress(docker.errors.APIError):
                    client.remove_image(one["Id"])


# --- the container --------------------------------------------------------------------------------------------------


@dataclass
class Container:
    """A container that runs: a line of JSON to it is a job, lines of JSON from it are what becomes of it."""

    client: Any
    id: str
    connection: Any
    errors: list[str] = field(default_factory=list)

    def write(self, text: str) -> None:
        """Write to its standard input, which is written down nowhere."""
        with contextlib.suppress(OSError):
            getattr(self.connection, "_sock", self.connection).sendall(text.encode() + b"\n")

    def events(self) -> Iterator[dict[str, Any]]:
        """What it tells, until it ends."""
        from docker.utils.socket import frames_iter

        rest = b""
        with _asking("the run"):
            for stream, data in frames_iter(self.connection, tty=False):
                if stream == 2:
                    self.errors += data.decode(errors="replace").splitlines()
                    continue
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    yield json.loads(line)


@contextlib.contextmanager
def container(client: Any, image: str, job: dict[str, Any], options: argparse.Namespace) -> Iterator[Container]:
    """A container that does this job; it is removed however that ends."""
    from docker.types import LogConfig

    debug = job["task"] == "debug"
    with _asking("the container"):
        host = client.create_host_config(
            read_only=True, tmpfs={"/tmp": f"rw,nosuid,nodev,size={options.memory},mode=1777"},  # noqa: S108
            cap_drop=["ALL"], security_opt=["no-new-privileges"], network_mode=options.network, auto_remove=True,
            mem_limit=options.memory, nano_cpus=int(options.cpus * 1e9) if options.cpus else None,
            pids_limit=options.pids, log_config=LogConfig(type="none"),
            binds={str(Path.cwd()): {"bind": "/work", "mode": "rw"}} if debug else None,
        )  # fmt: skip
        made = client.create_container(
            image, name=f"tcup-{secrets.token_hex(4)}", labels=own_labels(), stdin_open=True, host_config=host,
            user=_user(client) if debug else None,
        )["Id"]  # fmt: skip
    try:
        with _asking("the container"):
            everything = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
            there = Container(client, made, client.attach_socket(made, params=everything))
            client.start(made)
        there.write(json.dumps(job))
        yield there
    finally:
        with contextlib.suppress(_EngineGone):
            remove(client, made)


def _user(client: Any) -> str | None:
    """Who owns the present directory, so that the shell can write there; nobody where that would be root."""
    about = client.info()
    # Docker says it among its options, Podman by a word of its own.
    rootless = about.get("Rootless") or any("rootless" in one for one in about.get("SecurityOptions") or [])
    return None if rootless or os.getuid() == 0 else f"{os.getuid()}:{os.getgid()}"


# --- what is seen while it runs -------------------------------------------------------------------------------------


def say(text: str) -> None:
    """A line for the user, beside what a run prints."""
    print(f"tcup: {text}", file=sys.stderr, flush=True)


@dataclass
class Progress:
    """A bar with the current test on a terminal; elsewhere a line now and then."""

    out: TextIO = field(default_factory=lambda: sys.stderr)
    total: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    test: str = ""
    began: float = field(default_factory=time.monotonic)

    @property
    def done(self) -> int:
        """How many tests have ended."""
        return sum(self.outcomes.values())

    @property
    def summary(self) -> str:
        """What became of the tests, with those that were not reached.

        >>> Progress(total=7, outcomes=Counter(passed=3, failed=1)).summary
        '4 of 7 tests have ended: 1 failed, 3 passed'
        >>> Progress(total=4, outcomes=Counter(passed=3, skipped=1)).summary
        '4 tests: 3 passed, 1 skipped'
        """
        how_far = f"{self.total} tests" if self.done == self.total else f"{self.done} of {self.total} tests have ended"
        outcomes = ", ".join(f"{number} {outcome}" for outcome, number in sorted(self.outcomes.items()))
        return f"{how_far}: {outcomes or 'none'}"

    def take(self, event: dict[str, Any]) -> None:
        """Show what has changed."""
        if event["event"] == "collected":
            self.total = event["number"]
            self._line(f"{self.total} tests")
        elif event["event"] == "began":
            self.test = event["test"].rpartition("/")[2]
        elif event["event"] == "ended":
            self.outcomes[event["outcome"]] += 1
            if event["outcome"] in _BAD:
                self._line(f"{event['outcome']}: {event['test']}: {event['why']}")
            elif not self.out.isatty() and self.done % max(1, self.total // 20) == 0:
                self._line(self._state())
        else:
            return
        self._bar()

    def clear(self) -> None:
        """Take the bar away."""
        if self.out.isatty():
            self.out.write("\r\x1b[K")
            self.out.flush()

    def _line(self, text: str) -> None:
        self.clear()
        say(text)

    def _state(self) -> str:
        seconds = int(time.monotonic() - self.began)
        failed = sum(self.outcomes[outcome] for outcome in _BAD)
        failures = f", {failed} failed" if failed else ""
        return f"{self.done} of {self.total}{failures}, {seconds // 60}:{seconds % 60:02d}"

    def _bar(self) -> None:
        if not self.out.isatty():
            return
        width = shutil.get_terminal_size().columns - 1
        filled = 20 * self.done // max(self.total, 1)
        text = f"[{'#' * filled}{'-' * (20 - filled)}] {self._state()}  {self.test}"
        self.out.write("\r\x1b[K" + text[:width])
        self.out.flush()


@dataclass
class Results:
    """A folder for what a run leaves; it is there as soon as there is something in it."""

    folder: Path
    last: deque[str] = field(default_factory=lambda: deque(maxlen=12))

    def take(self, event: dict[str, Any]) -> None:
        """Write down what belongs into a file."""
        if event["event"] == "log":
            self.last.append(event["line"])
            self._write("log.txt", (event["line"] + "\n").encode(), "ab")
        elif event["event"] == "file":
            self._write(event["name"], base64.b64decode(event["data"]), "wb" if event["first"] else "ab")
        elif event["event"] == "ended":
            line = json.dumps({name: value for name, value in event.items() if name != "event"})
            self._write("results.jsonl", f"{line}\n".encode(), "ab")
        elif event["event"] == "payload":
            self._write("refstack.json", json.dumps(event["body"]).encode(), "wb")

    def _write(self, name: str, data: bytes, mode: str) -> None:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(self.folder / Path(name).name, mode) as file:  # noqa: PTH123 -- the mode varies
                file.write(data)
        except OSError as error:
            why = "its disk is full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else error.strerror
            raise Trouble(f"{self.folder} cannot be written: {why}; name another folder with --results") from None


# --- the verbs ------------------------------------------------------------------------------------------------------


def main(words: Sequence[str] | None = None) -> int:
    """Do what the command line says and return the exit status."""
    given = list(sys.argv[1:] if words is None else words)
    options = parser().parse_args(given[: given.index("--")] if "--" in given else given)
    options.pytest = given[given.index("--") + 1 :] if "--" in given else []
    try:
        ready()
        verb = {"run": run, "upload": upload, "clean": clean}[options.verb]
        return verb(options)
    except Trouble as trouble:
        print(f"tcup: {trouble}", file=sys.stderr)
        return BROKEN
    except KeyboardInterrupt:
        print("\ntcup: interrupted", file=sys.stderr)
        return INTERRUPTED


def run(options: argparse.Namespace) -> int:
    """The suites, and what becomes of the results."""
    cloud = cloud_of(dict(os.environ))
    try_credentials(cloud)
    key = _text(Path(options.identify), "--identify") if options.identify else ""
    client = engine()
    sweep(client)
    built = image(client, options.base, options.network)
    job = {
        "task": "debug" if options.debug else "run", "variables": cloud.variables, "files": cloud.files,
        "tried": cloud.tried, "pytest": arguments(options), "trusted": trusted_authorities(),
        "proxies": _proxies(), "api": "" if options.no_upload else options.api, "key": key,
    }  # fmt: skip
    with container(client, built, job, options) as there:
        if options.debug:
            return _shell(there)
        return Conversation(there, options).held()


def arguments(options: argparse.Namespace) -> list[str]:
    """What pytest is told: the guideline, the suites, and the user's own arguments."""
    guideline = [f"--interop-guideline={options.guideline}", f"--interop-target={options.target}"]
    suites = ["--pyargs", "stackproof_suites"] if options.suites or options.guideline == "none" else []
    return [*([] if options.guideline == "none" else guideline), *suites, *options.pytest]


@dataclass
class Conversation:
    """A run from its first line to its last."""

    there: Container
    options: argparse.Namespace
    status: int | None = None
    stops: int = 0
    sending: bool = False
    sent: str = ""
    unsent: str = ""

    def __post_init__(self) -> None:
        stamp = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        self.results = Results(Path(self.options.results) / f"{stamp}-{secrets.token_hex(3)}")
        self.progress = Progress()

    def held(self) -> int:
        """Hear it to its end and return the exit status."""
        say(f"results go to {self.results.folder}")
        with _signals(self.stop):
            try:
                for event in self.there.events():
                    self.take(event)
            finally:
                self.progress.clear()
        if self.status is None:
            self._without_end()
        return self._ended()

    def take(self, event: dict[str, Any]) -> None:
        """One thing that the container tells."""
        self.results.take(event)
        self.progress.take(event)
        kind = event["event"]
        if kind == "trouble":
            raise Trouble(event["sentence"])
        if kind == "payload" and not self.options.no_upload:
            self.progress.clear()
            agreed = not self.stops and consents(event["body"], self.options)
            self.sending = agreed and not self.stops
            self.there.write("upload" if self.sending else "leave")
        elif kind == "uploaded":
            self.sent = event["url"]
        elif kind == "unsent":
            self.unsent = event["why"]
        elif kind == "over":
            self.status = event["status"]

    def stop(self, *_: object) -> None:
        """Ctrl-C: pytest ends in order; the second time everything ends at once."""
        self.stops += 1
        self.progress.clear()
        if self.stops > 1:
            raise KeyboardInterrupt
        doing = "no more is sent" if self.sending else "what was made in the cloud is removed"
        say(f"stopping; {doing} (Ctrl-C again: at once)")
        self.there.write("stop")

    def _without_end(self) -> None:
        for line in self.there.errors[-15:]:
            print(f"    {line}", file=sys.stderr)
        kept = f"what was told until then is in {self.results.folder}"
        raise Trouble(f"the run has ended before its end: the engine, or somebody else, has stopped it; {kept}")

    def _ended(self) -> int:
        status = self.status if self.status is not None else BROKEN
        folder = self.results.folder
        if not self.progress.total:
            print(*(f"    {line}" for line in self.results.last), sep="\n", file=sys.stderr)
            say(f"no test has run, and pytest says why, see above; all of it is in {folder}/log.txt")
            return status or BROKEN
        say(f"{self.progress.summary}; see {folder}/report.html")
        body = folder / "refstack.json"
        if self.sent:
            say(f"results uploaded: {self.sent}")
        elif self.unsent:
            say(f"results not uploaded: {self.unsent}; send them with `tcup upload {body}`")
            return status or BROKEN
        elif body.exists():
            why = "for the run was stopped" if self.stops else "as you wish"
            say(f"results not uploaded, {why}; `tcup upload {body}` would")
        elif not self.options.no_upload:
            say("no test has passed that Refstack would take, so nothing is uploaded")
        return status


@contextlib.contextmanager
def _signals(handler: Any) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def consents(body: dict[str, Any], options: argparse.Namespace) -> bool:
    """Whether the results may go: on a terminal the user is asked the first time, elsewhere he has said so."""
    number = len(body["results"])
    who = "signed by your key" if options.identify else "anonymous"
    seconds, cloud = body["duration_seconds"], body["cpid"]
    say(f"to {options.api}, {who}: names and ids of {number} tests that passed, {seconds} s, cloud {cloud}")
    known = _state_folder() / "consent"
    agreed = known.read_text().split() if known.is_file() else []
    if options.yes or options.api in agreed or not sys.stdin.isatty():
        return True
    for one in itertools.islice(body["results"], 3):
        print(f"    {one['name']} {one.get('uuid', '')}", file=sys.stderr)
    print(f"    … {max(number - 3, 0)} more", file=sys.stderr)
    answer = input("tcup: send this, now and after later runs? [y/N] ")
    if answer.strip().lower() not in ("y", "yes"):
        return False
    known.parent.mkdir(parents=True, exist_ok=True)
    known.write_text("\n".join([*agreed, options.api, ""]))
    return True


def upload(options: argparse.Namespace) -> int:
    """Send results that were kept; the container does it, as it does after a run."""
    text = _text(Path(options.file), "results")
    try:
        body = json.loads(text)
        valid = {"cpid", "duration_seconds", "results"} == set(body) and body["results"]
    except (ValueError, TypeError):
        valid = False
    if not valid:
        raise Trouble(f"{options.file} has no results for Refstack; name the refstack.json of a run")
    key = _text(Path(options.identify), "--identify") if options.identify else ""
    if not consents(body, options):
        return 0
    client = engine()
    sweep(client)
    job = {
        "task": "upload", "body": text, "api": options.api, "key": key, "trusted": trusted_authorities(),
        "proxies": _proxies(),
    }  # fmt: skip
    with container(client, image(client, options.base, options.network), job, options) as there:
        for event in there.events():
            if event["event"] == "uploaded":
                say(f"results uploaded: {event['url']}")
                return 0
            raise Trouble(event.get("why") or event.get("sentence") or "the container has said nothing; run it again")
    raise Trouble("the container has said nothing; look at the engine's log")


def clean(_: argparse.Namespace) -> int:
    """Remove what is kept from one run to the next."""
    client = engine()
    sweep(client)
    import docker.errors

    with _asking("the removal of images"):
        for label in ("image", "build"):
            for one in client.images(filters={"label": f"{_LABEL}={label}"}, all=True):
                with contextlib.suppress(docker.errors.APIError):
                    client.remove_image(one["Id"])
    shutil.rmtree(_state_folder(), ignore_errors=True)
    say("nothing of tcup is left but results")
    return 0


def _shell(there: Container) -> int:
    """A shell in the container, on this terminal."""
    if not sys.stdin.isatty():
        raise Trouble("--debug opens a shell and there is no terminal; run it from one")
    for event in there.events():
        if event["event"] == "trouble":
            raise Trouble(event["sentence"])
        if event["event"] == "prepared":
            break
    else:
        raise Trouble("the container has ended; " + " ".join(there.errors[-1:]))
    with _asking("a shell"):
        words = ["/opt/stackproof/bin/python", "-m", "tcup.inside", "shell"]
        shell = there.client.exec_create(there.id, words, stdin=True, tty=True)["Id"]
        connection = there.client.exec_start(shell, tty=True, socket=True)
        _joined(
            getattr(connection, "_sock", connection),
            lambda rows, columns: there.client.exec_resize(shell, rows, columns),
        )
        return int(there.client.exec_inspect(shell)["ExitCode"] or 0)


def _joined(far: Any, resize: Any) -> None:
    """This terminal and the far end are one until either ends."""
    import select
    import termios
    import tty

    def fit(*_: object) -> None:
        size = shutil.get_terminal_size()
        resize(size.lines, size.columns)

    before = termios.tcgetattr(0)
    resized = signal.signal(signal.SIGWINCH, fit)
    fit()
    tty.setraw(0)
    try:
        while True:
            ready_now, _, _ = select.select([far, 0], [], [])
            if far in ready_now:
                data = far.recv(65536)
                if not data:
                    return
                os.write(1, data)
            if 0 in ready_now:
                far.sendall(os.read(0, 65536))
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)
        signal.signal(signal.SIGWINCH, resized)


# --- the command line, and what this file needs itself --------------------------------------------------------------


class _Parser(argparse.ArgumentParser):
    def __init__(self, **words: Any) -> None:
        super().__init__(**words, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(MISUSED, f"tcup: {message}\n")


def parser() -> argparse.ArgumentParser:
    """All options; what follows two dashes is for pytest."""
    top = _Parser(prog="tcup", description=(__doc__ or "").splitlines()[0], epilog=_EPILOG,
                  usage="tcup [run | upload FILE | clean] [options] [-- arguments of pytest]",
                  formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    top.add_argument("verb", nargs="?", choices=("run", "upload", "clean"), default="run", help=argparse.SUPPRESS)
    top.add_argument("file", nargs="?", help=argparse.SUPPRESS)
    what = top.add_argument_group("what runs")
    what.add_argument("--guideline", default=GUIDELINE, metavar="ID|URL|none", help="of interoperability [%(default)s]")
    what.add_argument("--target", default="platform", metavar="NAME", help="platform, compute or object [%(default)s]")
    what.add_argument("--suites", action="store_true", help="also the suites of stackproof; their results stay here")
    what.add_argument(
        "--debug",
        action="store_true",
        help="run nothing: a shell where all is prepared; the present directory is /work",
    )
    where = top.add_argument_group("where results go")
    where.add_argument("--api", default=API, metavar="URL", help="a Refstack server [%(default)s]")
    where.add_argument("--no-upload", action="store_true", help="nowhere but into the folder")
    where.add_argument(
        "--identify", metavar="KEYFILE", help="sign what is uploaded; without it nobody knows whose it is"
    )
    where.add_argument("--yes", action="store_true", help="upload without a question")
    where.add_argument("--results", default="tcup-results", metavar="DIR", help="the folder [%(default)s]")
    how = top.add_argument_group("the container")
    how.add_argument("--base", default=BASE, metavar="IMAGE", help="an image with Python 3.11 or newer [%(default)s]")
    how.add_argument("--network", default="host", metavar="NAME", help="the engine's network [%(default)s]")
    how.add_argument("--memory", default="2g", metavar="SIZE", help="at most [%(default)s]")
    how.add_argument("--cpus", type=float, metavar="NUMBER", help="at most")
    how.add_argument("--pids", type=int, default=512, metavar="NUMBER", help="processes at most [%(default)s]")
    top.add_argument("--version", action="version", version=f"tcup {VERSION}")
    return top


def ready() -> None:
    """See to it that the Docker SDK is there: through uv, or in an environment of tcup's own; then start again."""
    try:
        import docker  # noqa: F401
    except ImportError:
        pass
    else:
        return
    words = [str(Path(__file__).resolve()), *sys.argv[1:]]
    if os.environ.get("TCUP_AGAIN"):
        raise Trouble("the Docker SDK cannot be imported; `apt-get install python3-docker`, or `uv run tcup.py`")
    os.environ["TCUP_AGAIN"] = "1"
    if uv := shutil.which("uv"):
        os.execv(uv, [uv, "run", "--quiet", "--script", *words])
    python = _own_environment()
    os.execv(python, [python, *words])


def _own_environment() -> str:
    folder = _state_folder() / f"python{sys.version_info.major}.{sys.version_info.minor}"
    python = folder / "bin" / "python"
    hint = "`apt-get install python3-docker` does it, or `apt-get install python3-venv`"
    if (folder / "ready").exists():
        return str(python)
    say(f"the Docker SDK is missing; making an environment for it in {folder}")
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(folder)], capture_output=True, text=True, check=False
    )
    if made.returncode:
        raise Trouble(f"the Docker SDK is missing, and this Python makes no environments; {hint}")
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "docker>=5"]
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        raise Trouble(f"the Docker SDK is missing, and pip cannot get it: {why}; {hint}")
    (folder / "ready").touch()
    return str(python)


def _state_folder() -> Path:
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "stackproof-tcup"


if __name__ == "__main__":
    sys.exit(main())
