"""Fixtures: the service without a wire, and a server on a real socket."""

from __future__ import annotations

import boto3
import pytest
from botocore.config import Config
from local_cloudformation import LocalCloudFormation

from tests.local_cloudformation.support import Service


@pytest.fixture
def service():
    """The service with nothing in it."""
    return Service()


@pytest.fixture
def make_service():
    """A service with a script or SSM parameters of the test's own."""
    return Service


@pytest.fixture
def local():
    """A server on a real socket."""
    with LocalCloudFormation() as server:
        yield server


@pytest.fixture
def client(local):
    """A boto3 client of it, without retries of its own."""
    made = boto3.client("cloudformation", config=Config(retries={"total_max_attempts": 1}), **local.client_options)
    yield made
    made.close()
