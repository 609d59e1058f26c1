"""The stacks, in deploy order. A new stack is one module and one line here.

`SHARED_STACKS` exist once in an account and are built from all environments; `ENVIRONMENT_STACKS` once in each environment.
"""

from collections.abc import Callable
from dataclasses import dataclass

from troposphere import Template

from generator.model import Environment, Service
from generator.stacks import data, delivery, ec2, edge, fargate, monitoring, network, registry


@dataclass(frozen=True, kw_only=True)
class SharedStack:
    """One stack of the account: its name and what builds it."""

    name: str
    build: Callable[[tuple[Environment, ...], tuple[Service, ...]], Template]


@dataclass(frozen=True, kw_only=True)
class EnvironmentStack:
    """One stack of each environment: its name and what builds it.

    `protected` stacks may not be deleted in a protected environment, nor may what they keep be replaced.
    """

    name: str
    build: Callable[[Environment, tuple[Service, ...]], Template]
    protected: bool = False


SHARED_STACKS = (
    SharedStack(name=registry.NAME, build=registry.build),
    SharedStack(name=delivery.NAME, build=delivery.build),
)

ENVIRONMENT_STACKS = (
    EnvironmentStack(name=network.NAME, build=network.build, protected=True),
    EnvironmentStack(name=data.NAME, build=data.build, protected=True),
    EnvironmentStack(name=edge.NAME, build=edge.build, protected=True),
    EnvironmentStack(name=fargate.NAME, build=fargate.build),
    EnvironmentStack(name=ec2.NAME, build=ec2.build),
    EnvironmentStack(name=monitoring.NAME, build=monitoring.build),
)
