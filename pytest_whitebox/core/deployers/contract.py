"""What every deployer must do, as tests that any implementation can inherit.

A test class inherits `DeployerContract` and gives three fixtures: ``deployer``, which can do all of its steps,
``target``, and ``hanging``, a deployer whose first step never ends by itself.
"""
# ruff: noqa: S101 -- these are tests; the runner explains a failed assert

from __future__ import annotations

import threading

from pytest_whitebox.core.deployers.deployer import Deployer, Outcome, StepEvent, Target


class DeployerContract:
    """Inherit it under a name that the test runner collects."""

    def test_it_is_a_deployer(self, deployer: Deployer) -> None:
        """It has all methods, and a name."""
        assert isinstance(deployer, Deployer)
        assert deployer.name.strip()

    def test_its_plan_is_the_same_twice_and_its_steps_have_ids(self, deployer: Deployer, target: Target) -> None:
        """Planning changes nothing."""
        steps = list(deployer.plan(target))
        assert steps
        assert steps == list(deployer.plan(target))
        assert len({step.id for step in steps}) == len(steps)
        assert all(step.id and step.title and step.timeout > 0 for step in steps)

    def test_its_steps_can_be_done_and_tell_of_themselves_only(self, deployer: Deployer, target: Target) -> None:
        """Each in its turn."""
        for step in deployer.plan(target):
            events: list[StepEvent] = []
            outcome = deployer.run(step, events.append)
            assert outcome.ok, outcome.text
            assert {event.step for event in events} <= {step.id}
            assert [event.at for event in events] == sorted(event.at for event in events)

    def test_a_step_that_hangs_can_be_aborted(self, hanging: Deployer, target: Target) -> None:
        """And is not ok then."""
        step = next(iter(hanging.plan(target)))
        outcomes: list[Outcome] = []
        running = threading.Thread(target=lambda: outcomes.append(hanging.run(step, lambda _: None)))
        running.start()
        running.join(timeout=1)
        assert running.is_alive(), "it did not hang"
        hanging.abort(step, 5)
        running.join(timeout=20)
        assert not running.is_alive(), "it hangs still"
        assert [outcome.ok for outcome in outcomes] == [False]

    def test_aborting_what_does_not_run_is_no_error(self, deployer: Deployer, target: Target) -> None:
        """As of a step that has just ended."""
        deployer.abort(next(iter(deployer.plan(target))), 0)

    def test_its_inventory_can_be_asked(self, deployer: Deployer) -> None:
        """Also if it knows nothing."""
        for instance in deployer.inventory():
            assert isinstance(deployer.release_of(instance), frozenset)
