"""What Ansible loads to tell what it does while it does it; it stands alone, for Ansible may be of another environment.

What is told is a line of the output: the control character RS, as in RFC 7464, and a mapping in JSON. Nothing that a
module was given or has found is in it, but the message of what went wrong.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
    name: stackproof
    type: notification
    short_description: tells pytest-upgrade what is done
    description: Each play and task, and where a task changed something or went wrong, is a line of JSON.
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """Ansible knows a callback by this name; one in a folder of its own need not be enabled."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "stackproof"

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """A play begins."""
        self._tell(f"play {play.get_name()}")

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:  # noqa: ARG002
        """A task begins on all hosts."""
        self._tell(f"task {task.get_name()}")

    def v2_playbook_on_handler_task_start(self, task: Any) -> None:
        """A handler begins on all hosts."""
        self._tell(f"task {task.get_name()}")

    def v2_runner_on_ok(self, result: Any) -> None:
        """A host is done with a task."""
        if _of(result, "result").get("changed"):
            self._tell_of(result, "changed", ok=True)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """A task failed on a host."""
        if ignore_errors:
            self._tell_of(result, "failed, which is ignored", ok=None)
        else:
            self._tell_of(result, _message(result), ok=False)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """A host cannot be reached."""
        self._tell(f"cannot be reached: {_message(result)}", _of(result, "host").get_name(), ok=False)

    def _tell_of(self, result: Any, text: str, *, ok: bool | None) -> None:
        self._tell(f"{_of(result, 'task').get_name()}: {text}", _of(result, "host").get_name(), ok=ok)

    def _tell(self, text: str, host: str = "", *, ok: bool | None = None) -> None:
        self._display.display("\x1e" + json.dumps({"text": text, "host": host, "ok": ok}), screen_only=True)
        sys.stdout.flush()


def _of(result: Any, name: str) -> Any:
    """A part of a task's result; before ansible-core 2.19 its name is that of something private."""
    return getattr(result, name) if hasattr(result, name) else getattr(result, f"_{name}")


def _message(result: Any) -> str:
    return " ".join(str(_of(result, "result").get("msg") or "failed").split())[:200]
