"""A target group is behind a listener before its service is made."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._rule import Finding, Rule
from generator.rules._tasks import services
from generator.rules._template import Document, Node

_LISTENERS = {
    "AWS::ElasticLoadBalancingV2::Listener": "DefaultActions",
    "AWS::ElasticLoadBalancingV2::ListenerRule": "Actions",
}


class ListenerBeforeService(Rule):
    """CloudFormation cannot see this order by itself."""

    id = "E9117"
    shortdesc = "A service depends on the listener of its target group"
    description = (
        "ECS refuses a service whose target group has no load balancer yet. Nothing in the service refers to the "
        "listener or rule that attaches it, so DependsOn must say so."
    )
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-ecs-service.html"
    subjects = ("resources", "ecs", "elasticloadbalancing")

    bad = """
        Resources:
          Group: {Type: AWS::ElasticLoadBalancingV2::TargetGroup}
          Rule:
            Type: AWS::ElasticLoadBalancingV2::ListenerRule
            Properties: {Actions: [{Type: forward, TargetGroupArn: !Ref Group}]}
          Service:
            Type: AWS::ECS::Service
            Properties:
              LoadBalancers:
              - TargetGroupArn: !Ref Group  # E9117
        """
    good = """
        Resources:
          Group: {Type: AWS::ElasticLoadBalancingV2::TargetGroup}
          Rule:
            Type: AWS::ElasticLoadBalancingV2::ListenerRule
            Properties: {Actions: [{Type: forward, TargetGroupArn: !Ref Group}]}
          Service:
            Type: AWS::ECS::Service
            DependsOn: Rule
            Properties:
              LoadBalancers: [{TargetGroupArn: !Ref Group}]
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Services that may be made before every listener of their target group."""
        attached: dict[str, set[str]] = {}
        for kind, key in _LISTENERS.items():
            for listener in document.resources(kind):
                for group in self._groups(listener, key):
                    attached.setdefault(group, set()).add(listener.resource)
        for service in services(document):
            for reference in service.each("Properties", "LoadBalancers", "*", "TargetGroupArn"):
                listeners = attached.get(reference.target or "", set())
                if listeners and not listeners & document.needs(service.resource):
                    yield (
                        reference,
                        f"{service.resource}: target group {reference.target} gets its load balancer from "
                        f"{' or '.join(sorted(listeners))}, which may come later; add DependsOn: {min(listeners)}",
                    )

    def _groups(self, listener: Node, key: str) -> Iterator[str]:
        for keys in (("TargetGroupArn",), ("ForwardConfig", "TargetGroups", "*", "TargetGroupArn")):
            for node in listener.each("Properties", key, "*", *keys):
                if node.target:
                    yield node.target
