"""Each probe command answers truthfully: 0 for 200, 1 for a fault, 1 for nobody there. Run for real against a real socket."""

import shutil
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from generator.health import probe_command
from generator.model import EcrImage, HealthCheck, Probe, Scaling, Service, Task
from generator.services import SERVICES

RUNNABLE = [probe for probe in Probe if shutil.which(probe.value)]


class Answer(BaseHTTPRequestHandler):
    """200 below /ok, 503 elsewhere."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path.startswith("/ok") else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), Answer)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def service(probe: Probe, port: int, path: str) -> Service:
    return Service(
        name="asked",
        image=EcrImage("aldeia/asked"),
        port=port,
        health=HealthCheck(path=path, probe=probe),
        task=Task(cpu=256, memory=512, scaling=Scaling.fixed(1)),
    )


def run(command: list[str]) -> int:
    kind, *words = command
    if kind == "CMD-SHELL":
        words = ["sh", "-c", *words]
    return subprocess.run(words, check=False, capture_output=True, timeout=20).returncode


@pytest.mark.parametrize("probe", RUNNABLE)
def test_says_healthy_only_for_an_answer_that_is_fine(probe: Probe, port: int) -> None:
    assert run(probe_command(service(probe, port, "/ok/health"))) == 0
    assert run(probe_command(service(probe, port, "/broken"))) == 1


@pytest.mark.parametrize("probe", RUNNABLE)
def test_says_unhealthy_where_nobody_listens(probe: Probe) -> None:
    # Port 1 is below what an unprivileged server takes, and nothing on loopback listens there.
    assert run(probe_command(service(probe, 1, "/ok"))) == 1


def test_every_probe_has_its_command() -> None:
    for probe in Probe:
        assert probe_command(service(probe, 3001, "/ok"))[0] in {"CMD", "CMD-SHELL"}


def test_the_backend_has_the_documented_command() -> None:
    backend = next(each for each in SERVICES if each.name == "backend")
    assert probe_command(backend) == ["CMD-SHELL", "curl -f http://localhost:3001/api/health || exit 1"]
