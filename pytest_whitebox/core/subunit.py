"""Results as OpenStack's own tools read them: a stream of subunit v2."""

from __future__ import annotations

from typing import Any, BinaryIO

from pytest_whitebox.core.ended import Ended

#: Outcomes of pytest in the words of subunit.
_WORDS = {"passed": "success", "failed": "fail", "error": "fail", "skipped": "skip", "xfailed": "xfail",
          "xpassed": "uxsuccess"}  # fmt: skip
_PIECE = 1 << 20  # bytes: a packet holds 4 MiB
_TYPES = {"traceback": 'text/x-traceback;charset="utf8";language="python"'}
_PLAIN = "text/plain;charset=utf8"


class Stream:
    """A stream that grows with each test that is over, and can be read whenever it ends."""

    def __init__(self, out: BinaryIO) -> None:
        from subunit.v2 import StreamResultToBytes

        self._result: Any = StreamResultToBytes(out)
        self._out = out

    def write(self, test: Ended) -> None:
        """A test that is over, with what is told of it."""
        self._result.status(test_id=test.id, test_status="inprogress", timestamp=test.began)
        for name, text in test.texts.items():
            data, kind = text.encode(errors="replace"), _TYPES.get(name.partition("-")[0], _PLAIN)
            for start in range(0, len(data), _PIECE):
                piece, last = data[start : start + _PIECE], start + _PIECE >= len(data)
                self._result.status(
                    test_id=test.id, file_name=name, file_bytes=piece, eof=last, mime_type=kind, timestamp=test.ended
                )
        self._result.status(test_id=test.id, test_status=_WORDS[test.outcome], timestamp=test.ended)
        self._out.flush()
