"""The boxes of a picture and the security groups behind each: what runs, what it calls, and who calls from outside.

In: templates, and which option the picture is about. Out: boxes, and the boxes of each security group. A group that this module
does not know becomes a box of its own, so that no rule is lost when templates grow.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from generator.pictures._compute import Workload, words, workloads
from generator.pictures._edge import Balancer, balancers, names
from generator.pictures._network import GROUP, RULES
from generator.pictures._scene import Box, Option, Place, Rule
from generator.pictures._templates import Templates

OTHER: dict[Option, Option] = {"fargate": "ec2", "ec2": "fargate"}
OPTION_NAMES: dict[Option, str] = {"fargate": "Fargate", "ec2": "EC2"}
_ASIDE: dict[Option, tuple[str, str]] = {"fargate": ("container", "Fargate tasks"), "ec2": ("host", "EC2 hosts")}
_INVISIBLE = ("AWS::SSM::Parameter", GROUP, *RULES)


@dataclass
class Boxes:
    """Boxes by key, and for each security group the keys of the boxes that have it."""

    all: dict[str, Box] = field(default_factory=dict)
    of_group: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    workloads: list[Workload] = field(default_factory=list)
    balancers: list[Balancer] = field(default_factory=list)

    def add(self, box: Box, groups: Iterable[str] = ()) -> None:
        """Take one box in; it stands for these groups."""
        self.all[box.key] = box
        for group in groups:
            self.of_group[group].append(box.key)


def boxes(templates: Templates, option: Option, rules: list[Rule], other_note: str) -> Boxes:
    """Every box inside the VPC. `other_note` is what to say of the option that the picture is not about."""
    found = Boxes(workloads=workloads(templates, option), balancers=balancers(templates))
    for balancer in found.balancers:
        if balancer.web_acl:
            found.add(balancer.web_acl)
        found.add(balancer.box, balancer.groups)
    entrances = {group for balancer in found.balancers for group in balancer.groups}
    called = {rule.group for rule in rules if rule.ingress and rule.peer in entrances}
    for workload in found.workloads:
        place = Place.FRONT if workload.groups & called else Place.BACK
        found.add(replace(workload.box, place=place), workload.groups)
    _add_stores(found, templates)
    _add_endpoints(found, templates)
    _add_other_option(found, templates, option, other_note)
    _add_unknown(found, templates, rules)
    for box in names(templates):
        found.add(box)
    return found


def _add_stores(found: Boxes, templates: Templates) -> None:
    targets = templates.of("AWS::EFS::MountTarget")
    for system in templates.of("AWS::EFS::FileSystem"):
        mounts = [t for t in targets if system.key in templates.follow(t.stack, t.get("FileSystemId"))]
        kept = system.body.get("DeletionPolicy") in ("Retain", "RetainExceptOnCreate")
        facts = (
            "encrypted" if system.get("Encrypted") is True else "",
            "retained" if kept else "",
            "daily backups" if system.get("BackupPolicy", "Status") == "ENABLED" else "",
        )
        lines = (", ".join(filter(None, facts[:2])), facts[2])
        groups = {group for t in mounts for group in templates.follow(t.stack, t.get("SecurityGroups"))}
        found.add(
            Box(
                key=system.key,
                icon="disk",
                name="EFS file system",
                place=Place.BACK_FOOT,
                lines=tuple(filter(None, lines)),
                resources=frozenset({system.key}),
            ),
            sorted(groups),
        )


def _add_endpoints(found: Boxes, templates: Templates) -> None:
    endpoints = templates.of("AWS::EC2::VPCEndpoint")
    if not endpoints:
        return
    gateways: list[str] = []
    interfaces: list[str] = []
    groups: set[str] = set()
    for endpoint in endpoints:
        kind = interfaces if endpoint.get("VpcEndpointType") == "Interface" else gateways
        kind.append(
            templates.text(endpoint.stack, endpoint.get("ServiceName")).split(">.")[-1].split("com.amazonaws.")[-1]
        )
        groups |= set(templates.follow(endpoint.stack, endpoint.get("SecurityGroupIds")))
    pairs = [", ".join(interfaces[i : i + 2]) for i in range(0, len(interfaces), 2)]
    lines = ([f"gateway: {', '.join(gateways)}"] if gateways else []) + pairs
    found.add(
        Box(
            key=endpoints[0].key,
            icon="plug",
            name="VPC endpoints",
            place=Place.ZONE,
            lines=tuple(lines),
            resources=frozenset(endpoint.key for endpoint in endpoints),
        ),
        sorted(groups),
    )


def _add_other_option(found: Boxes, templates: Templates, option: Option, note: str) -> None:
    other = OTHER[option]
    there = workloads(templates, other)
    groups = {group for workload in there for group in workload.groups if group not in found.of_group}
    if groups:
        icon, name = _ASIDE[other]
        found.add(
            Box(
                key=f"other/{other}",
                icon=icon,
                name=name,
                place=Place.FRONT_FOOT,
                lines=tuple(filter(None, ("other option", note))),
                resources=frozenset(key for workload in there for key in workload.box.resources),
                aside=True,
            ),
            sorted(groups),
        )


def _add_unknown(found: Boxes, templates: Templates, rules: list[Rule]) -> None:
    """A box for what uses a group that is none of the above, or for the group itself where a rule has to do with a box."""
    for group in templates.of(GROUP):
        if group.key in found.of_group:
            continue
        users = [
            resource
            for resource in templates.resources.values()
            if resource.type not in _INVISIBLE and group.key in templates.follow(resource.stack, resource.body)
        ]
        ends = {rule.peer for rule in rules if rule.group == group.key} | {
            r.group for r in rules if r.peer == group.key
        }
        if users or any(end in found.of_group for end in ends):
            user = users[0] if users else group
            kind = user.type.removeprefix("AWS::").replace("::", " ")
            found.add(
                Box(
                    key=user.key,
                    icon="box",
                    name=words(user.name.removesuffix("SecurityGroup")) or words(user.name),
                    place=Place.BACK_FOOT,
                    lines=(kind if users else templates.text(group.stack, group.get("GroupDescription")),),
                    resources=frozenset(resource.key for resource in users),
                    aside=not users,
                ),
                [group.key],
            )
