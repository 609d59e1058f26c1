"""moto's server application in this process: the services other than CloudFormation.

moto is imported at the first call (it takes about a second). Calls are made as a client makes them, over WSGI, so nothing
here depends on moto's inner classes. A call that changes something is handed to `record`, to be played again after a
restart.
"""

from __future__ import annotations

import base64
import io
import json
import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

_READS = re.compile(r"^(Get|List|Describe|Batch(Get|Check)|Head|Lookup|Search|Query|Scan|Validate|Preview)")
_MISSING = re.compile(r"NotFound|NoSuch|does not exist|ResourceNotFound|can't find", re.IGNORECASE)
# Headers that matter when a call is played again.
_KEPT_HEADERS = ("HTTP_AUTHORIZATION", "HTTP_X_AMZ_TARGET", "CONTENT_TYPE", "HTTP_HOST")

StartResponse = Callable[..., Any]


class ServiceRefusal(Exception):  # noqa: N818  (an answer, not a mistake of ours)
    """A service behind answered with an error."""

    def __init__(self, status: int, body: str) -> None:
        self.code = _first(body, r'"__type":\s*"(?:[^"#]*#)?([^"]+)"', r"<Code>([^<]+)</Code>") or str(status)
        message = _first(body, r'"[mM]essage":\s*"((?:[^"\\]|\\.)*)"', r"<Message>([^<]+)</Message>")
        super().__init__(message or self.code)


@dataclass(frozen=True)
class Reply:
    """A service's answer."""

    status: int
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")


class MotoApp:
    """A WSGI application that answers for every service but CloudFormation."""

    def __init__(self, account: str, record: Callable[[str], None] | None = None) -> None:
        self._account = account
        self._record = record
        self._lock = threading.Lock()
        self._application: Callable[[dict[str, Any], StartResponse], Iterable[bytes]] | None = None

    def load(self) -> None:
        """Import moto now."""
        with self._lock:
            if self._application is None:
                from moto.moto_server.werkzeug_app import (  # noqa: PLC0415  (about a second)
                    DomainDispatcherApplication,
                    create_backend_app,
                )

                self._application = DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer a client's request."""
        self.load()
        assert self._application is not None  # noqa: S101  (load has set it)
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = self._account
        if self._record is not None:
            self._note(environ)
        return self._application(environ, start_response)

    def reset(self) -> None:
        """Forget what the services hold."""
        if self._application is not None:
            self._run(_environ("POST", "/moto-api/reset", b""))

    def replay(self, call: str) -> None:
        """Play a recorded call again."""
        record, self._record = self._record, None
        try:
            kept = json.loads(call)
            body = base64.b64decode(kept.pop("body"))
            self._run({**_environ(kept["REQUEST_METHOD"], kept["PATH_INFO"], body), **kept})
        finally:
            self._record = record

    def json(
        self, service: str, region: str, target: str, body: dict[str, Any], *, missing_ok: bool = False
    ) -> dict[str, Any]:
        """A call in the JSON protocol."""
        headers = {"HTTP_X_AMZ_TARGET": target, "CONTENT_TYPE": "application/x-amz-json-1.1"}
        reply = self.call(service, region, body=json.dumps(body).encode(), headers=headers, missing_ok=missing_ok)
        found: dict[str, Any] = json.loads(reply.text or "{}") if reply.status < 400 else {}
        return found

    def query(self, service: str, region: str, action: str, form: dict[str, str], *, quiet: bool = False) -> str:
        """A call in the query protocol; `quiet` gives the answer even when it is a refusal."""
        version = {"cloudwatch": "2010-08-01"}[service]
        signed = {"cloudwatch": "monitoring"}[service]
        headers = {"CONTENT_TYPE": "application/x-www-form-urlencoded; charset=utf-8"}
        body = urlencode({"Action": action, "Version": version, **form}).encode()
        return self.call(signed, region, body=body, headers=headers, missing_ok=quiet).text

    def call(
        self,
        service: str,
        region: str,
        *,
        method: str = "POST",
        path: str = "/",
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        missing_ok: bool = False,
    ) -> Reply:
        """A call of this server's own.

        :param missing_ok: whether an answer "there is no such thing" is as good as any
        :raises ServiceRefusal: for an error
        """
        environ = _environ(method, path, body)
        scope = f"LOCALCLOUDFORMATION/20000101/{region}/{service}/aws4_request"
        environ["HTTP_AUTHORIZATION"] = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none"
        environ["HTTP_HOST"] = f"{'s3' if service == 's3' else service}.{region}.amazonaws.com"
        reply = self._run({**environ, **(headers or {})})
        if reply.status >= 400 and not (missing_ok and _MISSING.search(reply.text)):
            raise ServiceRefusal(reply.status, reply.text)
        return reply

    def _run(self, environ: dict[str, Any]) -> Reply:
        from werkzeug.test import run_wsgi_app  # noqa: PLC0415

        chunks, status, _ = run_wsgi_app(self, environ, buffered=True)
        return Reply(int(status.split(" ", 1)[0]), b"".join(chunks))

    def _note(self, environ: dict[str, Any]) -> None:
        """Hand a call that changes something to the record."""
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length) if length else b""
        environ["wsgi.input"] = io.BytesIO(body)
        operation = str(environ.get("HTTP_X_AMZ_TARGET", "")).rsplit(".", 1)[-1]
        operation = operation or (_first(body[:4096].decode("utf-8", "replace"), r"(?:^|&)Action=(\w+)") or "")
        method = environ["REQUEST_METHOD"]
        own = str(environ["PATH_INFO"]).startswith("/moto-api")
        if own or method in {"GET", "HEAD"} or (operation and _READS.match(operation)):
            return
        kept = {key: environ[key] for key in _KEPT_HEADERS if environ.get(key)}
        kept |= {"REQUEST_METHOD": method, "PATH_INFO": environ["PATH_INFO"]}
        kept |= {"QUERY_STRING": environ.get("QUERY_STRING", ""), "body": base64.b64encode(body).decode()}
        assert self._record is not None  # noqa: S101  (the caller looked)
        self._record(json.dumps(kept))


def _environ(method: str, path: str, body: bytes) -> dict[str, Any]:
    from werkzeug.test import EnvironBuilder  # noqa: PLC0415

    return EnvironBuilder(method=method, path=path, data=body or None).get_environ()


def _first(text: str, *patterns: str) -> str | None:
    for pattern in patterns:
        match = re.search(pattern, text)
        if match:
            return match[1]
    return None
