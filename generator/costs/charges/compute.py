"""What computes: ECS services on Fargate, auto scaling groups, single instances, their volumes.

Copies are a range: from the least to the most that scaling may run, at the hours that schedules leave.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.costs.catalogue import instance_key
from generator.costs.charges.charge import Charge, Stack, fixed, number, plain, times
from generator.costs.charges.schedule import running_share
from generator.costs.resolve import Resource, reference
from generator.costs.traffic import HOURS, Range, Traffic

FREE_EPHEMERAL_GIB = 20  # Fargate pricing: with every task
GP3_IOPS, GP3_MIBPS = 3000, 125  # EBS pricing: with every gp3 volume
DETAILED_METRICS = 7  # CloudWatch pricing: detailed monitoring of an instance, charged like custom metrics

# EC2 user guide, burstable instances: vCPUs, and the share of each that the price of the hour includes.
BURSTABLE: Mapping[str, tuple[int, float]] = {
    "nano": (2, 0.05), "micro": (2, 0.10), "small": (2, 0.20), "medium": (2, 0.20), "large": (2, 0.30), "xlarge": (4, 0.40),
    "2xlarge": (8, 0.40),
}  # fmt: skip
# EC2 on-demand pricing, Unlimited Mode: what a vCPU-hour beyond the baseline is billed as, by family.
CREDITS: Mapping[str, str] = {"t3": "ec2-t3-credit-hour", "t3a": "ec2-t3-credit-hour", "t4g": "ec2-t4g-credit-hour"}


def service(resource: Resource, stack: Stack, traffic: Traffic) -> Iterator[Charge]:
    """A Fargate service: vCPU and memory of each task by the hour, on demand or Spot, x86 or arm64."""
    task = stack.resources.get(reference(resource.get("TaskDefinition")) or "")
    if task is None or "EC2" in (resource.get("LaunchType"), *(task.get("RequiresCompatibilities") or ())):
        return  # its hosts pay
    cpu, memory = number(task.get("Cpu")) / 1024, number(task.get("Memory")) / 1024
    arm = str(task.get("RuntimePlatform", "CpuArchitecture") or "X86_64").upper() == "ARM64"
    architecture = "arm64" if arm else "x86"
    basis = (task.id, *(each.id for each in stack.of(TARGET) if _scales(each, resource)))
    copies = copies_of(resource, stack)
    hours = HOURS * running_share(resource, stack)
    for provider, share in _providers(resource, copies):
        kind = "fargate-spot" if provider == "FARGATE_SPOT" else "fargate"
        on = "Spot" if provider == "FARGATE_SPOT" else "Fargate"
        size = times(share, f"{plain(cpu)} vCPU")
        yield Charge(f"{kind}-{architecture}-vcpu-hour", _scaled(share, cpu * hours), f"{on} {size}", basis)
        size = times(share, f"{plain(memory)} GB")
        yield Charge(f"{kind}-{architecture}-gb-hour", _scaled(share, memory * hours), f"{on} {size}", basis)
    beyond = number(task.get("EphemeralStorage", "SizeInGiB"), FREE_EPHEMERAL_GIB) - FREE_EPHEMERAL_GIB
    if beyond > 0:
        storage = times(copies, f"{plain(beyond)} GB of ephemeral storage")
        yield Charge("fargate-ephemeral-gb-hour", _scaled(copies, beyond * hours), storage, basis)


TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"


def copies_of(resource: Resource, stack: Stack) -> Range:
    """How many tasks a service runs: the range of its scaling target, or its desired count."""
    for target in stack.of(TARGET):
        if _scales(target, resource):
            return Range(number(target.get("MinCapacity")), number(target.get("MaxCapacity")))
    return fixed(number(resource.get("DesiredCount"), 1))


def _scales(target: Resource, service: Resource) -> bool:
    where = target.get("ResourceId")
    text = where if isinstance(where, str) else str(where)
    name = service.get("ServiceName")
    return f"${{{service.id}.Name}}" in text or (isinstance(name, str) and text.endswith(f"/{name}"))


def _providers(resource: Resource, copies: Range) -> list[tuple[str, Range]]:
    """The capacity providers and the copies that each of them runs: bases first, the rest by weight."""
    strategy = resource.get("CapacityProviderStrategy") or []
    if not strategy:
        return [("FARGATE", copies)]
    low, high = _split(strategy, copies.low), _split(strategy, copies.high)
    return [(name, Range(low[name], high[name])) for name in low if high[name] or low[name]] or [("FARGATE", copies)]


def _split(strategy: list[Mapping[str, Any]], copies: float) -> dict[str, float]:
    found = {}
    left = copies
    for each in strategy:
        found[str(each["CapacityProvider"])] = base = min(left, number(each.get("Base")))
        left -= base
    weights = sum(number(each.get("Weight")) for each in strategy) or 1
    for each in strategy:
        found[str(each["CapacityProvider"])] += left * number(each.get("Weight")) / weights
    return found


def auto_scaling_group(resource: Resource, stack: Stack, traffic: Traffic) -> Iterator[Charge]:
    """Hosts: hours, volumes, detailed monitoring, the agent's metrics, and surplus CPU credits."""
    template = stack.resources.get(reference(resource.get("LaunchTemplate", "LaunchTemplateId")) or "")
    if template is None:
        return
    data = template.get("LaunchTemplateData") or {}
    copies = Range(number(resource.get("MinSize")), number(resource.get("MaxSize")))
    share = running_share(resource, stack)
    yield from _hosts(data, copies, share, traffic, (template.id,))
    if resource.get("TargetGroupARNs"):
        yield from _credits(data, copies, share, traffic, template.id)


