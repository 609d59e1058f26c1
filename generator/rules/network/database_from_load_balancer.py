"""A load balancer talks to no database."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._network import DATABASE_PORTS, for_chroma, ingress, of_load_balancer
from generator.rules._rule import Finding, Rule
from generator.rules._template import Document


class DatabaseFromLoadBalancer(Rule):
    """What the world reaches does not reach the data."""

    id = "E9304"
    shortdesc = "No database port is open to a load balancer's group"
    description = (
        "A rule that lets a load balancer's group reach a database's port, or port 8000 of ChromaDB's group: one "
        "listener rule away from the internet. ChromaDB has no authentication since 1.0."
    )
    source_url = "https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html"
    subjects = ("resources", "ec2", "security", "state")

    bad = """
        Resources:
          AlbGroup: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: load balancer}}
          ChromaGroup:
            Type: AWS::EC2::SecurityGroup
            Properties:
              GroupDescription: vectors
              SecurityGroupIngress:
              - IpProtocol: tcp
                FromPort: 8000
                ToPort: 8000
                SourceSecurityGroupId: !Ref AlbGroup  # E9304
        """
    good = """
        Resources:
          BackendGroup: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: backend}}
          ChromaGroup:
            Type: AWS::EC2::SecurityGroup
            Properties:
              GroupDescription: vectors
              SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 8000, ToPort: 8000, SourceSecurityGroupId: !Ref BackendGroup}]
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Single database ports whose source is a load balancer's group."""
        for rule in ingress(document):
            name = DATABASE_PORTS.get(rule.low) if rule.low == rule.high else None
            if for_chroma(document, rule) and rule.low <= 8000 <= rule.high:
                name = "ChromaDB"
            for source in rule.sources if name else ():
                if of_load_balancer(document, source.target):
                    yield (
                        source,
                        f"{rule.node.resource}: {rule.ports} ({name}) of "
                        f"{rule.group or rule.node.resource} is open to the load balancer's "
                        f"group {source.target}; let in the group of the service that uses it",
                    )
