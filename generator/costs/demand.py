"""How many tasks or hosts a number of requests a second needs, by the scaling that the templates say, and what that costs.

In: an environment's files, a rate. Out: `Point`s: copies and dollars. Refuses to know: anything about the application beyond the
CPU time of one request, which the traffic profile tells. Requests spread over the public services in proportion to their vCPU.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from math import ceil, fsum

from generator.costs.bill import bill_of_stack
from generator.costs.charges.charge import Stack, number
from generator.costs.charges.compute import TARGET, vcpus
from generator.costs.options import CostsError, Files
from generator.costs.prices import PriceTable
from generator.costs.resolve import Resource, reference
from generator.costs.traffic import Range, Traffic

FULL_PERCENT = 70.0  # of the CPU, for what no policy scales: the document's own threshold
BETWEEN = 12  # rates looked at besides those where the number of copies changes


@dataclass(frozen=True)
class Pool:
    """What serves requests: a service's tasks or a group's hosts, how many there may be, and what one of them serves."""

    id: str
    least: int
    most: int
    rate: float  # requests a second of the whole environment at which one copy is full

    def copies(self, rate: float) -> int:
        """How many copies run at a rate; never more than scaling may run."""
        return max(self.least, min(self.most, ceil(rate / self.rate - 1e-9)))

    @property
    def capacity(self) -> float:
        """The rate that all copies together serve."""
        return self.most * self.rate


def pools(files: Files, option: str) -> list[Pool]:
    """What serves requests with one option. Raises CostsError for hosts whose vCPUs nobody knows."""
    stack = files.compute(option)
    milliseconds = files.traffic.cpu_milliseconds_per_request.high or 1
    found = _services(stack, milliseconds) if option == "fargate" else _groups(stack, milliseconds)
    return list(found)


def capacity(files: Files, option: str) -> float:
    """Requests a second that an option serves at its largest; 0 where nothing in it serves requests."""
    return min((each.capacity for each in pools(files, option)), default=0.0)


def _services(stack: Stack, milliseconds: float) -> Iterator[Pool]:
    public = [each for each in stack.of("AWS::ECS::Service") if each.get("LoadBalancers")]
    cpus = {each.id: _cpus(stack, each) for each in public}
    for each in public:
        share = cpus[each.id] / sum(cpus.values())
        target = next((one for one in stack.of(TARGET) if f"${{{each.id}.Name}}" in str(one.get("ResourceId"))), None)
        desired = int(number(each.get("DesiredCount"), 1))
        least = int(number(target.get("MinCapacity"))) if target else desired
        most = int(number(target.get("MaxCapacity"))) if target else desired
        percent, requests = _targets(stack, target)
        by_cpu = cpus[each.id] * percent / 100 / (milliseconds / 1000)
        rate = min(by_cpu, requests / 60 if requests else by_cpu)
        yield Pool(each.id, least, most, rate / share)


def _cpus(stack: Stack, service: Resource) -> float:
    task = stack.resources.get(reference(service.get("TaskDefinition")) or "")
    return number(task.get("Cpu")) / 1024 if task else 0


def _targets(stack: Stack, target: Resource | None) -> tuple[float, float]:
    """The CPU percent and the requests a minute that a service's policies keep to; 0 where none counts requests."""
    percent, requests = FULL_PERCENT, 0.0
    for policy in stack.of("AWS::ApplicationAutoScaling::ScalingPolicy"):
        if target is None or reference(policy.get("ScalingTargetId")) != target.id:
            continue
        tracked = policy.get("TargetTrackingScalingPolicyConfiguration") or {}
        kind = (tracked.get("PredefinedMetricSpecification") or {}).get("PredefinedMetricType")
        if kind == "ECSServiceAverageCPUUtilization":
            percent = number(tracked.get("TargetValue"))
        elif kind == "ALBRequestCountPerTarget" or tracked.get("CustomizedMetricSpecification"):
            requests = number(tracked.get("TargetValue"))
    return percent, requests


def _groups(stack: Stack, milliseconds: float) -> Iterator[Pool]:
    for group in stack.of("AWS::AutoScaling::AutoScalingGroup"):
        template = stack.resources.get(reference(group.get("LaunchTemplate", "LaunchTemplateId")) or "")
        if not group.get("TargetGroupARNs") or template is None:
            continue
        kind = str(template.get("LaunchTemplateData", "InstanceType"))
        cpus = vcpus(kind)
        if cpus is None:
            raise CostsError(
                f"{template.id}: InstanceType: found {kind!r}, expected one whose size tells its vCPUs: t3.medium"
            )
        highs = [
            number(each.get("Threshold")) for each in stack.of("AWS::CloudWatch::Alarm")
            if each.get("MetricName") == "CPUUtilization" and each.get("ComparisonOperator") == "GreaterThanThreshold"
        ]  # fmt: skip
        percent = max(highs, default=FULL_PERCENT)
        rate = cpus * percent / 100 / (milliseconds / 1000)
        yield Pool(group.id, int(number(group.get("MinSize"))), int(number(group.get("MaxSize"))), rate)


