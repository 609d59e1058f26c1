"""Databases and administration are not open to the world."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._network import (
    ADMINISTRATION_PORTS,
    CHROMA_PORT,
    DATABASE_PORTS,
    for_chroma,
    ingress,
    only_of_load_balancers,
)
from generator.rules._rule import Finding, Rule
from generator.rules._template import Document


class OpenServicePort(Rule):
    """SSH, remote desktop, the Docker API and databases are found by scanners within minutes."""

    id = "E9302"
    shortdesc = "No port of a database or of administration is open to the world"
    description = (
        "SSH, RDP, the Docker API, a database, ChromaDB (which has no authentication since 1.0) or every port open "
        "to 0.0.0.0/0 or ::/0."
    )
    source_url = "https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-19"
    subjects = ("resources", "ec2", "security")

    bad = """
        Parameters:
          SshFrom: {Type: String, Default: 0.0.0.0/0}
        Resources:
          HostGroup:
            Type: AWS::EC2::SecurityGroup
            Properties:
              GroupDescription: host
              SecurityGroupIngress:
              - IpProtocol: tcp
                FromPort: 22
                ToPort: 22
                CidrIp: !Ref SshFrom  # E9302
        """
    good = """
        Parameters:
          SshFrom: {Type: String}
        Resources:
          HostGroup:
            Type: AWS::EC2::SecurityGroup
            Properties:
              GroupDescription: host
              SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: !Ref SshFrom}]
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Ingress from everywhere to such a port."""
        for rule in ingress(document):
            if rule.protocol in {"icmp", "icmpv6", "1", "58", "udp", "17"} or only_of_load_balancers(
                document, rule.group
            ):
                continue  # a load balancer answers only where it listens; its other ports are W9301's
            named = ADMINISTRATION_PORTS | DATABASE_PORTS | (CHROMA_PORT if for_chroma(document, rule) else {})
            hit = [f"{name} ({port})" for port, name in named.items() if rule.low <= port <= rule.high]
            if hit:
                for source in rule.world:
                    what = f"{', '.join(hit[:3])}{' and more' if len(hit) > 3 else ''}"
                    yield (
                        source,
                        f"{rule.node.resource}: {rule.ports} of "
                        f"{rule.group or rule.node.resource} is open to {source.text}, that is {what}; "
                        "name the addresses or the security group that need it",
                    )
