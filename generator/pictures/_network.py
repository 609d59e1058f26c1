"""The network of an environment: VPC, zones, ways out, and every rule of every security group.

In: templates. Out: zones and rules. Rules are read from the security groups and from the resources that add rules to them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from generator.pictures._scene import Rule, Subnet, Zone
from generator.pictures._templates import Resource, Templates, at, items

GROUP = "AWS::EC2::SecurityGroup"
RULES = ("AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress")
_PEERS = ("CidrIp", "CidrIpv6", "SourcePrefixListId", "DestinationPrefixListId")


def rules(templates: Templates) -> list[Rule]:
    """Every rule of every security group, in the order of the templates."""
    return list(_rules(templates))


def _rules(templates: Templates) -> Iterator[Rule]:
    for resource in templates.of(GROUP, *RULES):
        if resource.type == GROUP:
            for ingress, name in ((True, "SecurityGroupIngress"), (False, "SecurityGroupEgress")):
                for body in items(resource.get(name)):
                    yield _rule(templates, resource, resource.key, body, ingress=ingress)
        else:
            for group in templates.follow(resource.stack, resource.get("GroupId")):
                yield _rule(templates, resource, group, resource.get(), ingress=resource.type.endswith("Ingress"))


def _rule(templates: Templates, resource: Resource, group: str, body: Any, *, ingress: bool) -> Rule:
    side = "SourceSecurityGroupId" if ingress else "DestinationSecurityGroupId"
    peers = templates.follow(resource.stack, at(body, side))
    address = next((text for key in _PEERS if (text := templates.text(resource.stack, at(body, key)))), "?")
    return Rule(
        resource=resource.key,
        group=group,
        peer=peers[0] if peers else address,
        ingress=ingress,
        ports=_ports(templates, resource.stack, body),
        description=templates.text(resource.stack, at(body, "Description")),
    )


def _ports(templates: Templates, stack: str, body: Any) -> str:
    """`3001`, `8000-8010`, `53/udp` or `all`."""
    protocol = templates.text(stack, at(body, "IpProtocol"))
    first, last = (templates.number(stack, at(body, key)) for key in ("FromPort", "ToPort"))
    if protocol == "-1" or first is None:
        return "all" if protocol in ("-1", "") else protocol
    ports = f"{first}" if last in (None, first) else f"{first}-{last}"
    return ports if protocol in ("tcp", "6") else f"{ports}/{protocol}"


def zones(templates: Templates) -> list[Zone]:
    """The availability zones in which there are subnets, in their order."""
    network = _Network(templates)
    by_zone: dict[str, list[Resource]] = defaultdict(list)
    for subnet in templates.of("AWS::EC2::Subnet"):
        by_zone[_zone_name(templates, subnet)].append(subnet)
    names = list(by_zone)
    return [network.zone(name, by_zone[name], names) for name in names]


def _zone_name(templates: Templates, subnet: Resource) -> str:
    zone = subnet.get("AvailabilityZone")
    index = templates.number(subnet.stack, at(zone, "Fn::Select", 0))
    return templates.text(subnet.stack, zone) if index is None else f"Zone {index + 1}"


class _Network:
    """Which subnet routes where, read once."""

    def __init__(self, templates: Templates) -> None:
        self.templates = templates
        self.tables: dict[str, list[str]] = defaultdict(list)  # subnet: its associations and route tables
        for link in templates.of("AWS::EC2::SubnetRouteTableAssociation"):
            for subnet in templates.follow(link.stack, link.get("SubnetId")):
                self.tables[subnet] += [link.key, *templates.follow(link.stack, link.get("RouteTableId"))]
        self.routes = {
            route.key: templates.follow(route.stack, route.get("RouteTableId"))
            for route in templates.of("AWS::EC2::Route")
        }
        self.nat_zone = {  # NAT gateway: its subnets
            nat.key: templates.follow(nat.stack, nat.get("SubnetId")) for nat in templates.of("AWS::EC2::NatGateway")
        }
        self.mounts = [
            (target.key, subnet)
            for target in templates.of("AWS::EFS::MountTarget")
            for subnet in _selected(templates, target.stack, target.get("SubnetId"))
        ]

    def zone(self, name: str, subnets: list[Resource], names: list[str]) -> Zone:
        """One zone with its public and private subnets."""
        public = [subnet for subnet in subnets if self._leads_to(subnet.key, "GatewayId")]
        private = [subnet for subnet in subnets if subnet not in public]
        nats = [key for key, places in self.nat_zone.items() if any(s.key in places for s in subnets)]
        route = [key for subnet in private for key, _ in self._leads_to(subnet.key, "NatGatewayId")]
        gateways = [gateway for subnet in private for _, gateway in self._leads_to(subnet.key, "NatGatewayId")]
        outs = [self._zone_of(gateway) for gateway in gateways]
        return Zone(
            name=name,
            public=self._subnet(public, "NAT gateway" if nats else "", nats),
            private=self._subnet(private, "", []),
            way_out=next((names.index(zone) for zone in outs if zone in names), None),
            route=frozenset(route),
            mounts=frozenset(key for key, subnet in self.mounts if subnet in {s.key for s in subnets}),
        )

    def _subnet(self, subnets: list[Resource], holds: str, more: list[str]) -> Subnet | None:
        if not subnets:
            return None
        cidrs = [self.templates.text(subnet.stack, subnet.get("CidrBlock")) for subnet in subnets]
        return Subnet(", ".join(cidrs), holds, frozenset([*(subnet.key for subnet in subnets), *more]))

    def _leads_to(self, subnet: str, kind: str) -> list[tuple[str, str]]:
        """(route, gateway) for each route of the subnet's tables that leads to a gateway of this kind."""
        found = self.templates.resources
        return [
            (route, gateway)
            for route, tables in self.routes.items()
            if set(tables) & set(self.tables[subnet])
            for gateway in self.templates.follow(found[route].stack, found[route].get(kind))
        ]

    def _zone_of(self, gateway: str) -> str | None:
        for key in self.nat_zone.get(gateway, []):
            return _zone_name(self.templates, self.templates.resources[key])
        return None


def _selected(templates: Templates, stack: str, value: Any) -> list[str]:
    """The resource that `value` refers to; of a list, the one that Fn::Select takes."""
    position = templates.number(stack, at(value, "Fn::Select", 0)) or 0
    return templates.follow(stack, value)[position : position + 1]