def instance(resource: Resource, stack: Stack, traffic: Traffic) -> Iterator[Charge]:
    """A single instance, with everything that one host of a group has."""
    yield from _hosts(
        {**resource.properties, "Monitoring": {"Enabled": resource.get("Monitoring")}}, fixed(1), 1, traffic
    )


def volume(resource: Resource, stack: Stack, traffic: Traffic) -> Iterator[Charge]:
    """A volume of its own."""
    yield from _volume({**resource.properties, "VolumeSize": resource.get("Size")}, fixed(1), ())


def _hosts(
    data: Mapping[str, Any], copies: Range, share: float, traffic: Traffic, basis: tuple[str, ...] = ()
) -> Iterator[Charge]:
    kind = str(data.get("InstanceType"))
    running = _scaled(copies, share)
    yield Charge(instance_key(kind), _scaled(running, HOURS), times(copies, kind), basis)
    for each in data.get("BlockDeviceMappings") or ():
        if each.get("Ebs"):
            # A group that is empty at night has no volumes either.
            yield from _volume(each["Ebs"], running, basis)
    if str((data.get("Monitoring") or {}).get("Enabled")).lower() == "true":
        what = times(copies, f"detailed monitoring ({DETAILED_METRICS} metrics)")
        yield Charge("metric-month", _scaled(running, DETAILED_METRICS), what, basis)
    agent = Range(running.low * traffic.host_metrics.low, running.high * traffic.host_metrics.high)
    if agent != Range():
        yield Charge(
            "metric-month", agent, times(copies, f"{traffic.host_metrics} metrics of the CloudWatch agent"), basis
        )


def _volume(ebs: Mapping[str, Any], copies: Range, basis: tuple[str, ...]) -> Iterator[Charge]:
    kind = ebs.get("VolumeType") or "gp2"
    size = number(ebs.get("VolumeSize"), 8)
    yield Charge(f"ebs-{kind}-gb-month", _scaled(copies, size), times(copies, f"{plain(size)} GB {kind}"), basis)
    for item, name, included in (("iops", "Iops", GP3_IOPS), ("mibps", "Throughput", GP3_MIBPS)):
        beyond = number(ebs.get(name), included) - included
        if kind == "gp3" and beyond > 0:
            yield Charge(
                f"ebs-gp3-{item}-month", _scaled(copies, beyond), times(copies, f"{plain(beyond)} {name}"), basis
            )


def _credits(data: Mapping[str, Any], copies: Range, share: float, traffic: Traffic, template: str) -> Iterator[Charge]:
    """What burstable hosts that serve the traffic burn beyond their baseline, where `unlimited` lets them."""
    family, _, size = str(data.get("InstanceType")).partition(".")
    unlimited = (data.get("CreditSpecification") or {}).get("CpuCredits", "unlimited") == "unlimited"
    if family not in CREDITS or size not in BURSTABLE or not unlimited:
        return
    cpus, baseline = BURSTABLE[size]
    rate, cost = traffic.requests_per_second, traffic.cpu_milliseconds_per_request
    surplus = Range(
        *(
            surplus_cpus(rate_ * cost_ / 1000, hosts, cpus, baseline) * HOURS * share
            for rate_, cost_, hosts in ((rate.low, cost.low, copies.low), (rate.high, cost.high, copies.high))
        )
    )
    what = f"{surplus.low:.0f} to {surplus.high:.0f} vCPU-hours beyond the baseline"
    yield Charge(CREDITS[family], surplus, what, (template,))


_SIZES = {
    "medium": 1,
    "large": 2,
    "xlarge": 4,
}  # EC2 instance types: vCPUs of a size in every family that is not burstable


def vcpus(instance_type: str) -> int | None:
    """The vCPUs of an instance type; None for a size that does not tell them (`metal`)."""
    family, _, size = instance_type.partition(".")
    if family in {"t2", *CREDITS}:
        return BURSTABLE[size][0] if size in BURSTABLE else None
    times_xlarge = size.removesuffix("xlarge")
    return 4 * int(times_xlarge) if times_xlarge.isdigit() else _SIZES.get(size)


def surplus_cpus(busy: float, hosts: float, cpus: int, baseline: float) -> float:
    """vCPUs in use beyond what the hosts' price includes; no host uses more than it has."""
    return max(0.0, min(busy, hosts * cpus) - hosts * cpus * baseline)


def _scaled(amount: Range, by: float) -> Range:
    return Range(amount.low * by, amount.high * by)
