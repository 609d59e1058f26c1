"""The rendered product, once for all tests of the generator."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from generator.build import build
from generator.environments import ENVIRONMENTS
from generator.services import SERVICES

Json = dict[str, Any]


@pytest.fixture(scope="session")
def files() -> Mapping[str, str]:
    """Every generated file by its path below templates/."""
    return build(ENVIRONMENTS, SERVICES)


@pytest.fixture(scope="session")
def templates(files: Mapping[str, str]) -> Mapping[str, Json]:
    """Every template by its path below templates/."""
    return {
        path: json.loads(text)
        for path, text in files.items()
        if path.endswith(".json") and not path.endswith("manifest.json")
    }


@pytest.fixture(scope="session")
def manifests(files: Mapping[str, str]) -> Mapping[str, Json]:
    """The manifest of each environment, `shared` included."""
    return {path.split("/")[0]: json.loads(text) for path, text in files.items() if path.endswith("manifest.json")}
