"""Why something is still there, in one sentence, by what was asked and what was answered."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from pytest_cleanup.attribution.act import BEGAN, DELETED, ENDED, Act
from pytest_cleanup.attribution.attribution import Attribution
from pytest_cleanup.leak import Leak
from pytest_cleanup.resource import Key, Resource

_REFUSED = 400
#: What only one leak has: ids, request ids, numbers and names in quotes.
_OWN = re.compile(r"req-[0-9a-f-]{36}|\b[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\b|'[^']*'|\b\d+\b")


class Diagnoses:
    """``diagnoses.leak(resource, attribution)``, from all acts of a run.

    The test ``running`` still runs; ``left`` is all that is left.
    """

    def __init__(self, acts: Iterable[Act], running: str = "", left: Collection[Key] = ()) -> None:
        acts, self._left = tuple(acts), left
        self._asked: Mapping[Key, Act] = {Key(act.kind, act.id): act for act in acts if act.verb == DELETED}
        ended = {(act.worker, act.nodeid) for act in acts if act.verb == ENDED}
        began = {(act.worker, act.nodeid) for act in acts if act.verb == BEGAN}
        self._died = frozenset(nodeid for _, nodeid in began - ended if nodeid != running)

    def leak(self, resource: Resource, attribution: Attribution | None, fault: str = "") -> Leak:
        """The leak with its cause; ``fault`` is what the service itself says of the resource."""
        cause = self._cause(resource, attribution)
        cause = f"{cause}; its service says: {fault}" if fault else cause
        group = _OWN.sub("…", f"{resource.kind}: {cause}")
        return Leak(resource, attribution, cause, group, asked=resource.key in self._asked)

    def _cause(self, resource: Resource, attribution: Attribution | None) -> str:
        asked = self._asked.get(resource.key)
        if asked is not None and asked.status >= _REFUSED:
            return f"its deletion was refused with {asked.status}: {asked.said or 'no reason'} ({asked.request_id})"
        if asked is not None:
            status = f", {resource.status}" if resource.status else ""
            return f"its deletion was accepted with {asked.status} ({asked.request_id}), and it is still there{status}"
        if attribution is not None and attribution.nodeid in self._died:
            return "the process of its test died before its teardown"
        if attribution is not None and attribution.cause is not None:
            there = attribution.cause in self._left
            fate = ", which is left, too" if there else " and did not go with it"
            return f"it was made for {attribution.cause.kind} {attribution.cause.id}{fate}"
        return "nothing asked for its deletion"
