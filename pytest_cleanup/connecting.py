"""The way to a cloud: the session of its entry in clouds.yaml, made for many requests at the same time."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pytest_cleanup.pace import Pace
from pytest_cleanup.view import View
from pytest_whitebox.core.clouds import reach
from pytest_whitebox.core.errors import StackproofError, plain


def connect(cloud: str | None, pace: Pace | None = None, file: Path | None = None) -> View:
    """The cloud of this name in clouds.yaml, or of the OS_* variables; `StackproofError` if it lets us not in.

    ``file`` is the clouds.yaml, if not the one that openstacksdk finds.
    """
    import openstack.config
    from keystoneauth1.exceptions import ClientException
    from openstack.exceptions import SDKException

    pace, where = pace or Pace(), f"cloud {cloud or 'of OS_*'}"
    try:
        known = openstack.config.OpenStackConfig(config_files=[str(file)] if file else None, app_name="stackproof")
        region: Any = known.get_one(cloud=cloud)
        address = region.get_auth_args().get("auth_url")
        where += f" at {address}" if address else ""
        reach(address)
        session = region.get_session()
        _prepare(session.session, pace.at_once)
        view = View(session, region.get_region_name(), region.get_interface() or "public", pace)
        view.set_clock()
        view.grants  # noqa: B018 -- what a run that was killed had is taken back
    except (OSError, ClientException, SDKException) as error:
        named = f"--os-cloud {cloud} " if cloud else ""
        hint = f"see that `openstack {named}token issue` works from here"
        raise StackproofError(f"{where} cannot be used: {plain(error)}", hint=hint) from error
    return view


def _prepare(session: Any, at_once: int) -> None:
    """As many connections to each service as there are requests, and one look for proxies at each, not at each request.

    That look, through all of the environment, is a third of what a request costs.
    """
    for adapter in session.adapters.values():
        adapter.init_poolmanager(at_once, at_once)
    merge, known = session.merge_environment_settings, dict[Any, Any]()

    def merged(url: str, *words: Any) -> dict[str, Any]:
        name = (urlsplit(url)[:2], repr(words))
        if name not in known:
            known[name] = merge(url, *words)
        return dict(known[name])

    session.merge_environment_settings = merged
