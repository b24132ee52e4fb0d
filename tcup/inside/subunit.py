"""Results as OpenStack's own tools read them: a stream of subunit v2."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

#: Outcomes of pytest in the words of subunit.
_WORDS = {"passed": "success", "failed": "fail", "error": "fail", "skipped": "skip", "xfailed": "xfail",
          "xpassed": "uxsuccess"}  # fmt: skip


def stream(tests: Iterable[Mapping[str, Any]]) -> bytes:
    """The stream of the tests that are over, each with its seconds, and why it is not passed."""
    from subunit.v2 import StreamResultToBytes

    out = io.BytesIO()
    result = StreamResultToBytes(out)
    for test in tests:
        ended = datetime.fromisoformat(test["ended"])
        began = ended - timedelta(seconds=test["seconds"])
        name = f"{test['test']}[id-{test['uuid']}]" if test["uuid"] else test["test"]
        result.status(test_id=name, test_status="inprogress", timestamp=began.astimezone(UTC))
        why = {"file_name": "reason", "file_bytes": test["why"].encode(), "mime_type": "text/plain;charset=utf8"}
        result.status(
            test_id=name, test_status=_WORDS[test["outcome"]], timestamp=ended.astimezone(UTC),
            **(why if test["why"] else {}),
        )  # fmt: skip
    return out.getvalue()
