"""The control endpoint under `/_local/`: a test or a demonstration drives a running server over HTTP.

GET  /_local/script     the script in force
PUT  /_local/script     a new script in its place; faults count anew
POST /_local/script     some keys of it (seconds and rate key by key, lists as a whole); faults count anew
GET  /_local/calls      the calls so far, oldest first
GET  /_local/state      stacks, their statuses and change sets, in brief
POST /_local/reset      forget the calls; with ?state=true stacks, other services and the script too
GET  /_local/health     200 once the server serves
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from local_cloudformation import script

if TYPE_CHECKING:
    from local_cloudformation.server import LocalServer

PREFIX = "/_local/"


def answer(
    server: LocalServer, method: str, path: str, query: str, body: bytes
) -> tuple[int, dict[str, Any] | list[Any]]:
    """Status and JSON answer to a control request."""
    name = path.removeprefix(PREFIX)
    if name == "script" and method in {"PUT", "POST"}:
        return _set_script(server, method, body)
    if name == "reset" and method == "POST":
        server.reset(state="state=true" in query)
        return 200, {"reset": True}
    readers: dict[str, Callable[[LocalServer], Any]] = {
        "script": lambda each: each.engine.script.as_dict(),
        "calls": lambda each: each.calls.all(),
        "state": _state,
        "health": lambda each: {"ready": bool(each.endpoint)},
    }
    if method == "GET" and name in readers:
        return 200, readers[name](server)
    return 404, {"error": f"{method} {path} is nothing; known are: {', '.join(sorted({*readers, 'reset'}))}"}


def _set_script(server: LocalServer, method: str, body: bytes) -> tuple[int, dict[str, Any]]:
    try:
        data = json.loads(body or b"{}")
        new = script.parse(data) if method == "PUT" else server.engine.script.merged(data)
    except (ValueError, script.ScriptError) as error:
        return 400, {"error": str(error)}
    server.set_script(new)
    return 200, new.as_dict()


def _state(server: LocalServer) -> dict[str, Any]:
    engine = server.engine
    with engine.turn():
        return {
            "stacks": [
                {
                    "name": each.name,
                    "id": each.stack_id,
                    "region": each.region,
                    "status": each.status,
                    "reason": each.reason,
                    "resources": {name: resource.physical_id for name, resource in each.resources.items()},
                    "phase": each.operation.phase if each.operation else None,
                }
                for each in engine.store.stacks.values()
            ],
            "change_sets": [
                {"name": each.name, "stack": each.stack_id, "status": each.status, "execution": each.execution_status}
                for each in engine.store.change_sets.values()
            ],
            "retained": list(engine.store.retained.values()),
        }
