"""The operations, one module for each group, and the registry of all of them.

An operation is a function of the engine and a request that returns the output shape's members. It raises ServiceError to
refuse. Everything in CloudFormation's model that is not in OPERATIONS is answered with NotImplemented, by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from local_cloudformation.api import (
    change_sets,
    describe,
    drift,
    events,
    exports,
    hooks,
    recovery,
    settings,
    stacks,
    templates,
)
from local_cloudformation.engine import Engine
from local_cloudformation.requests import Request

Operation = Callable[[Engine, Request], Mapping[str, Any]]

OPERATIONS: dict[str, Operation] = {
    **change_sets.OPERATIONS,
    **describe.OPERATIONS,
    **drift.OPERATIONS,
    **events.OPERATIONS,
    **exports.OPERATIONS,
    **hooks.OPERATIONS,
    **recovery.OPERATIONS,
    **settings.OPERATIONS,
    **stacks.OPERATIONS,
    **templates.OPERATIONS,
}
