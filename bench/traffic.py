"""Requests on their way through a load balancer whose weights and targets are those of the embedded CloudFormation.

In: a client of the load balancer's API and a listener. Out: how many requests were sent, how many were lost, and who answered.
Refuses to know: what happens to the stacks meanwhile.

Each target group is a local HTTP server that listens only while DescribeTargetHealth calls one of its targets healthy: while a host
is being replaced nobody answers on its port. The balancer chooses a group by the weights of DescribeRules, as a real one does,
whether anybody answers there or not. It learns of other weights and the servers of other targets within `DELAY`.
"""

from __future__ import annotations

import http.client
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DELAY = 0.05  # seconds between two looks at rules and targets
WORKERS = 4
PAUSE = 0.02  # seconds between two requests of a worker
TIMEOUT = 5.0
LOOPBACK = "127.0.0.1"


@dataclass
class Tally:
    """What the load generator counted."""

    answered: Counter[str] = field(default_factory=Counter)  # by target group
    lost: list[str] = field(default_factory=list)  # why, one each

    @property
    def sent(self) -> int:
        """How many requests there were."""
        return self.answered.total() + len(self.lost)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = True  # what is under way is finished first, as a deregistered target does
    request_queue_size = 64


class Target:
    """The targets of one group: one server, up or down."""

    def __init__(self, arn: str) -> None:
        self.arn = arn
        self.port = _free_port()
        self._server: _Server | None = None

    def be(self, up: bool) -> None:
        """Listen, or stop listening when what is under way has been answered."""
        if up and self._server is None:
            self._server = _Server((LOOPBACK, self.port), _answering(self.arn))
            threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        elif not up and self._server is not None:
            server, self._server = self._server, None
            server.shutdown()
            server.server_close()


def _answering(arn: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _reply(self, 200, arn)

        def log_message(self, *_: Any) -> None:
            """Say nothing: requests are counted."""

    return Handler


def _reply(handler: BaseHTTPRequestHandler, status: int, text: str) -> None:
    body = text.encode()
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


class Balancer:
    """Forwards each request to a target group that it draws by the weights of the request's host."""

    def __init__(self, elbv2: Any, listener: str) -> None:
        self._elbv2, self._listener = elbv2, listener
        self._targets: dict[str, Target] = {}
        self._weights: Mapping[str, Mapping[str, int]] = {}
        self._ended = threading.Event()
        self._random = random.Random(1)  # noqa: S311  (draws a target group, guards nothing)
        self._look()
        self._server = _Server((LOOPBACK, 0), self._forwarding())
        for work in (self._server.serve_forever, self._follow):
            threading.Thread(target=work, daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.server_port

    @property
    def hosts(self) -> list[str]:
        """The hosts that its rules name."""
        return sorted(self._weights)

    def close(self) -> None:
        """Stop, and every target with it."""
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
        for each in self._targets.values():
            each.be(False)

    def _follow(self) -> None:
        while not self._ended.wait(DELAY):
            self._look()

    def _look(self) -> None:
        rules = self._elbv2.describe_rules(ListenerArn=self._listener)["Rules"]
        weights = {
            host: {
                group["TargetGroupArn"]: group["Weight"]
                for group in rule["Actions"][0]["ForwardConfig"]["TargetGroups"]
            }
            for rule in rules
            for host in rule["Conditions"][0]["HostHeaderConfig"]["Values"]
        }
        for arn in {arn for groups in weights.values() for arn in groups}:
            found = self._elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
            target = self._targets.setdefault(arn, Target(arn))
            target.be(any(each["TargetHealth"]["State"] == "healthy" for each in found))
        self._weights = weights

    def _forwarding(self) -> type[BaseHTTPRequestHandler]:
        balancer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                groups = balancer._weights[self.headers["Host"]]
                arn = balancer._random.choices(list(groups), weights=list(groups.values()))[0]
                try:
                    status, text = fetch(balancer._targets[arn].port, self.headers["Host"])
                except OSError as error:
                    status, text = 502, f"{arn}: {error}"
                _reply(self, status, text)

            def log_message(self, *_: Any) -> None:
                """Say nothing: requests are counted."""

        return Handler


def fetch(port: int, host: str) -> tuple[int, str]:
    """Status and text of the answer from a local port. Raises OSError where there is none."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=TIMEOUT)
    try:
        connection.request("GET", "/", headers={"Host": host})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except http.client.HTTPException as error:
        raise OSError(f"{type(error).__name__} {error}") from error
    finally:
        connection.close()


@contextmanager
def traffic(elbv2: Any, listener: str) -> Iterator[Tally]:
    """Send requests through the balancer while the block runs, to every host in turn."""
    balancer, tally, ended = Balancer(elbv2, listener), Tally(), threading.Event()
    lock = threading.Lock()

    def work(number: int) -> None:
        hosts = balancer.hosts
        while not ended.wait(PAUSE):
            number += 1
            try:
                status, text = fetch(balancer.port, hosts[number % len(hosts)])
            except OSError as error:
                status, text = 0, str(error)
            with lock:
                if status == 200:
                    tally.answered[text] += 1
                else:
                    tally.lost.append(f"{time.strftime('%X')} {status} {text}")

    workers = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(WORKERS)]
    for each in workers:
        each.start()
    try:
        yield tally
    finally:
        ended.set()
        for each in workers:
            each.join()
        balancer.close()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind((LOOPBACK, 0))
        return int(found.getsockname()[1])
