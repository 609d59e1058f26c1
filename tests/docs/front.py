"""What stands before the embedded services for the AWS CLI: answers for those that they do not have, everything else passed on.

The embedded CloudFormation plays stacks; a load balancer's targets, an ECS service or a backup that a stack made are there in
name only. What a runbook asks of these is answered from a table, and noted, so that a test can say what was asked. The client is
the real one: it has checked every operation and parameter against the service's own model before it sends anything.
"""

from __future__ import annotations

import http.client
import json
import re
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

_SCOPE = re.compile(r"Credential=[^/]+/\d{8}/[\w-]+/([\w.-]+)/aws4_request")
# (service, operation as it is sent): a JSON document, or the XML of a query protocol's answer. Both are what the service sends.
Answers = Mapping[tuple[str, str], Any]


class Front:
    """A server on the loopback while the block runs; `asked` are the requests it answered itself: (service, operation, body)."""

    def __init__(self, behind: str, answers: Answers) -> None:
        self.asked: list[tuple[str, str, str]] = []
        front, host = self, behind.removeprefix("http://")

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:
                """Say nothing."""

            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                found = _SCOPE.search(self.headers.get("Authorization", ""))
                service = found[1] if found else ""
                action = re.match(rb"Action=(\w+)", body)
                target = self.headers.get("X-Amz-Target", "").rsplit(".", 1)[-1]
                operation = target or (action[1].decode() if action else f"{self.command} {self.path.split('?')[0]}")
                known = next((key for key in answers if key[0] == service and re.fullmatch(key[1], operation)), None)
                if known is None:
                    self._pass_on(body)
                    return
                front.asked.append((service, operation, body.decode()))
                text = answers[known] if isinstance(answers[known], str) else json.dumps(answers[known])
                self._answer(
                    200, {"Content-Type": "text/xml" if text.startswith("<") else "application/json"}, text.encode()
                )

            def _pass_on(self, body: bytes) -> None:
                connection = http.client.HTTPConnection(host)
                connection.request(self.command, self.path, body, dict(self.headers.items()))
                answer = connection.getresponse()
                self._answer(answer.status, dict(answer.getheaders()), answer.read())
                connection.close()

            def _answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    if name.lower() not in {"content-length", "connection", "transfer-encoding", "server", "date"}:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = _serve  # noqa: N815  (the server's names)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
