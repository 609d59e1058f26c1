"""Requests lost while staging moves between its compute options, on the embedded CloudFormation.

Out: rows (what, figures). A host takes 3 s to be replaced and a service 2 s to start; two services answer behind weights as the
change sets set them (`traffic.py`). The last row is the count's own proof: a change that no move would make, and what it loses.
"""

import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from bench.traffic import Tally, traffic

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "scripts")]

from demo import Demo, copy_description, embedded  # noqa: E402  found by the line above

SECONDS = {"types": {"AWS::AutoScaling::AutoScalingGroup": 3, "AWS::ECS::Service": 2}}

Row = tuple[str, str]


def rows() -> list[Row]:
    """Move there and back under load, then do it carelessly."""
    with tempfile.TemporaryDirectory() as folder, embedded(Path(folder)) as environment:
        work = Path(folder) / "checkout"
        copy_description(work)
        demo = Demo(work, environment)
        with contextlib.redirect_stdout(io.StringIO()):
            demo.deploy_shared()
            demo.deploy_environment("staging")
        if not demo.as_told:
            sys.exit("bench: staging could not be deployed")
        _script(environment["AWS_ENDPOINT_URL"], {"seconds": SECONDS})
        careless = ("deploy", "staging", "ec2", "--parameter", "ec2.RunChromadb=false", "--yes")
        return [
            _moved(demo, "fargate"),
            _moved(demo, "ec2"),
            ("for comparison: the host replaced under its requests", _figures(*_under_load(demo, *careless))),
        ]


def _moved(demo: Demo, to: str) -> Row:
    tally, seconds, told = _under_load(demo, "move", "staging", "--to", to, "--pause", "1", "--yes", "--json")
    gap = json.loads(told)["GapSeconds"]
    return f"staging moves to {to}: requests lost", f"{_figures(tally, seconds)}; {gap:.1f} s without ChromaDB"


def _under_load(demo: Demo, *arguments: str) -> tuple[Tally, float, str]:
    listener = demo.client("ssm").get_parameter(Name="/aldeia/staging/edge/HttpsListenerArn")["Parameter"]["Value"]
    with traffic(demo.client("elbv2"), listener) as tally:
        begun = time.monotonic()
        done = subprocess.run(
            [sys.executable, str(ROOT / "scripts" / "deploy-stack"), *arguments],
            cwd=demo.work,
            env={**os.environ, **demo.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.monotonic() - begun
    if done.returncode:
        sys.exit(f"bench: {' '.join(arguments)} ended with {done.returncode}\n{done.stderr}")
    return tally, seconds, done.stdout


def _figures(tally: Tally, seconds: float, _: str = "") -> str:
    return f"{len(tally.lost)} of {tally.sent:,} in {seconds:.0f} s"


def _script(endpoint: str, keys: dict[str, Any]) -> None:
    request = urllib.request.Request(f"{endpoint}/_local/script", json.dumps(keys).encode(), method="POST")  # noqa: S310
    urllib.request.urlopen(request).close()  # noqa: S310  (the embedded CloudFormation, on this machine)
