"""A service that is not there for a while: stopped, and known to be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.services.restart import restart, stop
from pytest_whitebox.core.transactions import Entry, Transactions, here

if TYPE_CHECKING:
    from pytest_whitebox.core.services.service import Service


def restarted(transactions: Transactions[Service], service: Service) -> None:
    """See `Service.restart`."""
    with transactions.guarded(service.guard, service.patience.lock):
        restart(service)


@contextmanager
def stopped(transactions: Transactions[Service], service: Service) -> Iterator[None]:
    """See `Service.stopped`."""
    with transactions.guarded(service.guard, service.patience.lock) as depth:
        # What has sockets may have gone to sleep, and counts as running.
        if not service.facts.sockets and not service.is_running:
            raise StackproofError(
                f"{service.name} on {service.where} does not run, so that it cannot be stopped",
                hint="start it; a test finds a cloud in which everything runs, and leaves it so",
            )
        entry = Entry("stopped", service.guard, services=(service.name,), holder=here(), number=depth)
        with transactions.changed(entry, lambda: stop(service), proven=True):
            yield


@contextmanager
def forced_down(transactions: Transactions[Service], service: Service) -> Iterator[None]:
    """See `Service.forced_down`."""
    with transactions.guarded(service.guard, service.patience.lock) as depth:
        force = service.forcing
        entry = Entry("forced_down", service.guard, services=(service.name,), holder=here(), number=depth)
        with transactions.changed(entry, lambda: force(True), proven=False):
            yield


@contextmanager
def down(transactions: Transactions[Service], service: Service) -> Iterator[None]:
    """See `Service.down`."""
    # What was evacuated meanwhile is cleared up by the service when it starts; before, Nova does not take it for up.
    with forced_down(transactions, service), stopped(transactions, service):
        yield
