"""The rendered product, once for all tests of the generator."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from generator.build import build
from generator.environments import ENVIRONMENTS, PRODUCTION, STAGING
from generator.services import SERVICES
from tests.generator.delivery_reading import rendered
from tests.generator.reading import stacks_of

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


@pytest.fixture(scope="session")
def delivery() -> Json:
    """The template of the pipeline's roles, as plain JSON."""
    return rendered(ENVIRONMENTS)


@pytest.fixture(scope="session")
def production() -> Mapping[str, Json]:
    """Every template of production by stack."""
    return stacks_of(PRODUCTION)


@pytest.fixture(scope="session")
def staging() -> Mapping[str, Json]:
    """Every template of staging by stack."""
    return stacks_of(STAGING)
