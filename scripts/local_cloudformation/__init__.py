"""A small, truthful CloudFormation for a laptop, for CI and for tests; and its change engine for use without any server.

Public names (all importable from this package; none imports moto, boto3 or cfn-lint until a server starts):

``changes_between(old_template, old_parameters, new_template, new_parameters, *, old_tags=None, new_tags=None,
stack_name="stack", account="111122223333", region="us-east-1", include_property_values=True) -> list[dict]``
    The `Changes` list of `DescribeChangeSet` between two templates, offline. Templates are text or parsed bodies, None for
    "nothing"; parameters are plain mappings. Raises ServiceError for a template or parameter that is not valid.

``LocalCloudFormation(...)``
    The server in a thread of this process, as a context manager: `.endpoint`, `.environ`, `.script(...)`, `.calls()`.

``ServiceError``
    A refusal with the service's code and text.

What it refuses to know: accounts, credentials, and what any resource type does once it exists.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_cloudformation.errors import ServiceError
from local_cloudformation.offline import changes_between

if TYPE_CHECKING:
    from local_cloudformation.inprocess import LocalCloudFormation

__all__ = ["LocalCloudFormation", "ServiceError", "changes_between"]


def __getattr__(name: str) -> Any:
    if name == "LocalCloudFormation":
        # The server brings werkzeug and botocore; the offline engine must not pay for them.
        from local_cloudformation.inprocess import LocalCloudFormation  # noqa: PLC0415

        return LocalCloudFormation
    raise AttributeError(name)
