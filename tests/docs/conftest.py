"""One embedded account for all tests of a process; empty for each."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from pathlib import Path

import pytest
from local_cloudformation import LocalCloudFormation

from tests.docs.world import World


@pytest.fixture(scope="session")
def server() -> Iterator[LocalCloudFormation]:
    with LocalCloudFormation() as local:
        yield local


@pytest.fixture
def world(server: LocalCloudFormation, tmp_path: Path) -> World:
    """An account with nothing in it, and a checkout."""
    server.reset(state=True)
    connection = http.client.HTTPConnection(server.endpoint.removeprefix("http://"))
    connection.request("POST", "/moto-api/reset")
    connection.getresponse().read()
    connection.close()
    return World(server, tmp_path)
