"""What upgrades a cloud when it is told to: a tool of deployment behind five methods."""

from pytest_whitebox.core.deployers.deployer import (
    GROUP,
    Deployer,
    Emit,
    Instance,
    Outcome,
    Step,
    StepEvent,
    Target,
    deployers,
)

__all__ = ["GROUP", "Deployer", "Emit", "Instance", "Outcome", "Step", "StepEvent", "Target", "deployers"]
