"""The wire: one WSGI application on werkzeug's threaded server.

A request goes to the control endpoint by its path, to CloudFormation by its credential scope (or its Action, when it is
not signed), and otherwise to moto. Faults strike before and after; every call is logged.
"""

from __future__ import annotations

import io
import json
import re
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Response

from local_cloudformation import control, ecs, elb, ssm
from local_cloudformation.clock import Clock, WallClock
from local_cloudformation.dispatch import dispatch
from local_cloudformation.engine import Engine
from local_cloudformation.errors import ServiceError
from local_cloudformation.faults import Faults, Verdict
from local_cloudformation.moto_app import MotoApp
from local_cloudformation.moto_backing import MotoBacking
from local_cloudformation.protocol import error_answer, form_fields, operation_model, service_model
from local_cloudformation.script import Script
from local_cloudformation.store import Store

_SCOPE = re.compile(r"Credential=([^/]*)/\d{8}/([\w-]+)/([\w.-]+)/aws4_request")
_ACTION = re.compile(r"(?:^|&)Action=(\w+)")
_CLOUDFORMATION = "cloudformation"
# How long the ticker sleeps at most: alarms set by other clients are seen within it.
_TICK = 0.2
_LOGGED_CALLS = 100_000

Environ = dict[str, Any]
StartResponse = Callable[..., Any]


class Calls:
    """The log of calls, for tests and benchmarks."""

    def __init__(self) -> None:
        self._calls: deque[dict[str, Any]] = deque(maxlen=_LOGGED_CALLS)

    def add(self, **call: Any) -> None:
        """Note a call."""
        self._calls.append(call)

    def all(self) -> list[dict[str, Any]]:
        """Every call, oldest first: time, service, operation, status, fault, seconds, StackName or ChangeSetName."""
        return list(self._calls)

    def clear(self) -> None:
        """Forget them."""
        self._calls.clear()