def at(traffic: Traffic, rate: float) -> Traffic:
    """The profile at one rate: everything else lies between its low and its high as the rate does."""
    span = traffic.requests_per_second
    position = (rate - span.low) / (span.high - span.low) if span.high > span.low else 0.0
    position = max(0.0, min(1.0, position))

    def between(name: str) -> Range:
        value: Range = getattr(traffic, name)
        amount = value.low + (value.high - value.low) * position
        return Range(amount, amount)

    return replace(
        Traffic(**{each.name: between(each.name) for each in fields(Traffic)}), requests_per_second=Range(rate, rate)
    )


class Model:
    """One option of an environment, its templates worked out once, to be priced at many rates."""

    def __init__(self, files: Files, option: str, table: PriceTable) -> None:
        self._files, self._table = files, table
        self._stacks = list(files.resolved(option))
        self.pools = pools(files, option)

    def dollars(self, rate: float) -> float:
        """The whole bill of a month at one rate."""
        copies = {each.id: each.copies(rate) for each in self.pools}
        traffic = at(self._files.traffic, rate)
        bills = (
            bill_of_stack(_with_copies(each, copies), traffic, self._files.region, self._table) for each in self._stacks
        )
        return fsum(each.total.low for each in bills)


def dollars_at(files: Files, option: str, rate: float, table: PriceTable) -> float:
    """The whole bill of a month at one rate."""
    return Model(files, option, table).dollars(rate)


def _with_copies(stack: Stack, copies: Mapping[str, int]) -> Stack:
    changed: dict[str, Resource] = {}
    for name, resource in stack.resources.items():
        if resource.type == TARGET:
            service = next((each for each in copies if f"${{{each}.Name}}" in str(resource.get("ResourceId"))), None)
            if service:
                limits = {"MinCapacity": copies[service], "MaxCapacity": copies[service]}
                changed[name] = replace(resource, properties={**resource.properties, **limits})
        elif name in copies and resource.type == "AWS::AutoScaling::AutoScalingGroup":
            size = {"MinSize": copies[name], "MaxSize": copies[name]}
            changed[name] = replace(resource, properties={**resource.properties, **size})
    return Stack(stack.name, {**stack.resources, **changed}) if changed else stack


@dataclass(frozen=True)
class Curve:
    """Dollars a month over requests a second for one option, up to what it can serve."""

    option: str
    points: tuple[tuple[float, float], ...]


def curve(files: Files, option: str, table: PriceTable) -> Curve:
    """The curve of one option from no traffic to its capacity. Between two points it is straight."""
    model = Model(files, option, table)
    rates = _rates(files, model.pools, capacity(files, option))
    return Curve(option, tuple((rate, model.dollars(rate)) for rate in rates))


def _rates(files: Files, served_by: list[Pool], most: float) -> list[float]:
    """The rates at which something changes: a few in between, the profile's own, and both sides of every step in copies."""
    found = {most * step / BETWEEN for step in range(BETWEEN + 1)}
    found |= {files.traffic.requests_per_second.low, files.traffic.requests_per_second.high}
    for pool in served_by:
        for copies in range(pool.least, pool.most + 1):
            found |= {copies * pool.rate, copies * pool.rate * (1 + 1e-6)}
    return sorted(rate for rate in found if rate <= most)


@dataclass(frozen=True)
class Stretch:
    """A range of rates in which one option is the cheaper one, and the dollars a month by which it is so at most."""

    option: str
    start: float
    end: float
    most: float


def cheaper(files: Files, table: PriceTable) -> list[Stretch]:
    """Which option is cheaper from no traffic to where one of them is full; where it changes is a break-even.

    Nothing where an option serves no requests at all.
    """
    models = {option: Model(files, option, table) for option in files.options}
    if not models or not all(each.pools for each in models.values()):
        return []
    served_by = [pool for each in models.values() for pool in each.pools]
    found: list[Stretch] = []
    for rate in _rates(files, served_by, min(each.capacity for each in served_by)):
        best, less = _best(models, rate)
        if not found:
            found.append(Stretch(best, 0.0, rate, less))
        elif found[-1].option == best:
            found[-1] = replace(found[-1], end=rate, most=max(found[-1].most, less))
        else:
            even = _break_even(models, found[-1].end, rate, found[-1].option)
            found[-1] = replace(found[-1], end=even)
            found.append(Stretch(best, even, rate, less))
    return found


def _best(models: Mapping[str, Model], rate: float) -> tuple[str, float]:
    """The cheaper option at a rate, and by how many dollars."""
    cost = {option: model.dollars(rate) for option, model in models.items()}
    best = min(cost, key=lambda each: cost[each])
    return best, max(cost.values()) - cost[best]


def _break_even(models: Mapping[str, Model], low: float, high: float, until: str) -> float:
    """Halve the range in which the cheaper option changes until it is a hundredth of a request a second."""
    while high - low > 0.01:
        middle = (low + high) / 2
        low, high = (middle, high) if _best(models, middle)[0] == until else (low, middle)
    return low
