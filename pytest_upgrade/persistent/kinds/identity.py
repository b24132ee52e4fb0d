"""The user of the run and its project, an application credential, and a token that was issued before."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pytest_upgrade.persistent import owner
from pytest_upgrade.persistent.errors import Inconclusive, Unusable
from pytest_upgrade.persistent.kinds.fields import absent, changed

if TYPE_CHECKING:
    from pytest_upgrade.persistent.place import Place
    from pytest_upgrade.store.values import Kept


class User:
    """The user whom all things of the run belong to."""

    name = "user"
    service = "identity"

    def make(self, place: Place, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """It is there as soon as it is connected as."""
        place.connection.authorize()
        known = owner.known(place)
        assert known is not None  # noqa: S101 -- connected as it
        return known.state

    def missing(self, place: Place, kept: Kept) -> str:
        """By its id."""
        return absent(lambda: place.given.identity.get_user(kept.state["id"]))

    def differences(self, place: Place, kept: Kept) -> Iterator[str]:
        """Name, domain, whether it is enabled."""
        found = place.given.identity.get_user(kept.state["id"])
        now = {"name": found.name, "domain": found.domain_id, "enabled": found.is_enabled}
        return changed({name: kept.state[name] for name in now}, now)

    def use(self, place: Place, kept: Kept) -> str:
        """Log in anew with its password."""
        if kept.state["given"]:
            raise Inconclusive("the user is the one of the cloud's entry", hint="give an administrator's entry")
        password = place.secrets.get(owner.PASSWORD)
        if password is None:
            raise Inconclusive("its password is not known on this machine", hint="export the run --with-secrets")
        with owner.login(place, kept.state, password) as connection:
            connection.authorize()
        return "logged in with its password"

    def remove(self, place: Place, name: str, state: Mapping[str, Any]) -> None:  # noqa: ARG002
        """With its project; last of all."""
        owner.remove(place)


class Project:
    """The project of the run."""

    name = "project"
    service = "identity"

    def make(self, place: Place, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """It was made with the user."""
        id = place.connection.current_project_id
        return {"id": id, "record": self._record(place, id)}

    def missing(self, place: Place, kept: Kept) -> str:
        """By its id."""
        return absent(lambda: place.connection.identity.get_project(kept.state["id"]))

    def differences(self, place: Place, kept: Kept) -> Iterator[str]:
        """Name, domain, whether it is enabled."""
        return changed(kept.state["record"], self._record(place, kept.state["id"]))

    def use(self, place: Place, kept: Kept) -> str:
        """Have a token for it issued."""
        place.connection.session.auth.invalidate()
        if place.connection.session.get_project_id() != kept.state["id"]:
            raise Unusable(f"a new token is for another project than {kept}", hint="see the log of Keystone")
        return "a token for it is issued"

    def remove(self, place: Place, name: str, state: Mapping[str, Any]) -> None:
        """With the user of the run."""

    def _record(self, place: Place, id: str) -> dict[str, Any]:
        found = place.connection.identity.get_project(id)
        return {"name": found.name, "domain": found.domain_id, "enabled": found.is_enabled}


class ApplicationCredential:
    """An application credential; its secret is a secret of the run."""

    name = "application_credential"
    service = "identity"

    def make(self, place: Place, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """Make it for the user of the run."""
        identity, user = place.connection.identity, place.connection.current_user_id
        made = identity.create_application_credential(user, name)
        place.secrets.set(f"credential {made.id}", made.secret)
        return {"id": made.id, "user": user, "record": self._record(place, user, made.id)}

    def missing(self, place: Place, kept: Kept) -> str:
        """By its id."""
        state = kept.state
        return absent(lambda: place.connection.identity.get_application_credential(state["user"], state["id"]))

    def differences(self, place: Place, kept: Kept) -> Iterator[str]:
        """Its roles, its project, its end."""
        return changed(kept.state["record"], self._record(place, kept.state["user"], kept.state["id"]))

    def use(self, place: Place, kept: Kept) -> str:
        """Have a token issued for it."""
        secret = place.secrets.get(f"credential {kept.state['id']}")
        if secret is None:
            raise Inconclusive("its secret is not known on this machine", hint="export the run --with-secrets")
        method = {"id": kept.state["id"], "secret": secret}
        body = {"auth": {"identity": {"methods": ["application_credential"], "application_credential": method}}}
        answer = place.given.session.post(
            f"{_keystone(place)}/auth/tokens", json=body, authenticated=False, raise_exc=False
        )
        if answer.status_code != 201:
            raise Unusable(f"Keystone answers {answer.status_code} to {kept}", hint="see the log of Keystone")
        return "a token is issued for it"

    def remove(self, place: Place, name: str, state: Mapping[str, Any]) -> None:  # noqa: ARG002
        """By its name."""
        identity, user = place.connection.identity, place.connection.current_user_id
        for found in identity.application_credentials(user, name=name):
            identity.delete_application_credential(user, found, ignore_missing=True)

    def _record(self, place: Place, user: str, id: str) -> dict[str, Any]:
        found = place.connection.identity.get_application_credential(user, id)
        return {
            "roles": sorted(role["name"] for role in found.roles), "project": found.project_id,
            "expires": found.expires_at, "unrestricted": found.unrestricted,
        }  # fmt: skip


class Token:
    """A token that was issued before the upgrade; judged only inside its lifetime."""

    name = "token"
    service = "identity"

    def make(self, place: Place, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """Have one issued that nobody else uses, by the password of the run's user or from its present token."""
        session = place.connection.session
        own = {"methods": ["token"], "token": {"id": session.get_token()}}
        body = {"auth": {"identity": own, "scope": {"project": {"id": session.get_project_id()}}}}
        answer = place.given.session.post(f"{_keystone(place)}/auth/tokens", json=body, authenticated=False)
        told = answer.json()["token"]
        id = told["audit_ids"][0]
        place.secrets.set(f"{owner.TOKEN}{id}", answer.headers["X-Subject-Token"])
        return {"id": id, "expires": told["expires_at"], "record": {"project": told["project"]["id"]}}

    def missing(self, place: Place, kept: Kept) -> str:
        """It is here, if this machine has it and its lifetime has not ended."""
        self._own(place, kept)
        return ""

    def differences(self, place: Place, kept: Kept) -> Iterator[str]:
        """What Keystone says of it when it is asked with the token itself."""
        token = self._own(place, kept)
        headers = {"X-Auth-Token": token, "X-Subject-Token": token}
        answer = place.given.session.get(
            f"{_keystone(place)}/auth/tokens", headers=headers, authenticated=False, raise_exc=False
        )  # fmt: skip
        if answer.status_code != 200:
            end = kept.state["expires"]
            yield f"it is no longer valid: Keystone answers {answer.status_code}, and its lifetime ends at {end}"
        else:
            told = answer.json()["token"]
            yield from changed(kept.state["record"], {"project": told["project"]["id"]})

    def use(self, place: Place, kept: Kept) -> str:
        """List servers with it, which Nova has it validated for."""
        headers = {"X-Auth-Token": self._own(place, kept)}
        url = f"{place.connection.compute.get_endpoint()}/servers?limit=1"
        answer = place.given.session.get(url, headers=headers, authenticated=False, raise_exc=False)
        if answer.status_code != 200:
            raise Unusable(f"Nova answers {answer.status_code} to {kept}", hint="see the logs of Keystone and nova-api")
        return "Nova takes it"

    def remove(self, place: Place, name: str, state: Mapping[str, Any]) -> None:
        """It ends with its user."""

    def _own(self, place: Place, kept: Kept) -> str:
        if time.time() >= datetime.fromisoformat(kept.state["expires"]).timestamp():
            raise Inconclusive(
                f"the lifetime of {kept} ended at {kept.state['expires']}",
                hint="raise [token] expiration of Keystone above the time that the upgrade takes",
            )
        token = place.secrets.get(f"{owner.TOKEN}{kept.state['id']}")
        if token is None:
            raise Inconclusive(f"{kept} is not known on this machine", hint="export the run --with-secrets")
        return token


def _keystone(place: Place) -> str:
    return str(place.given.endpoint_for("identity")).rstrip("/")
