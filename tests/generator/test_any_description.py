"""Any description that the model takes renders templates that cfn-lint accepts; any other is refused with the field named."""

import dataclasses
import json
import re
from typing import Any

import pytest
from cfnlint import ConfigMixIn
from cfnlint.rules import Match
from cfnlint.runner import run_template_by_data
from cfnlint.runner.cli import Runner
from hypothesis import HealthCheck as Slow
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from generator.build import build
from generator.environments import PRODUCTION, STAGING
from generator.model import (
    FARGATE_ENDPOINTS,
    FARGATE_MEMORY,
    RETENTION_DAYS,
    Architecture,
    BlueGreen,
    Canary,
    Compute,
    Data,
    Day,
    EcrImage,
    Endpoint,
    Environment,
    EnvironmentName,
    Firewall,
    HealthCheck,
    Linear,
    ModelError,
    Nat,
    Network,
    OfficeHours,
    Permission,
    PrivateUrl,
    Probe,
    PublicImage,
    PublicUrl,
    Rolling,
    Scaling,
    SecretKey,
    Service,
    Task,
)
from generator.services import SERVICES

names = st.from_regex(r"[a-z][a-z0-9]{0,6}(-[a-z0-9]{1,5})?", fullmatch=True)
pairs = st.sampled_from([(cpu, memory) for cpu, sizes in FARGATE_MEMORY.items() for memory in sizes])


@st.composite
def scalings(draw: st.DrawFn) -> Scaling:
    low, middle, high = sorted(draw(st.tuples(*[st.integers(1, 6)] * 3)))
    return Scaling(
        minimum=low,
        desired=middle,
        maximum=high,
        cpu_percent=draw(st.integers(1, 100)),
        memory_percent=draw(st.integers(1, 100)),
        requests_per_minute=draw(st.integers(1, 100_000)),
        scale_in_cooldown=draw(st.integers(1, 3600)),
        scale_out_cooldown=draw(st.integers(1, 3600)),
    )


@st.composite
def tasks(draw: st.DrawFn) -> Task:
    cpu, memory = draw(pairs)
    return Task(cpu=cpu, memory=memory, scaling=draw(scalings()))


minutes = st.integers(0, 60)
# In halves: cfn-lint divides binary fractions and takes 89.1 for no multiple of 0.1.
percents = st.integers(6, 200).map(lambda halves: halves / 2)
deployments = st.one_of(
    st.just(Rolling()),
    st.builds(BlueGreen, bake_time_in_minutes=minutes),
    st.builds(Canary, canary_percent=percents, canary_bake_time_in_minutes=minutes),
    st.builds(Linear, step_percent=percents, step_bake_time_in_minutes=minutes),
)


@st.composite
def web_services(draw: st.DrawFn, name: str, port: int) -> Service:
    """A service without data, public under its own name or private; ECS may shift the traffic of a public one."""
    host = draw(st.sampled_from([name, None]))
    return Service(
        name=name,
        image=draw(
            st.sampled_from([EcrImage(f"aldeia/{name}"), PublicImage("nginx", "1.27.3"), PublicImage("x/y", "v2")])
        ),
        port=port,
        host=host,
        deployment=draw(deployments) if host else Rolling(),
        health=HealthCheck(
            path=draw(st.sampled_from(["/", "/health", "/api/v1/ready?full=1"])),
            probe=draw(st.sampled_from(Probe)),
            interval=draw(st.integers(30, 300)),
            timeout=draw(st.integers(2, 29)),
            retries=draw(st.integers(2, 10)),
            start_period=draw(st.integers(0, 300)),
        ),
        environment=draw(
            st.dictionaries(
                st.sampled_from(["MODE", "LEVEL", "TITLE"]),
                st.sampled_from([EnvironmentName(), "1", "a b", "${x}", "é"]),
            )
        ),
        secrets=draw(
            st.dictionaries(
                st.sampled_from(["TOKEN", "KEY"]), st.sampled_from([SecretKey("app/keys", "K"), SecretKey("x", "Y")])
            )
        ),
        permissions=tuple(draw(st.sets(st.sampled_from(Permission)))),
        read_only_root=draw(st.booleans()),
        writable=draw(st.sampled_from([(), ("/var/cache",), ("/a/b", "/c.d")])),
        architecture=draw(st.sampled_from(Architecture)),
        task=draw(tasks()),
    )


@st.composite
def services(draw: st.DrawFn) -> tuple[Service, ...]:
    """Up to three services, with or without ChromaDB, that may call each other."""
    wanted = draw(st.lists(names, min_size=1, max_size=3, unique_by=lambda name: name.replace("-", "")))
    found = [draw(web_services(name, 4000 + index)) for index, name in enumerate(wanted)]
    if draw(st.booleans()):
        data = dataclasses.replace(
            SERVICES[2], name="vectors", data=Data(path="/data", lock=".lock", uid=draw(st.integers(0, 65535)))
        )
        found.append(data)
        found[0] = dataclasses.replace(found[0], environment={**found[0].environment, "VECTORS": PrivateUrl("vectors")})
    public = [service.name for service in found if service.public]
    if public:
        found[0] = dataclasses.replace(found[0], environment={**found[0].environment, "SITE": PublicUrl(public[0])})
    return tuple(found)


