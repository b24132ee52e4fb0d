"""What runs in a pod of OpenShift, as the control plane of RHOSO does: not supported, and said so."""
# ruff: noqa: ARG002 -- whatever is asked of a pod, the answer is the same

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import AbstractContextManager

from pytest_whitebox.core.deployments.deployment import UnknownService
from pytest_whitebox.core.transports import TIMEOUT, Held, Outcome, Transport

#: The pods of a StatefulSet are called after it and a number; these report to Nova and Cinder under that name.
_POD = re.compile(
    r"(nova(-cell\d+)?-(conductor|scheduler|api|metadata)|cinder-(scheduler|backup|volumes?)(-[\w-]+)?)-\d+"
)
_REASON = "it is a pod of the control plane, whose files an operator of Kubernetes writes again and again"
_HINT = "use `oc` and the OpenStackControlPlane resource; compute hosts, databases and APIs can be looked at"


def is_pod(name: str) -> bool:
    """True for a name that pods of the control plane have.

    >>> is_pod("nova-cell1-conductor-0"), is_pod("nova-compute-0"), is_pod("controller-0")
    (True, False, False)
    """
    return bool(_POD.fullmatch(name))


def in_a_pod(name: str) -> UnknownService:
    """The error for a service, or a host, that is a pod."""
    return UnknownService(f"{name} is not supported: {_REASON}", hint=_HINT)


class PodTransport(Transport):
    """There is no way to a pod; every use says so."""

    def __init__(self, pod: str) -> None:
        self._pod = pod

    @property
    def name(self) -> str:
        """The pod by its name."""
        return f"pod {self._pod}"

    def execute(self, command: Sequence[str], *, input: bytes | None = None, timeout: float = TIMEOUT) -> Outcome:
        """Raise `UnknownService`."""
        raise in_a_pod(self._pod)

    def hold(self, command: Sequence[str], *, timeout: float = TIMEOUT) -> AbstractContextManager[Held]:
        """Raise `UnknownService`."""
        raise in_a_pod(self._pod)

    def forward(self, host: str, port: int) -> AbstractContextManager[tuple[str, int]]:
        """Raise `UnknownService`."""
        raise in_a_pod(self._pod)

    def close(self) -> None:
        """Nothing is open."""
