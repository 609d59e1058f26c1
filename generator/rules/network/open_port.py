"""The world reaches a load balancer on 80 and 443, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._hosts import CONFIGURATION, GROUP, INSTANCE, TEMPLATE, launched_by
from generator.rules._network import (
    ADMINISTRATION_PORTS,
    CHROMA_PORT,
    DATABASE_PORTS,
    Ingress,
    for_chroma,
    ingress,
    internal,
    only_of_load_balancers,
    users,
)
from generator.rules._rule import Finding, Rule
from generator.rules._template import Document

_MEANT = frozenset({53, 80, 443})  # DNS resolvers in a VPC are asked by all of it


class OpenPort(Rule):
    """A container's own port is not for the world."""

    id = "W9301"
    shortdesc = "No port but 80 and 443 is open to the world"
    description = (
        "A TCP port other than 80 and 443 open to 0.0.0.0/0 or ::/0: the port of a container, or of a load balancer "
        "that does not listen there. Silent for groups worn only by servers that stand alone (a VPN, a mail host): "
        "whether the world is meant to ask them the template does not tell. Ports of databases and of "
        "administration are E9302."
    )
    source_url = "https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html"
    subjects = ("resources", "ec2", "security")

    bad = """
        Resources:
          BackendGroup:
            Type: AWS::EC2::SecurityGroup
            Properties:
              GroupDescription: backend
              SecurityGroupIngress:
              - IpProtocol: tcp
                FromPort: 3001
                ToPort: 3001
                CidrIp: 0.0.0.0/0  # W9301
        """
    good = """
        Resources:
          BackendGroup: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: backend}}
          BackendFromBalancer:
            Type: AWS::EC2::SecurityGroupIngress
            Properties: {GroupId: !Ref BackendGroup, IpProtocol: tcp, FromPort: 3001, ToPort: 3001,
                SourceSecurityGroupId: !Ref BalancerGroup}
          BalancerGroup:
            Type: AWS::EC2::SecurityGroup
            Properties:
              GroupDescription: load balancer
              SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0}]
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Ingress from everywhere to other ports."""
        for rule in ingress(document):
            balancer = only_of_load_balancers(document, rule.group)
            if self._harmless(rule) or self._listened(document, rule):
                continue
            if self._lone(document, rule.group) or (not balancer and self._of_others(document, rule)):
                continue
            for source in rule.world:
                kind = "the load balancer's group " if balancer else ""
                yield (
                    source,
                    f"{rule.node.resource}: {rule.ports} ({rule.protocol}) of "
                    f"{kind}{rule.group or rule.node.resource} is open to {source.text}; "
                    "open only 80 and 443 of a load balancer, and this port to the group that needs it",
                )

    def _harmless(self, rule: Ingress) -> bool:
        return rule.protocol not in {"tcp", "6", "-1"} or (rule.low == rule.high and rule.low in _MEANT)

    def _of_others(self, document: Document, rule: Ingress) -> bool:
        """Whether the port is E9302's."""
        named = ADMINISTRATION_PORTS | DATABASE_PORTS | (CHROMA_PORT if for_chroma(document, rule) else {})
        return any(rule.low <= port <= rule.high for port in named)

    def _lone(self, document: Document, group: str | None) -> bool:
        """Whether a group is worn only by lone servers, which the world may be meant to ask, or by internal load balancers."""
        wearers = users(document).get(group or "", set())
        if not wearers:
            return "nlb" in (group or "").lower()  # a network load balancer may listen on any port
        return all(self._stands_alone(document, name) for name in wearers)

    def _stands_alone(self, document: Document, name: str) -> bool:
        if document.type_of(name) in {INSTANCE, "AWS::EC2::NetworkInterface"} or internal(document, name):
            return True
        if document.type_of(name) not in {TEMPLATE, CONFIGURATION}:
            return False
        groups = [
            group
            for group in document.resources(GROUP)
            if any(settings.resource == name for settings in launched_by(group))
        ]
        return bool(groups) and not any(
            group.first("Properties", key) for group in groups for key in ("TargetGroupARNs", "LoadBalancerNames")
        )

    def _listened(self, document: Document, rule: Ingress) -> bool:
        """Whether the load balancers in this group listen on just these ports: then somebody meant it."""
        wearers = users(document).get(rule.group or "", set())
        ports = [
            port
            for listener in document.resources("AWS::ElasticLoadBalancingV2::Listener")
            if any(node.target in wearers for node in listener.each("Properties", "LoadBalancerArn"))
            for port in listener.each("Properties", "Port")
        ]
        ports += [
            port
            for classic in document.resources("AWS::ElasticLoadBalancing::LoadBalancer")
            if classic.resource in wearers
            for port in classic.each("Properties", "Listeners", "*", "LoadBalancerPort")
        ]
        heard = {port.number for port in ports}
        few = rule.high - rule.low < 8
        return bool(ports) and few and (None in heard or all(port in heard for port in range(rule.low, rule.high + 1)))
