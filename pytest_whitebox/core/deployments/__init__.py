"""The ways of deploying OpenStack, and what each says of the services of a host."""

from pytest_whitebox.core.deployments.deployment import Deployment, ServiceFacts, UnknownService, detect, kinds
from pytest_whitebox.core.deployments.images import Images
from pytest_whitebox.core.deployments.kind import ANY, Kind
from pytest_whitebox.core.deployments.pod import PodTransport, is_pod

__all__ = [
    "ANY",
    "Deployment",
    "Images",
    "Kind",
    "PodTransport",
    "ServiceFacts",
    "UnknownService",
    "detect",
    "is_pod",
    "kinds",
]
