"""From templates to a scene: boxes, and an arrow for every rule of a security group.

In: the templates of one environment, and which option the picture is about. Out: a `Scene`. Knows nothing of places and colours.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from generator.pictures._around import tiles
from generator.pictures._boxes import OPTION_NAMES, OTHER, Boxes, boxes
from generator.pictures._compute import workloads
from generator.pictures._edge import Route, routes
from generator.pictures._network import rules as all_rules
from generator.pictures._network import zones
from generator.pictures._scene import INTERNET, Arrow, Box, Option, Place, Rule, Scene
from generator.pictures._templates import Templates, at

_EVERYONE = ("0.0.0.0/0", "::/0")
_NOBODY = ("127.0.0.1/32", "::1/128")


def read(by_stack: Mapping[str, Mapping[str, Any]], option: Option) -> Scene:
    """The scene of one environment and option."""
    templates = Templates(by_stack)
    rules = all_rules(templates)
    ways = routes(templates)
    shares = {o: share(templates, o, ways) for o in OTHER}
    other = OTHER[option]
    note = "" if shares[other] is None else f"{shares[other]} % of requests"
    found = boxes(templates, option, rules, note)
    vpcs = templates.of("AWS::EC2::VPC")
    cidr = templates.text(vpcs[0].stack, vpcs[0].get("CidrBlock")) if vpcs else ""
    arrows, ways_out = _Arrows(found, ways, cidr).read(rules)
    environment = _environment(by_stack)
    clusters = templates.of("AWS::ECS::Cluster") if option == "fargate" else []
    return Scene(
        environment=environment,
        option=option,
        title=f"{environment[:1].upper()}{environment[1:]} on {OPTION_NAMES[option]}".strip(),
        subtitle=_subtitle(option, shares[option]),
        vpc=f"VPC {cidr}".strip(),
        vpc_resources=frozenset(vpc.key for vpc in vpcs),
        cluster=f"ECS cluster {templates.text(clusters[0].stack, clusters[0].get('ClusterName'))}" if clusters else "",
        cluster_resources=frozenset(cluster.key for cluster in clusters),
        boxes=tuple(found.all.values()),
        arrows=tuple(arrows),
        rules=tuple(rules),
        zones=tuple(zones(templates)),
        tiles=tuple(tiles(templates)),
        ways_out=frozenset(ways_out),
    )


def share(templates: Templates, option: Option, ways: list[Route]) -> int | None:
    """Percent of the requests that an option gets with the parameters' defaults; None where no weights say it."""
    mine = {group for workload in workloads(templates, option) for group in workload.target_groups}
    total = sum(way.weight for way in ways if way.weight is not None)
    return round(100 * sum(way.weight or 0 for way in ways if way.target_group in mine) / total) if total else None


def _environment(by_stack: Mapping[str, Mapping[str, Any]]) -> str:
    named = (at(dict(template), "Metadata", "Aldeia", "Environment") for template in by_stack.values())
    return str(next((name for name in named if name), ""))


def _subtitle(option: Option, percent: int | None) -> str:
    other = OPTION_NAMES[OTHER[option]]
    if percent is None:
        return ""
    if percent == 100:
        return f"Gets all requests; {other} stands ready behind the same load balancer."
    if percent == 0:
        return f"Stands ready behind the same load balancer; all requests go to {other}."
    return f"Gets {percent} % of requests; {other} gets the others."


