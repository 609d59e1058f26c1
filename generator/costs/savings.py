"""What each saving would bring: the templates changed as the saving changes them, priced again, and compared.

In: an environment's files. Out: `Saving`s, in dollars a month. Refuses to know: whether it is wise; each says what it asks for.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from generator.costs.bill import Bill, unpriced_apart
from generator.costs.catalogue import instance_key
from generator.costs.charges.compute import TARGET
from generator.costs.options import Files, bill
from generator.costs.prices import PriceTable
from generator.costs.traffic import Range

Template = dict[str, Any]
OFFICE_HOURS = (7, 20)  # Monday to Friday; 65 of the week's 168 hours


@dataclass(frozen=True)
class Saving:
    """Dollars a month that a change takes off the bill, at the low and at the high end, and what the change asks for.

    `missing` are the items without which nobody knows the amount: the region has no price of them.
    """

    name: str
    amount: Range
    asks: str
    missing: tuple[str, ...] = ()


def savings(files: Files, option: str, table: PriceTable) -> list[Saving]:
    """Every saving that applies to an environment with one option."""
    whole = bill(files, option, table)
    found = []
    for name, asks, change in CHANGES:
        if change is _office_hours and files.protected:
            continue
        changed = bill(replace(files, templates=_each(files.templates, change)), option, table)
        missing = unpriced_apart(whole, changed)
        found.append(Saving(name, Range() if missing else _less(whole.total, changed.total), asks, missing))
    found.append(_commitment(files, whole, table))
    return [each for each in found if each.amount.high > 0.005 or each.missing]


def _less(before: Range, after: Range) -> Range:
    low, high = sorted((before.low - after.low, before.high - after.high))
    return Range(low, high)


def _each(templates: Mapping[str, Mapping[str, Any]], change: Callable[[Template], None]) -> dict[str, Template]:
    found = {}
    for name, template in templates.items():
        found[name] = copy.deepcopy(dict(template))
        change(found[name])
    return found


def _of(template: Template, kind: str) -> list[tuple[str, dict[str, Any]]]:
    return [
        (name, raw.setdefault("Properties", {})) for name, raw in template["Resources"].items() if raw["Type"] == kind
    ]


def _arm64(template: Template) -> None:
    for _, task in _of(template, "AWS::ECS::TaskDefinition"):
        task["RuntimePlatform"] = {**task.get("RuntimePlatform", {}), "CpuArchitecture": "ARM64"}
    for _, launch in _of(template, "AWS::EC2::LaunchTemplate"):
        data = launch["LaunchTemplateData"]
        data["InstanceType"] = str(data.get("InstanceType", "")).replace("t3.", "t4g.")


def _spot(template: Template) -> None:
    """Everything that may be stopped at two minutes' notice: not the one writer of the data."""
    for _, service in _of(template, "AWS::ECS::Service"):
        if service.get("LoadBalancers"):
            service["CapacityProviderStrategy"] = [{"CapacityProvider": "FARGATE_SPOT", "Weight": 1}]


def _one_nat(template: Template) -> None:
    gateways = [name for name, _ in _of(template, "AWS::EC2::NatGateway")][1:]
    addresses = [name for name, _ in _of(template, "AWS::EC2::EIP")][1:]
    for name in gateways + addresses:
        del template["Resources"][name]


def _office_hours(template: Template) -> None:
    up, down = (f"0 {hour} * * 1-5" for hour in OFFICE_HOURS)
    for name, group in _of(template, "AWS::AutoScaling::AutoScalingGroup"):
        for ending, size, recurrence in (("Up", group["MaxSize"], up), ("Down", 0, down)):
            template["Resources"][f"{name}{ending}"] = {
                "Type": "AWS::AutoScaling::ScheduledAction",
                "Properties": {"AutoScalingGroupName": {"Ref": name}, "MaxSize": size, "Recurrence": recurrence},
            }
    targets = {str(target.get("ResourceId")): target for _, target in _of(template, TARGET)}
    for name, service in _of(template, "AWS::ECS::Service"):
        where = f"service/${{Cluster}}/${{{name}.Name}}"
        target = next((each for key, each in targets.items() if f"${{{name}.Name}}" in key), None)
        if target is None:
            count = service.get("DesiredCount", 1)
            target = {"MinCapacity": count, "MaxCapacity": count, "ResourceId": {"Fn::Sub": where}}
            template["Resources"][f"{name}Night"] = {"Type": TARGET, "Properties": target}
        target["ScheduledActions"] = [
            {"Schedule": f"cron(0 {hour} ? * MON-FRI *)", "ScalableTargetAction": {"MaxCapacity": most}}
            for hour, most in zip(OFFICE_HOURS, (1, 0), strict=True)
        ]


CHANGES: tuple[tuple[str, str, Callable[[Template], None]], ...] = (
    ("arm64", "images built for arm64 (hosts: t4g in place of t3)", _arm64),
    ("Spot", "public services that may be stopped at two minutes' notice", _spot),
    ("one NAT gateway", "a failing zone takes the other's way out with it", _one_nat),
    ("office hours", "`Environment.office_hours`: nothing runs outside Monday to Friday, 7 to 20", _office_hours),
)


def _commitment(files: Files, whole: Bill, table: PriceTable) -> Saving:
    """One year, no upfront, for what always runs: the low end, at both ends."""
    saved = 0.0
    missing = set()
    for line in whole.lines:
        if line.item.startswith("fargate-x86-"):
            item = line.item.replace("fargate-", "fargate-committed-")
        elif line.item.startswith(instance_key("t3.").removesuffix("-hour")):
            item = "ec2-t3-committed-share"
        else:
            continue
        price = table.find(files.region, item)
        if price is None or line.price is None:
            missing.add(item if price is None else line.item)
        else:
            committed = line.price.dollars * price.dollars if item.endswith("-share") else price.dollars
            saved += line.amount.low * (line.price.dollars - committed)
    amount = Range() if missing else Range(saved, saved)
    asks = "one year's commitment, no upfront, to what runs all the time"
    return Saving("savings plan", amount, asks, tuple(sorted(missing)))