@st.composite
def office_hours(draw: st.DrawFn) -> OfficeHours:
    start, stop = sorted(draw(st.lists(st.integers(0, 23), min_size=2, max_size=2, unique=True)))
    return OfficeHours(
        start=f"{start:02}:00",
        stop=f"{stop:02}:30",
        time_zone=draw(st.sampled_from(["America/Sao_Paulo", "Etc/UTC", "Europe/Lisbon"])),
        days=tuple(day for day in Day if draw(st.booleans())) or (Day.SUNDAY,),
    )


@st.composite
def environments(draw: st.DrawFn) -> Environment:
    """Fargate only: what a host can carry has its own refusals, tested with the hosts."""
    base = draw(st.sampled_from([STAGING, PRODUCTION]))
    name = draw(names)
    protected = draw(st.booleans())
    return dataclasses.replace(
        base,
        name=name,
        short=name,
        domain=f"{name}.example.com",
        compute=Compute.FARGATE,
        options=(Compute.FARGATE,),
        network=Network(
            cidr=f"10.{draw(st.integers(0, 255))}.0.0/16",
            nat=draw(st.sampled_from(Nat)),
            zones=draw(st.sampled_from([2, 3])),
        ),
        tasks={},
        log_retention_days=draw(st.sampled_from(RETENTION_DAYS)),
        monthly_budget=draw(st.integers(1, 100_000)),
        container_insights=draw(st.sampled_from(["disabled", "enabled", "enhanced"])),
        spot_weight=draw(st.integers(0, 1000)),
        execute_command=draw(st.booleans()),
        protected=protected,
        firewall=draw(st.sampled_from([None, Firewall(), Firewall(requests_per_address=10, counted=())])),
        customer_managed_key=draw(st.booleans()),
        interface_endpoints=draw(st.sampled_from([(), (Endpoint.LOGS,), FARGATE_ENDPOINTS])),
        office_hours=None if protected else draw(st.none() | office_hours()),
    )


# Each example is linted for seconds, so a failure is shown as it was found: looking for a smaller one would take an hour.
QUICK = (Phase.explicit, Phase.generate)


@pytest.fixture(scope="module")
def linter() -> Runner:
    return Runner(ConfigMixIn([], templates=[], regions=["us-east-1"]))


def findings(linter: Runner, template: dict[str, Any]) -> list[Match]:
    return list(run_template_by_data(template, linter.config, linter.rules))


def accepted(linter: Runner, description: tuple[Service, ...], environment: Environment) -> None:
    try:
        files = build((environment,), description)
    except ModelError as error:
        assert re.match(r"[A-Za-z]+(\(.*\))?(\.[\w\[\], .-]+)?: found .*; .", str(error)), str(error)
        return
    for path, text in files.items():
        if path.endswith(".json") and not path.endswith("manifest.json"):
            found = findings(linter, json.loads(text))
            assert not found, f"{path}: {found[0].rule.id} {found[0].message}"


@settings(max_examples=6, deadline=None, phases=QUICK, suppress_health_check=list(Slow), derandomize=True)
@given(description=services(), environment=environments())
def test_any_valid_description_renders_what_cfn_lint_accepts(
    linter: Runner, description: tuple[Service, ...], environment: Environment
) -> None:
    accepted(linter, description, environment)


@pytest.mark.slow
@settings(max_examples=20, deadline=None, phases=QUICK, suppress_health_check=list(Slow))
@given(description=services(), environment=environments())
def test_many_valid_descriptions(linter: Runner, description: tuple[Service, ...], environment: Environment) -> None:
    accepted(linter, description, environment)


FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "name": st.text(max_size=30),
    "port": st.integers(),
    "host": st.text(max_size=12),
    "environment": st.dictionaries(st.text(max_size=6), st.just("x"), max_size=2),
    "writable": st.lists(st.text(max_size=8), max_size=2).map(tuple),
}


@settings(max_examples=300, deadline=None)
@given(data=st.data(), field=st.sampled_from(sorted(FIELDS)))
def test_any_invalid_field_is_refused_by_its_name(data: st.DataObject, field: str) -> None:
    """Whatever stands in one field: either it builds, or the text names that field and what was found."""
    value = data.draw(FIELDS[field])
    try:
        service = dataclasses.replace(SERVICES[1], **{field: value})
    except ModelError as error:
        named, _, rest = str(error).partition(": found ")
        assert field in named
        assert rest
    else:
        assert getattr(service, field) == value


@settings(max_examples=300, deadline=None)
@given(cpu=st.integers(0, 20_000), memory=st.integers(0, 130_000))
def test_fargate_pairs_are_exactly_those_of_aws(cpu: int, memory: int) -> None:
    try:
        Task(cpu=cpu, memory=memory, scaling=Scaling.fixed(1))
    except ModelError as error:
        assert memory not in FARGATE_MEMORY.get(cpu, ())
        assert str(error).startswith("Task.memory" if cpu in FARGATE_MEMORY else "Task.cpu")
    else:
        assert memory in FARGATE_MEMORY[cpu]