class _Arrows:
    """One arrow for each pair of boxes between which a rule lets something pass."""

    def __init__(self, found: Boxes, ways: list[Route], cidr: str) -> None:
        self.found = found
        self.cidr = cidr
        self.ways = ways
        self.pairs: dict[tuple[str, str], list[Rule]] = {}
        self.ways_out: set[str] = set()
        self.entrances = {balancer.box.key: balancer.entrance for balancer in found.balancers}

    def read(self, rules: list[Rule]) -> tuple[list[Arrow], set[str]]:
        """The arrows, and the resources whose rules let something out of the VPC."""
        for rule in sorted(rules, key=lambda rule: not rule.ingress):
            (self._in if rule.ingress else self._out)(rule)
        arrows = [self._arrow(source, target, held) for (source, target), held in self.pairs.items()]
        # What passes inside of the other option is in the picture of that option.
        return [arrow for arrow in arrows if not (arrow.aside and arrow.source == arrow.target)], self.ways_out

    def _in(self, rule: Rule) -> None:
        targets = self.found.of_group.get(rule.group, [])
        for target in targets:
            for source in self._callers(rule.peer, beside=target):
                self._join(source, self._inner(target, rule.ports), rule)

    def _out(self, rule: Rule) -> None:
        """The outgoing half: it belongs to the arrows that leave here by that port, or to the way out of the VPC."""
        if rule.peer in _NOBODY:
            return
        mine = self.found.of_group.get(rule.group, [])
        inside = rule.peer in self.found.of_group or self._within(rule.peer)
        if not inside:
            self.ways_out.add(rule.resource)
            return
        for pair, held in self.pairs.items():
            if pair[0] in mine and any(other.ingress and rule.ports in (other.ports, "all") for other in held):
                held.append(rule)

    def _callers(self, peer: str, beside: str) -> list[str]:
        """The boxes that `peer` stands for; an address range becomes one outside, or inside of the VPC."""
        if peer in self.found.of_group:
            boxes = self.found.of_group[peer]
            return [box for box in boxes if box != beside] or boxes
        if peer in _EVERYONE:
            return [self._outsider(INTERNET, "globe", "Internet", Place.OUTSIDE)]
        if self._within(peer):
            return [self._outsider(f"address/{peer}", "box", "Any address of", Place.FRONT_FOOT, peer)]
        if "/" in peer and peer.count("/") == 1 and not self._address(peer):
            return []  # a group without a box
        return [self._outsider(f"address/{peer}", "globe", peer, Place.OUTSIDE)]

    def _outsider(self, key: str, icon: str, name: str, place: Place, line: str = "") -> str:
        if key not in self.found.all:
            self.found.add(Box(key=key, icon=icon, name=name, place=place, lines=(line,) if line else ()))
        return key

    def _address(self, peer: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
        try:
            return ipaddress.ip_network(peer, strict=False)
        except ValueError:
            return None

    def _within(self, peer: str) -> bool:
        network, vpc = self._address(peer), self._address(self.cidr)
        return (
            isinstance(network, ipaddress.IPv4Network)
            and isinstance(vpc, ipaddress.IPv4Network)
            and network.subnet_of(vpc)
        )

    def _inner(self, target: str, ports: str) -> str:
        """The container of a host that listens on `ports`, else the host; what stands in front of a load balancer."""
        for box in self.found.all[target].inner:
            if ports in box.port.split(", "):
                return box.key
        return target

    def _join(self, source: str, target: str, rule: Rule) -> None:
        outside = source == INTERNET or source.startswith("address/")
        held = self.pairs.setdefault((source, self.entrances.get(target, target) if outside else target), [])
        if rule not in held:
            held.append(rule)

    def _arrow(self, source: str, target: str, held: list[Rule]) -> Arrow:
        ports = dict.fromkeys(rule.ports for rule in held if rule.ingress)
        aside = any(box.aside for end in (source, target) for box in [self.found.all.get(end)] if box)
        return Arrow(
            source=source,
            target=target,
            ports=tuple(ports),
            rules=tuple(held),
            host_names=() if aside else self._host_names(source, target),
            aside=aside,
        )

    def _host_names(self, source: str, target: str) -> tuple[str, ...]:
        """The names whose requests a load balancer forwards along this arrow."""
        if source not in self.entrances:
            return ()
        hosts: dict[str, None] = {}
        for workload in self.found.workloads:
            box = next((box for box in workload.box.each() if box.key == target), None)
            for way in self.ways:
                reached = way.target_group in workload.target_groups
                if box and reached and (box == workload.box or way.port in box.port.split(", ")):
                    hosts |= dict.fromkeys(way.hosts)
        return tuple(sorted(hosts))
