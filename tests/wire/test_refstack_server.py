"""The real server of Refstack takes what we send: results, signed or not, and what is said of them."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.error import HTTPError

import pytest

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.refstack import annotate, payload, signature, upload
from tests.wire.real_refstack import OPENID, NotToBeHad, Server, serving

NAME, UUID = "tempest.a.B.test_c", "5f1b7a4e-0000-4000-8000-000000000001"
BODY = payload("c0ffee", 3.4, [(NAME, UUID)])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Without an index there is none."""
    try:
        with serving(tmp_path_factory.mktemp("refstack")) as server:
            yield server
    except NotToBeHad as error:
        pytest.skip(f"needs the server of Refstack, which cannot be installed: {error}")


def test_results_of_nobody_are_taken_and_seen_by_all(server: Server) -> None:
    done = upload(server.url, BODY, {})

    assert done.url == f"http://ui/#/results/{done.id}"
    found = server.results(done.id)
    assert (found["results"], found["duration_seconds"], found["meta"]) == ([NAME], 3, {})


def test_signed_results_are_their_owners_until_he_shares_them(server: Server) -> None:
    done = upload(server.url, BODY, signature(BODY, server.key))
    with pytest.raises(HTTPError, match="401"):
        server.results(done.id)
    meta = {"guideline": "2020.06.json", "target": "compute", "shared": "true"}
    annotate(server.url, done.id, meta, key=server.key, openid=OPENID)

    assert server.results(done.id)["meta"] == meta


def test_what_is_not_his_is_refused(server: Server) -> None:
    done = upload(server.url, BODY, {})
    with pytest.raises(StackproofError, match=r"did not take target compute of results .*: 40[13] "):
        annotate(server.url, done.id, {"target": "compute"}, key=server.key, openid=OPENID)
    with pytest.raises(StackproofError, match="did not take target compute of results"):
        annotate(server.url, done.id, {"target": "compute"}, key=server.key, openid="https://id/other")
    with pytest.raises(StackproofError, match="400 "):
        upload(server.url, BODY, {**signature(BODY, server.key), "X-Signature": "00"})
    with pytest.raises(StackproofError, match="400 "):
        upload(server.url, b'{"cpid": "c", "duration_seconds": 1, "results": []}', {})
