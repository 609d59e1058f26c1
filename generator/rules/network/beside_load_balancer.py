"""Nobody walks around the load balancer."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._network import ingress, of_load_balancer
from generator.rules._rule import Finding, Rule
from generator.rules._tasks import services
from generator.rules._template import Document, Node


class BesideLoadBalancer(Rule):
    """A service behind a load balancer takes traffic from it alone."""

    id = "W9303"
    shortdesc = "A service behind a load balancer is not open to the world"
    description = (
        "A service whose target group speaks HTTP, in a group that lets the world in on 80 or 443, can be reached "
        "past the load balancer: past TLS, WAF, authentication and access logs."
    )
    source_url = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-register-targets.html#target-security-groups"
    subjects = ("resources", "ec2", "ecs", "security")

    bad = """
        Resources:
          Target: {Type: AWS::ElasticLoadBalancingV2::TargetGroup, Properties: {Protocol: HTTP, Port: 80, TargetType: ip}}
          TaskGroup:
            Type: AWS::EC2::SecurityGroup
            Properties:
              GroupDescription: tasks
              SecurityGroupIngress:
              - IpProtocol: tcp
                FromPort: 80
                ToPort: 80
                CidrIp: 0.0.0.0/0  # W9303
          Service:
            Type: AWS::ECS::Service
            Properties:
              LoadBalancers: [{TargetGroupArn: !Ref Target}]
              NetworkConfiguration: {AwsvpcConfiguration: {SecurityGroups: [!Ref TaskGroup]}}
        """
    good = """
        Resources:
          Target: {Type: AWS::ElasticLoadBalancingV2::TargetGroup, Properties: {Protocol: HTTP, Port: 80, TargetType: ip}}
          TaskGroup:
            Type: AWS::EC2::SecurityGroup
            Properties:
              GroupDescription: tasks
              SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 80, ToPort: 80, SourceSecurityGroupId: sg-12345678}]
          Service:
            Type: AWS::ECS::Service
            Properties:
              LoadBalancers: [{TargetGroupArn: !Ref Target}]
              NetworkConfiguration: {AwsvpcConfiguration: {SecurityGroups: [!Ref TaskGroup]}}
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """World-open web ports of such services' groups; other ports are W9301's and E9302's."""
        behind: dict[str, str] = {}
        for service in services(document):
            if any(self._http(node) for node in service.each("Properties", "LoadBalancers", "*", "TargetGroupArn")):
                for group in service.each(
                    "Properties", "NetworkConfiguration", "AwsvpcConfiguration", "SecurityGroups", "*"
                ):
                    if group.target:
                        behind.setdefault(group.target, service.resource)
        for rule in ingress(document):
            if (
                rule.group in behind
                and rule.low == rule.high
                and rule.low in {80, 443}
                and not of_load_balancer(document, rule.group)
            ):
                for source in rule.world:
                    yield (
                        source,
                        f"{rule.node.resource}: {rule.ports} of {rule.group} is open to "
                        f"{source.text}, so {behind[rule.group or '']} is "
                        "reached past its load balancer; let in the load balancer's group only",
                    )

    def _http(self, reference: Node) -> bool:
        group = reference.follow("AWS::ElasticLoadBalancingV2::TargetGroup")
        return group is not None and any(
            node.string in {"HTTP", "HTTPS"} for node in group.each("Properties", "Protocol")
        )
