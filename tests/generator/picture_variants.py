"""Environments that are not Aldeia's today, rendered: what a picture must also be able to show."""

import dataclasses
import json
from collections.abc import Iterable
from functools import cache
from typing import Any

from generator.environments import PRODUCTION, STAGING
from generator.model import (
    EC2_ENDPOINTS,
    FARGATE_ENDPOINTS,
    Compute,
    EcrImage,
    Environment,
    Firewall,
    HealthCheck,
    Nat,
    Network,
    PrivateUrl,
    Probe,
    Scaling,
    SecretKey,
    Service,
    Task,
)
from generator.render import to_dict
from generator.services import SERVICES
from generator.stacks import ENVIRONMENT_STACKS

Json = dict[str, Any]


def worker(name: str, port: int, host: str | None) -> Service:
    """One more service, which calls ChromaDB."""
    return Service(
        name=name,
        image=EcrImage(f"aldeia/{name}"),
        port=port,
        host=host,
        health=HealthCheck(path="/health", probe=Probe.NODE),
        environment={"CHROMA_URL": PrivateUrl("chromadb")},
        secrets={"DATABASE_URL": SecretKey("database/credentials", "DATABASE_URL")},
        task=Task(cpu=256, memory=512, scaling=Scaling.fixed(1)),
        folder=f"apps/{name}",
    )


def _network(environment: Environment, zones: int) -> Environment:
    return dataclasses.replace(
        environment, network=Network(cidr=environment.network.cidr, nat=Nat.PER_ZONE, zones=zones)
    )


PROTECTED = {
    "firewall": Firewall(),
    "customer_managed_key": True,
    "interface_endpoints": tuple(dict.fromkeys((*FARGATE_ENDPOINTS, *EC2_ENDPOINTS))),
}
SEARCH = worker("search-with-a-long-name", 3003, "search")
INNER = worker("indexer", 3004, None)
# No host has room for so many containers.
TASKS_ONLY = dataclasses.replace(PRODUCTION, options=(Compute.FARGATE,), compute=Compute.FARGATE)
VARIANTS: dict[str, tuple[Environment, Iterable[Service]]] = {
    "production": (PRODUCTION, SERVICES),
    "staging": (STAGING, SERVICES),
    "a fourth service": (PRODUCTION, (*SERVICES, SEARCH)),
    "a service inside": (STAGING, (*SERVICES, INNER)),
    "five services": (PRODUCTION, (*SERVICES, SEARCH, INNER)),
    "twelve services": (TASKS_ONLY, (*SERVICES, *(worker(f"worker-{n}", 4000 + n, f"w{n}") for n in range(9)))),
    "three zones": (_network(PRODUCTION, 3), SERVICES),
    "protected": (dataclasses.replace(PRODUCTION, **PROTECTED), SERVICES),
    "everything": (dataclasses.replace(_network(PRODUCTION, 3), **PROTECTED), (*SERVICES, SEARCH, INNER)),
}


@cache
def rendered(variant: str) -> dict[str, Json]:
    """The templates of a variant by stack."""
    environment, services = VARIANTS[variant]
    return {
        stack.name: json.loads(json.dumps(to_dict(stack.build(environment, tuple(services)))))
        for stack in ENVIRONMENT_STACKS
        if stack.name not in {option.value for option in set(Compute) - set(environment.options)}
    }
