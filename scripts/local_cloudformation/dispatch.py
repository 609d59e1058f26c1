"""One CloudFormation call, from its form fields to its XML."""

from __future__ import annotations

import traceback
from collections.abc import Mapping

from local_cloudformation.api import OPERATIONS
from local_cloudformation.engine import Engine
from local_cloudformation.errors import NotImplementedHereError, ServiceError
from local_cloudformation.protocol import answer, error_answer, operation_model, parse_input
from local_cloudformation.requests import Request


def dispatch(engine: Engine, name: str, region: str, fields: Mapping[str, str]) -> tuple[int, bytes]:
    """HTTP status and body of the answer to a call."""
    try:
        model = operation_model(name)
        if model is None:
            raise ServiceError("InvalidAction", f"Could not find operation {name} for version 2010-05-15")
        operation = OPERATIONS.get(name)
        if operation is None:
            raise NotImplementedHereError(f"The operation {name}")
        request = Request(name, parse_input(model, fields), region)
        with engine.turn():
            return 200, answer(model, operation(engine, request))
    except ServiceError as error:
        return error.status, error_answer(error)
    except Exception as error:
        # A mistake of this server: the client gets the real service's form of it, the terminal the whole story.
        traceback.print_exc()
        failure = ServiceError("InternalFailure", f"local-cloudformation failed: {error!r}", 500)
        return failure.status, error_answer(failure)
