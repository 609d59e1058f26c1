"""The design document's cost figures, each computed again by its own method, and explained where it is not what comes out.

In: an environment's files and prices. Out: `Figure`s. The document's method is vCPU only: a vCPU for a month, times vCPUs;
for hosts the instance's hour alone. Sections are those of the design document.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import fsum

from generator.costs.charges.charge import Stack, number
from generator.costs.charges.compute import copies_of
from generator.costs.options import Files, bill
from generator.costs.prices import PriceTable
from generator.costs.resolve import Resource, reference
from generator.costs.traffic import HOURS, Range

TASKS_IN_DOCUMENT = {"production": {"Chromadb": 2}}  # where the templates run fewer: two would lose data
EXACT, ROUNDED, EXPLAINED = "reproduced", "rounded", "explained"


@dataclass(frozen=True)
class Figure:
    """One figure of the document, what its method really gives, and the whole bill of what is built."""

    section: str
    what: str
    told: str
    method: Range  # dollars by the document's method, with the document's copies
    verdict: str
    why: str = ""


def vcpu_only(files: Files, option: str, table: PriceTable, *, documented: bool = False) -> Range:
    """The document's method: vCPUs (Fargate) or instance hours (EC2) alone; `documented` with the document's task counts."""
    parts = services(files, table, documented=documented) if option == "fargate" else hosts(files, table)
    return Range(fsum(each.low for each in parts.values()), fsum(each.high for each in parts.values()))


def services(files: Files, table: PriceTable, *, documented: bool = False) -> Mapping[str, Range]:
    """Dollars of each Fargate service's vCPUs by its name."""
    stack = files.compute("fargate")
    price = table.find(files.region, "fargate-x86-vcpu-hour")
    hour = price.dollars if price else 0
    found = {}
    for each in stack.of("AWS::ECS::Service"):
        name = each.id.removesuffix("Service")
        copies = copies_of(each, stack)
        told = TASKS_IN_DOCUMENT.get(files.environment, {}).get(name) if documented else None
        low, high = (told, told) if told else (copies.low, copies.high)
        month = _cpus(stack, each) * HOURS * hour
        found[name] = Range(low * month, high * month)
    return found


def hosts(files: Files, table: PriceTable) -> Mapping[str, Range]:
    """Dollars of the hours of each group that serves users; the data host is not in the document."""
    stack = files.compute("ec2")
    found = {}
    for group in stack.of("AWS::AutoScaling::AutoScalingGroup"):
        launch = stack.resources.get(reference(group.get("LaunchTemplate", "LaunchTemplateId")) or "")
        if not group.get("TargetGroupARNs") or launch is None:
            continue
        price = table.find(files.region, f"ec2-{launch.get('LaunchTemplateData', 'InstanceType')}-hour")
        month = HOURS * (price.dollars if price else 0)
        found[group.id] = Range(number(group.get("MinSize")) * month, number(group.get("MaxSize")) * month)
    return found


def _cpus(stack: Stack, service: Resource) -> float:
    task = stack.resources.get(reference(service.get("TaskDefinition")) or "")
    return number(task.get("Cpu")) / 1024 if task else 0


_ROUNDS = "the document takes $30 for a vCPU-month; it is $29.55"
_ONE_WRITER = "two ChromaDB tasks on one volume lose data, so one runs: half of it is built"


def figures(staging: Files, production: Files, table: PriceTable) -> Iterator[Figure]:
    """Every cost figure of the document."""
    option_a, option_b = "Option A: EC2 with Docker Compose", "Option B: ECS Fargate"
    quiet, busy = services(staging, table), services(production, table, documented=True)
    s_ec2, p_ec2 = vcpu_only(staging, "ec2", table), vcpu_only(production, "ec2", table)
    s_fargate = vcpu_only(staging, "fargate", table)
    p_fargate = vcpu_only(production, "fargate", table, documented=True)
    yield Figure(option_a, "staging, one t3.medium", "~$30", s_ec2, EXACT)
    yield Figure(option_a, "production, two to four t3.large", "$120-240", p_ec2, ROUNDED, "to the next ten dollars")
    yield Figure(option_b, "staging, backend", "~$15", quiet["Backend"], EXACT)
    yield Figure(option_b, "staging, frontend", "~$7", quiet["Frontend"], EXACT)
    yield Figure(option_b, "staging, ChromaDB", "~$30", quiet["Chromadb"], EXACT)
    yield Figure(option_b, "staging, total", "~$52", s_fargate, EXACT)
    yield Figure(option_b, "production, backend", "$60-120", busy["Backend"], ROUNDED, _ROUNDS)
    yield Figure(option_b, "production, frontend", "$30-60", busy["Frontend"], ROUNDED, _ROUNDS)
    yield Figure(option_b, "production, ChromaDB", "$120", busy["Chromadb"], ROUNDED, f"{_ROUNDS}; {_ONE_WRITER}")
    yield Figure(option_b, "production, total", "$210-300", p_fargate, ROUNDED, _ROUNDS)
    ecr = table.find(staging.region, "ecr-gb-month")
    price = ecr.dollars if ecr else 0
    yield Figure("Container Registry", "ECR, a GB and month", "$0.10", Range(price, price), EXACT)
    yield Figure("Summary", "staging, EC2 against Fargate", "~$30 vs ~$52", Range(s_ec2.low, s_fargate.low), EXACT)
    hybrid = Range(s_ec2.low + p_fargate.low, s_ec2.high + p_fargate.high)
    yield Figure(
        "Summary", "hybrid: staging on EC2, production on Fargate", "~$240-270", hybrid, EXPLAINED,
        "the document's own parts are $30 + $210 and $30 + $300: $240-330; its upper end is not their sum",
    )  # fmt: skip


def built(files: Files, option: str, table: PriceTable) -> tuple[Range, Range, Range]:
    """What is built: by the document's method, compute with its memory, and the whole bill."""
    whole = bill(files, option, table)
    return vcpu_only(files, option, table), whole.of_group("compute"), whole.total
