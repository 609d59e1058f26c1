"""A request to one operation, and what several operations read from it in the same way."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from local_cloudformation import capabilities
from local_cloudformation.engine import Engine
from local_cloudformation.errors import NotImplementedHereError, ServiceError, ValidationError
from local_cloudformation.parameters import Parameters, in_force
from local_cloudformation.protocol import constraint_error
from local_cloudformation.records import Stack
from local_cloudformation.template import Template
from local_cloudformation.validation import validate

# "Template body in a request" and "in an Amazon S3 object", CloudFormation quotas; bytes of UTF-8.
MAX_BODY_BYTES, MAX_OBJECT_BYTES = 51_200, 1_000_000
_STACK_NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]*")
_PAGE = 100


@dataclass(frozen=True)
class Request:
    """Parameters as the model's input shape, and the region asked for."""

    operation: str
    params: dict[str, Any]
    region: str

    def get(self, name: str, default: Any = None) -> Any:
        """A parameter."""
        return self.params.get(name, default)

    def __getitem__(self, name: str) -> Any:
        return self.params[name]


def check_stack_name(name: str) -> None:
    """Refuse a name no stack can have."""
    if not _STACK_NAME.fullmatch(name) or len(name) > 128:
        raise constraint_error(
            name,
            "stackName",
            "Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/._+]*",
        )


def page(request: Request, items: Sequence[Any], key: str, size: int = _PAGE) -> dict[str, Any]:
    """One page of a list, with the token of the next."""
    start = _offset(request.get("NextToken"))
    shown = items[start : start + size]
    return next_page(key, shown, start + size if start + size < len(items) else None)


def page_by_bytes(request: Request, items: Sequence[Any], key: str, limit: int) -> dict[str, Any]:
    """One page of a list that ends before it grows over `limit` bytes of JSON (but holds one item at least)."""
    start = _offset(request.get("NextToken"))
    end, weight = start, 0
    while end < len(items):
        weight += len(json.dumps(items[end]))
        if weight > limit and end > start:
            break
        end += 1
    return next_page(key, items[start:end], end if end < len(items) else None)


def next_page(key: str, shown: Sequence[Any], following: int | None) -> dict[str, Any]:
    """Items under their key, and the token when more follow."""
    token = None if following is None else base64.urlsafe_b64encode(f"from:{following}".encode()).decode()
    return {key: list(shown), "NextToken": token}


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token).decode().removeprefix("from:"))
    except ValueError:
        raise ValidationError("Token is not valid") from None


def read_template(engine: Engine, request: Request, stack: Stack | None = None) -> Template:
    """The template a request means: body, URL or the stack's own; checked for size, syntax and structure."""
    text = template_text(engine, request, stack)
    template = Template.of(text) if isinstance(text, str) else text
    validate(template, request.region)
    return template


def template_text(engine: Engine, request: Request, stack: Stack | None = None) -> str | Template:
    """The text of the template a request means, or the previous template as it is."""
    body, url = request.get("TemplateBody"), request.get("TemplateURL")
    if request.get("UsePreviousTemplate"):
        if body or url:
            raise ValidationError("You cannot specify both usePreviousTemplate and a template")
        if stack is None or stack.status == "REVIEW_IN_PROGRESS":
            raise ValidationError("Cannot specify UsePreviousTemplate when creating a stack")
        return stack.template
    if body and url:
        raise ValidationError("You cannot specify both TemplateURL and TemplateBody")
    if url:
        return _fetch(engine, url, request.region)
    if not body:
        raise ValidationError("Either Template URL or Template Body must be specified.")
    if len(body.encode()) > MAX_BODY_BYTES:
        raise constraint_error(body, "templateBody", f"Member must have length less than or equal to {MAX_BODY_BYTES}")
    return str(body)


def _fetch(engine: Engine, url: str, region: str) -> str:
    text = engine.backing.fetch(url, region)
    if text is None:
        raise ValidationError("TemplateURL must be a supported URL." if "://" not in url else "S3 error: Access Denied")
    if len(text.encode()) > MAX_OBJECT_BYTES:
        raise ValidationError(f"Template may not exceed {MAX_OBJECT_BYTES} bytes in size.")
    return text


