"""A private service has no public address."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._network import of_chroma
from generator.rules._rule import Finding, Rule
from generator.rules._tasks import services
from generator.rules._template import Document, Node


class PublicIp(Rule):
    """A public address in a private subnet is paid for and leads nowhere; on a database it leads to the data."""

    id = "W9307"
    shortdesc = "A service in private subnets has no public address"
    description = (
        "AssignPublicIp ENABLED on a service in subnets that are private (they route to a NAT gateway or to "
        "nothing, or are called private), or on a service that runs ChromaDB."
    )
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-networking.html"
    subjects = ("resources", "ecs", "security")

    bad = """
        Parameters:
          PrivateSubnets: {Type: "List<AWS::EC2::Subnet::Id>"}
        Resources:
          Service:
            Type: AWS::ECS::Service
            Properties:
              NetworkConfiguration:
                AwsvpcConfiguration:
                  AssignPublicIp: ENABLED  # W9307
                  Subnets: !Ref PrivateSubnets
        """
    good = """
        Parameters:
          PrivateSubnets: {Type: "List<AWS::EC2::Subnet::Id>"}
        Resources:
          Service:
            Type: AWS::ECS::Service
            Properties:
              NetworkConfiguration: {AwsvpcConfiguration: {AssignPublicIp: DISABLED, Subnets: !Ref PrivateSubnets}}
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Services with both."""
        for service in services(document):
            for network in service.each("Properties", "NetworkConfiguration", "AwsvpcConfiguration"):
                for public in network.each("AssignPublicIp"):
                    if public.string != "ENABLED":
                        continue
                    here = network.under(public)
                    subnets = list(here.each("Subnets", "*")) or list(here.each("Subnets"))
                    groups = [node.target for node in here.each("SecurityGroups", "*")]
                    if any(of_chroma(document, group) for group in groups):
                        why = "runs ChromaDB"
                    elif subnets and all(self._private(document, node) for node in subnets):
                        why = "stands in private subnets, where the address leads nowhere"
                    else:
                        continue
                    yield public, f"{service.resource}: AssignPublicIp is ENABLED but the service {why}; write DISABLED"

    def _private(self, document: Document, subnet: Node) -> bool:
        if subnet.target is None:
            return "private" in subnet.text.lower() and "public" not in subnet.text.lower()
        for link in document.resources("AWS::EC2::SubnetRouteTableAssociation"):
            if any(node.target == subnet.target for node in link.each("Properties", "SubnetId")):
                tables = {node.target for node in link.each("Properties", "RouteTableId")}
                return None not in tables and not self._leads_out(document, tables)
        return False

    def _leads_out(self, document: Document, tables: set[str | None]) -> bool:
        return any(
            route.first("Properties", "GatewayId") is not None
            for route in document.resources("AWS::EC2::Route")
            for table in route.each("Properties", "RouteTableId")
            if table.target in tables or table.target is None
        )
