"""Exports and who imports them."""

from __future__ import annotations

from typing import Any

from local_cloudformation.change_shapes import value_text
from local_cloudformation.engine import Engine
from local_cloudformation.errors import ValidationError
from local_cloudformation.requests import Request, page


def list_exports(engine: Engine, request: Request) -> dict[str, Any]:
    """ListExports."""
    found = [
        {"ExportingStackId": stack.stack_id, "Name": name, "Value": value_text(value)}
        for name, (stack, value) in sorted(engine.exports(request.region).items())
    ]
    return page(request, found, "Exports")


def list_imports(engine: Engine, request: Request) -> dict[str, Any]:
    """ListImports."""
    name = request["ExportName"]
    if name not in engine.exports(request.region):
        raise ValidationError(f"Export '{name}' does not exist")
    users = [each.name for each in engine.importers(name, request.region)]
    if not users:
        raise ValidationError(f"Export '{name}' is not imported by any stack.")
    return page(request, users, "Imports")


OPERATIONS = {"ListExports": list_exports, "ListImports": list_imports}
