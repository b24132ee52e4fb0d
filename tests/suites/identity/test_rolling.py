"""Users, projects, credentials and tokens of before an upgrade of the cloud are good after it."""

from __future__ import annotations

import pytest

from pytest_upgrade.persistent import Persistent

pytestmark = [pytest.mark.rolling, pytest.mark.requires("identity")]


@pytest.mark.idempotent_id("adc86594-6618-46d1-8318-2abae0560357")
def test_user_is_what_it_was_and_logs_in(persistent: Persistent) -> None:
    user = persistent.user()

    assert user.changes == ()
    assert user.use()


@pytest.mark.idempotent_id("c89c1bbd-b7ac-4455-a341-5409ffcf16e2")
def test_project_is_what_it_was_and_has_tokens(persistent: Persistent) -> None:
    project = persistent.project()

    assert project.changes == ()
    assert project.use()


@pytest.mark.idempotent_id("4c203c43-01cf-4c10-acda-3866d80e0241")
def test_application_credential_is_what_it_was_and_opens(persistent: Persistent) -> None:
    credential = persistent.application_credential("robot")

    assert credential.changes == ()
    assert credential.use()


@pytest.mark.idempotent_id("9c310610-37d4-426c-98c7-59f44880ff84")
def test_token_of_before_is_valid_inside_its_lifetime(persistent: Persistent) -> None:
    token = persistent.token("before")

    assert token.changes == ()
    assert token.use()
