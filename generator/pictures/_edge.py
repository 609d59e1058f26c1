"""Where requests come in: load balancers, their web ACL, names, and which requests reach which target group.

In: templates. Out: boxes and routes. Knows nothing of what runs behind a target group.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from generator.pictures._scene import Box, Place
from generator.pictures._templates import Resource, Templates, at, items

_BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
_LISTENER = "AWS::ElasticLoadBalancingV2::Listener"


@dataclass(frozen=True)
class Balancer:
    """A load balancer, the web ACL in front of it, and the keys of its security groups."""

    box: Box
    web_acl: Box | None
    groups: frozenset[str]

    @property
    def entrance(self) -> str:
        """Key of the box that a request meets first."""
        return (self.web_acl or self.box).key


@dataclass(frozen=True)
class Route:
    """Requests for `hosts` go to a target group and the port of its targets, by `weight`."""

    hosts: tuple[str, ...]
    target_group: str
    port: str
    weight: int | None


def balancers(templates: Templates) -> list[Balancer]:
    """Every load balancer of the environment."""
    return [_balancer(templates, resource) for resource in templates.of(_BALANCER)]


def _balancer(templates: Templates, resource: Resource) -> Balancer:
    listeners = [
        listener
        for listener in templates.of(_LISTENER)
        if resource.key in templates.follow(listener.stack, listener.get("LoadBalancerArn"))
    ]
    listeners.sort(key=lambda listener: -(templates.number(listener.stack, listener.get("Port")) or 0))
    internal = resource.get("Scheme") == "internal"
    box = Box(
        key=resource.key,
        icon="balancer",
        name="Load balancer",
        place=Place.EDGE,
        lines=(*(["internal"] if internal else []), *(_listener(templates, listener) for listener in listeners)),
        resources=frozenset({resource.key}),
    )
    groups = frozenset(templates.follow(resource.stack, resource.get("SecurityGroups")))
    return Balancer(box, _web_acl(templates, resource), groups)


def _listener(templates: Templates, listener: Resource) -> str:
    port = templates.text(listener.stack, listener.get("Port"))
    to = listener.get("DefaultActions", 0, "RedirectConfig", "Port")
    if to:
        return f"{port} redirects to {templates.text(listener.stack, to)}"
    return f"{port} {templates.text(listener.stack, listener.get('Protocol'))}"


def _web_acl(templates: Templates, balancer: Resource) -> Box | None:
    for link in templates.of("AWS::WAFv2::WebACLAssociation"):
        if balancer.key in templates.follow(link.stack, link.get("ResourceArn")):
            acls = templates.follow(link.stack, link.get("WebACLArn"))
            rules = items(templates.resources[acls[0]].get("Rules")) if acls else []
            return Box(
                key=link.key,
                icon="shield",
                name="WAF web ACL",
                place=Place.EDGE,
                lines=(f"{len(rules)} rule{'' if len(rules) == 1 else 's'}",) if rules else (),
                resources=frozenset({link.key, *acls}),
            )
    return None


def routes(templates: Templates) -> list[Route]:
    """What listener rules and listeners forward, in the order of the templates."""
    found = []
    for resource in templates.of(_LISTENER, f"{_LISTENER}Rule"):
        actions = resource.get("Actions") or resource.get("DefaultActions")
        hosts = tuple(_conditions(templates, resource))
        for action in items(actions):
            for group, weight in _forwarded(templates, resource.stack, action):
                target = templates.resources[group]
                found.append(Route(hosts, group, templates.text(target.stack, target.get("Port")), weight))
    return found


def _conditions(templates: Templates, rule: Resource) -> Iterator[str]:
    for condition in items(rule.get("Conditions")):
        for config in ("HostHeaderConfig", "PathPatternConfig"):
            for value in [*items(at(condition, config, "Values"))]:
                yield templates.text(rule.stack, value)


def _forwarded(templates: Templates, stack: str, action: Any) -> Iterator[tuple[str, int | None]]:
    for target in [action, *items(at(action, "ForwardConfig", "TargetGroups"))]:
        for group in templates.follow(stack, at(target, "TargetGroupArn")):
            yield group, templates.number(stack, at(target, "Weight"))


def names(templates: Templates) -> Iterator[Box]:
    """The public DNS names of the environment, and the private ones."""
    for place, name, kind in (
        (Place.OUTSIDE, "Route 53", "AWS::Route53::RecordSet"),
        (Place.ZONE, "Private DNS", "AWS::ServiceDiscovery::PrivateDnsNamespace"),
    ):
        records = templates.of(kind)
        if records:
            found = {templates.text(record.stack, record.get("Name")).rstrip(".") for record in records}
            yield Box(
                key=f"names/{name}",
                icon="globe",
                name=name,
                place=place,
                lines=tuple(sorted(found, key=_by_domain)),
                resources=frozenset(record.key for record in records),
            )


def _by_domain(name: str) -> tuple[int, str]:
    return name.count("."), name
