"""Tokens of one's own, which can be revoked without harm to others."""

from __future__ import annotations

from typing import Any

from pytest_whitebox.cloud import Cloud


def new_token(cloud: Cloud) -> str:
    """Another token of the user whom the tests run as."""
    session = cloud.connection.session
    identity: Any = cloud.connection.identity
    own = {"methods": ["token"], "token": {"id": session.get_token()}}
    scope = {"project": {"id": session.get_project_id()}}
    made = identity.post("/auth/tokens", json={"auth": {"identity": own, "scope": scope}})
    assert made.status_code == 201, made.text
    return str(made.headers["X-Subject-Token"])


def shown(cloud: Cloud, token: str) -> Any:
    """What Keystone says of a token; None if it is not valid."""
    identity: Any = cloud.connection.identity
    said = identity.get("/auth/tokens", headers={"X-Subject-Token": token})
    return said.json()["token"] if said.status_code == 200 else None


def is_valid(cloud: Cloud, token: str) -> bool:
    """True if Keystone accepts a token."""
    return shown(cloud, token) is not None