def read_parameters(
    engine: Engine, request: Request, template: Template, previous: Parameters | None, change_set_type: str = ""
) -> Parameters:
    """The parameters in force for an operation."""
    region = request.region
    return in_force(
        template,
        request.get("Parameters") or [],
        previous,
        lambda paths: engine.fetch_parameters(paths, region),
        change_set_type=change_set_type,
    )


def read_tags(request: Request, stack: Stack | None) -> dict[str, str]:
    """Tags: those given (an empty list is none), else those of the stack."""
    given = request.get("Tags")
    if given is None:
        return dict(stack.tags) if stack else {}
    if len(given) > 50:
        raise ValidationError("Tags exceeded the limit of 50")
    tags = {each["Key"]: each.get("Value", "") for each in given}
    for key in tags:
        if key.startswith("aws:"):
            raise ValidationError("aws: prefixed tag key names are not allowed for external use.")
    return tags


def check_submission(request: Request, template: Template) -> None:
    """Capabilities, and what this service does not do."""
    if request.get("DeploymentMode"):
        raise NotImplementedHereError(f"DeploymentMode {request['DeploymentMode']}")
    if (request.get("DeploymentConfig") or {}).get("Mode", "STANDARD") != "STANDARD":
        raise NotImplementedHereError(f"DeploymentConfig.Mode {request['DeploymentConfig']['Mode']}")
    allowed = request.get("ResourceTypes")
    if allowed:
        for each in template.resources.values():
            if not any(_covers(pattern, each["Type"]) for pattern in allowed):
                listed = ", ".join(allowed)
                raise ValidationError(
                    f"Resource type {each['Type']} is not allowed by parameter ResourceTypes [{listed}]"
                )
    capabilities.require(template, request.get("Capabilities") or [])


def _covers(pattern: str, type_name: str) -> bool:
    return type_name == pattern or (pattern.endswith("*") and type_name.startswith(pattern[:-1]))


def check_rollback_configuration(request: Request) -> None:
    """Refuse triggers the service would refuse."""
    for trigger in (request.get("RollbackConfiguration") or {}).get("RollbackTriggers") or []:
        if trigger.get("Type") not in {"AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"}:
            raise ValidationError("Rollback Trigger Type not supported")
        if not re.fullmatch(r"arn:[\w-]+:cloudwatch:[\w-]+:\d{12}:alarm:.+", trigger.get("Arn", "")):
            raise ValidationError("RelativeId of a Rollback Trigger's ARN is incorrect")


def take_token(stack: Stack, request: Request, key: str = "ClientRequestToken") -> str | None:
    """Note a client's token; refuse it when the stack has seen it."""
    token = request.get(key)
    if token is None:
        return None
    if not re.fullmatch(r"[a-zA-Z0-9][-a-zA-Z0-9]*", token):
        raise constraint_error(token, key, "Member must satisfy regular expression pattern: [a-zA-Z0-9][-a-zA-Z0-9]*")
    if token in stack.tokens:
        raise ServiceError("TokenAlreadyExistsException", f"Token {token} already exists for stack {stack.stack_id}")
    stack.tokens[token] = request.operation
    return str(token)


def apply_settings(stack: Stack, params: dict[str, Any]) -> None:
    """Settings a create or update carries; what is not given stays as it is."""
    if params.get("NotificationARNs") is not None:
        stack.notification_arns = list(params["NotificationARNs"])
    if params.get("Capabilities") is not None:
        stack.capabilities = list(params["Capabilities"])
    if params.get("RoleARN"):
        stack.role_arn = params["RoleARN"]
    given = params.get("RollbackConfiguration")
    if given is not None:
        merged = {**stack.rollback_configuration, **given}
        stack.rollback_configuration = {key: value for key, value in merged.items() if value not in (None, [])}