class LocalServer:
    """The server: `start` returns when it listens, `stop` when everything is written."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        account: str = "111122223333",
        region: str = "us-east-1",
        script: Script | None = None,
        state: Path | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._address = host, port
        self.store = Store(state)
        self.moto = MotoApp(account, self.store.record_call if state else None)
        self.engine = Engine(
            account=account,
            region=region,
            script=script,
            store=self.store,
            clock=clock or WallClock(),
            backing=MotoBacking(self.moto),
        )
        self.calls = Calls()
        self.faults = Faults(time.monotonic)
        self.faults.reset(self.engine.script)
        self._server: BaseWSGIServer | None = None
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    # --- life ---

    def start(self) -> None:
        """Listen, and serve in threads of this process."""
        host, port = self._address
        for call in self.store.recorded_calls():
            self.moto.replay(call)
        service_model()
        self._server = make_server(host, port, self, threaded=True, request_handler=_Handler)
        for target in (self._server.serve_forever, self._tick):
            thread = threading.Thread(target=target, daemon=True)
            thread.start()
            self._threads.append(thread)

    @property
    def endpoint(self) -> str:
        """The address clients use."""
        assert self._server is not None, "not started"  # noqa: S101
        return f"http://{self._address[0]}:{self._server.server_port}"

    def stop(self) -> None:
        """Stop serving and let go of the state."""
        self._stopping.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
        for thread in self._threads:
            thread.join(timeout=5)
        with self.engine.lock:
            self.store.close()

    def _tick(self) -> None:
        """Let operations go on while nobody asks."""
        while not self._stopping.is_set():
            with self.engine.turn():
                due = self.engine.next_due()
            pause = _TICK if due is None else min(_TICK, max(0.0, due - self.engine.clock.now()))
            self._stopping.wait(max(pause, 0.005))

    def set_script(self, script: Script) -> None:
        """Another script from now on."""
        with self.engine.turn():
            self.engine.script = script
        self.faults.reset(script)

    def reset(self, *, state: bool) -> None:
        """Forget the calls; with `state` every stack, what other services hold, and the script too."""
        self.calls.clear()
        if state:
            with self.engine.lock:
                self.store.clear()
                self.moto.reset()
                self.engine.stopped_tasks.clear()
                self.engine.script = Script()
            self.faults.reset(self.engine.script)

    # --- requests ---

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        if self._stopping.is_set():
            return _hang_up(environ)
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        if path.startswith(control.PREFIX):
            status, found = control.answer(self, method, path, environ.get("QUERY_STRING", ""), _body(environ))
            return _respond(environ, start_response, status, json.dumps(found).encode(), "application/json")
        service, region, operation = self._addressee(environ)
        begun = time.monotonic()
        verdict = self.faults.judge(service, operation)
        if verdict.delay:
            time.sleep(verdict.delay)
        if verdict.drop:
            self._log(environ, (service, operation), 0, verdict, begun)
            return _hang_up(environ)
        if verdict.error is not None:
            status, body, kind = _refusal(service, verdict.error)
            reply: Iterable[bytes] = _respond(environ, start_response, status, body, kind)
        else:
            status, reply = self._serve(environ, start_response, (service, region, operation))
        self._log(environ, (service, operation), status, verdict, begun)
        if verdict.drop_after:
            return _hang_up(environ)
        return reply

    def _addressee(self, environ: Environ) -> tuple[str, str, str]:
        """Service, region and operation a request is for."""
        match = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", "")) or _SCOPE.search(environ.get("QUERY_STRING", ""))
        service, region = (match[3].lower(), match[2]) if match else ("", self.engine.region)
        target = environ.get("HTTP_X_AMZ_TARGET", "").rsplit(".", 1)[-1]
        operation = target
        if not target and environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
            environ["local.body"] = _body(environ)
            found = _ACTION.search(environ["local.body"][:8192].decode("utf-8", "replace"))
            operation = found[1] if found else ""
        if not operation and (found := _ACTION.search(environ.get("QUERY_STRING", ""))):
            operation = found[1]
        if not service and operation_model(operation) is not None:
            service = _CLOUDFORMATION
        return service, region, operation or f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"

    def _serve(
        self, environ: Environ, start_response: StartResponse, addressee: tuple[str, str, str]
    ) -> tuple[int, Iterable[bytes]]:
        service, region, operation = addressee
        if service == _CLOUDFORMATION:
            query = environ.get("QUERY_STRING", "")
            status, body = dispatch(self.engine, operation, region, form_fields(_body(environ), query))
            return status, _respond(environ, start_response, status, body, "text/xml")
        found = self._before_moto(environ, addressee)
        if found is not None:
            kind = "text/xml" if isinstance(found, bytes) else "application/x-amz-json-1.1"
            body = found if isinstance(found, bytes) else json.dumps(found).encode()
            return 200, _respond(environ, start_response, 200, body, kind)
        seen: list[int] = []

        def noting(status: str, headers: Any, exc_info: Any = None) -> Any:
            seen.append(int(status.split(" ", 1)[0]))
            return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

        reply = list(self.moto(environ, noting))
        return (seen or [200])[-1], reply

    def _before_moto(self, environ: Environ, addressee: tuple[str, str, str]) -> dict[str, Any] | bytes | None:
        """The answer to a call of another service that moto could not give truthfully; None for every other call."""
        service, region, operation = addressee
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        if service == "ecs" and target.startswith(ecs.PREFIX):
            return ecs.answer(self.engine, operation, _body(environ), region)
        if service == "ssm" and target.startswith(ssm.PREFIX):
            return ssm.answer(self.moto, operation, _body(environ), region)
        if service == elb.SERVICE:
            return elb.answer(self.engine, operation, _body(environ), environ.get("QUERY_STRING", ""), region)
        return None

    def _log(self, environ: Environ, called: tuple[str, str], status: int, verdict: Verdict, begun: float) -> None:
        service, operation = called
        fields = form_fields(environ.get("local.body", b""), "") if service == _CLOUDFORMATION else {}
        self.calls.add(
            time=time.time(),
            service=service,
            operation=operation,
            status=status,
            fault=verdict.name,
            seconds=round(time.monotonic() - begun, 4),
            stack=fields.get("StackName"),
            change_set=fields.get("ChangeSetName"),
            client=str(environ.get("REMOTE_PORT", "")),
        )


def _body(environ: Environ) -> bytes:
    """The request's body; it can be read again by whoever comes next."""
    if "local.body" in environ:
        return bytes(environ["local.body"])
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body: bytes = environ["wsgi.input"].read(length) if length else b""
    environ["wsgi.input"] = io.BytesIO(body)
    environ["local.body"] = body
    return body


def _respond(environ: Environ, start_response: StartResponse, status: int, body: bytes, kind: str) -> Iterable[bytes]:
    return Response(body, status, content_type=kind)(environ, start_response)


def _refusal(service: str, error: ServiceError) -> tuple[int, bytes, str]:
    """An error in the protocol of the service it comes from: XML for query services, JSON for the others."""
    if service in {_CLOUDFORMATION, "sts", "iam", "s3", "monitoring", "elasticloadbalancing", "autoscaling", "ec2", ""}:
        return error.status, error_answer(error), "text/xml"
    body = json.dumps({"__type": error.code, "message": error.message}).encode()
    return error.status, body, "application/x-amz-json-1.1"


def _hang_up(environ: Environ) -> Iterable[bytes]:
    """Close the connection without an answer."""
    connection: socket.socket | None = environ.get("werkzeug.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError("scripted drop")


class _Handler(WSGIRequestHandler):
    """werkzeug's handler without its log lines. It closes each connection: it may read past a request it has answered."""

    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  (werkzeug's name)
        """Nothing: the calls are in the log of calls."""
