"""The way to a cloud: the session of its entry in clouds.yaml, made for many requests at the same time."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pytest_cleanup.pace import Pace
from pytest_cleanup.view import View
from pytest_whitebox.core.connecting import entry


def connect(cloud: str | None, pace: Pace | None = None, file: Path | None = None) -> View:
    """The cloud of this name in clouds.yaml, or of the OS_* variables; `StackproofError` if it lets us not in.

    ``file`` is the clouds.yaml, if not the one that openstacksdk finds.
    """
    with entry(cloud, file) as found:
        region: Any = found
        session = region.get_session()
        made = pace or Pace()
        _prepare(session.session, made.at_once)
        view = View(session, region.get_region_name(), region.get_interface() or "public", made)
        view.set_clock()
        view.grants  # noqa: B018 -- what a run that was killed had is taken back
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
