"""The world reaches a load balancer on 80 and 443, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from generator.rules._network import ADMINISTRATION_PORTS, DATABASE_PORTS, Ingress, ingress, of_load_balancer, users
from generator.rules._rule import Finding, Rule
from generator.rules._template import Document

_WEB = frozenset({80, 443})
# Servers of these are meant for the world: VPN (IKE, OpenVPN, WireGuard), mail, DNS.
_PUBLIC_PROTOCOLS = frozenset({("udp", 500), ("udp", 4500), ("udp", 1194), ("udp", 51820), ("tcp", 1194), ("tcp", 25), ("tcp", 465),
                               ("tcp", 587), ("tcp", 993), ("tcp", 53), ("udp", 53), ("udp", 443)})


class OpenPort(Rule):
    """A container's own port is not for the world."""

    id = "W9301"
    shortdesc = "No port but 80 and 443 is open to the world"
    description = (
        "A port open to 0.0.0.0/0 or ::/0 that is neither 80 nor 443. Servers of VPN, mail and DNS are left alone, and so are ports a listener "
        "of the template's own load balancers in that group takes. Ports of databases and of administration are E9302."
    )
    source_url = "https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html"
    tags: ClassVar[list[str]] = ["resources", "ec2", "security"]

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
            Properties: {GroupId: !Ref BackendGroup, IpProtocol: tcp, FromPort: 3001, ToPort: 3001, SourceSecurityGroupId: !Ref BalancerGroup}
          BalancerGroup:
            Type: AWS::EC2::SecurityGroup
            Properties:
              GroupDescription: load balancer
              SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0}]
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Ingress from everywhere to other ports."""
        for rule in ingress(document):
            if self._harmless(rule) or self._listened(document, rule):
                continue
            for source in rule.world:
                owner = rule.group or rule.node.resource
                kind = "the load balancer's group " if of_load_balancer(document, rule.group) else ""
                yield source, (f"{rule.node.resource}: {rule.ports} ({rule.protocol}) of {kind}{owner} is open to {source.text}; "
                               "open only 80 and 443 of a load balancer, and this port to the group that needs it")

    def _harmless(self, rule: Ingress) -> bool:
        if rule.protocol in {"icmp", "icmpv6", "1", "58"}:
            return True
        sensitive = ADMINISTRATION_PORTS.keys() | DATABASE_PORTS.keys()
        if any(rule.low <= port <= rule.high for port in sensitive):
            return True  # E9302's
        return rule.low == rule.high and (rule.low in _WEB or (rule.protocol, rule.low) in _PUBLIC_PROTOCOLS)

    def _listened(self, document: Document, rule: Ingress) -> bool:
        """Whether a load balancer in this group listens there: then somebody meant it."""
        wearers = users(document).get(rule.group or "", set())
        for listener in document.resources("AWS::ElasticLoadBalancingV2::Listener"):
            if any(node.target in wearers for node in listener.each("Properties", "LoadBalancerArn")):
                for port in listener.each("Properties", "Port"):
                    if port.number is None or rule.low <= port.number <= rule.high:
                        return True
        for classic in document.resources("AWS::ElasticLoadBalancing::LoadBalancer"):
            if classic.resource in wearers:
                for port in classic.each("Properties", "Listeners", "*", "LoadBalancerPort"):
                    if port.number is None or rule.low <= port.number <= rule.high:
                        return True
        return False
