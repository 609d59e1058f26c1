"""Descriptions that differ from Aldeia's own, and what a description that cannot work is answered with."""

import dataclasses
from collections.abc import Callable

import pytest

from generator.model import EcrImage, ModelError, Service
from generator.services import SERVICES

Refused = tuple[Callable[[], object], str, str]
"""What makes the description; the field (with the value found, where the case gives it) and the remedy that its refusal names."""


def assert_refused(refused: Refused) -> None:
    make, where, right = refused
    with pytest.raises(ModelError) as caught:
        make()

    assert where in str(caught.value)
    assert right in str(caught.value)


def many_services(count: int, repository: str = "aldeia/service") -> tuple[Service, ...]:
    """Aldeia's services and `count` public ones more, each with a repository of its own."""
    more = (
        dataclasses.replace(
            SERVICES[1],
            name=f"service-{number}",
            host=f"h{number}",
            port=10_000 + number,
            environment={},
            image=EcrImage(f"{repository}-{number}"),
        )
        for number in range(count)
    )
    return (*SERVICES, *more)
