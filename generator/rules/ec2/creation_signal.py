"""Whoever is waited for sends a signal."""

from __future__ import annotations

import json
from collections.abc import Iterator

from generator.rules._hosts import GROUP, INSTANCE, launched_by, user_data
from generator.rules._rule import Finding, Rule
from generator.rules._template import Document, Node

# Scripts fetched from elsewhere may signal; so may what cfn-init runs.
_MAY_SIGNAL = (
    "signal",
    "curl",
    "wget",
    "s3 cp",
    "s3 sync",
    "s3api",
    "git clone",
    "#include",
    "cfn-init",
    "ansible",
    "puppet",
    "chef",
    "invoke-",
    "start-",
    "ssm",
)


class CreationSignal(Rule):
    """A stack that waits for nobody fails by time-out."""

    id = "E9505"
    shortdesc = "User data signals where a creation or update policy waits"
    description = (
        "ResourceSignal and WaitOnResourceSignals wait for `cfn-signal` (or `aws cloudformation signal-resource`); "
        "without it in the user data the stack waits until the time-out and rolls back. Silent when the user data "
        "runs a script from elsewhere."
    )
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-creationpolicy.html"
    subjects = ("resources", "ec2", "autoscaling")

    bad = """
        Resources:
          Template:
            Type: AWS::EC2::LaunchTemplate
            Properties:
              LaunchTemplateData:
                MetadataOptions: {HttpTokens: required}
                UserData: {"Fn::Base64": "#!/bin/bash\\nsystemctl start docker\\n"}
          Hosts:
            Type: AWS::AutoScaling::AutoScalingGroup
            CreationPolicy:
              ResourceSignal: {Count: 1, Timeout: PT15M}  # E9505
            Properties:
              LaunchTemplate: {LaunchTemplateId: !Ref Template, Version: "1"}
              Tags: [{Key: Name, Value: host, PropagateAtLaunch: true}]
        """
    good = """
        Resources:
          Template:
            Type: AWS::EC2::LaunchTemplate
            Properties:
              LaunchTemplateData:
                MetadataOptions: {HttpTokens: required}
                UserData:
                  Fn::Base64: !Sub |
                    #!/bin/bash
                    systemctl start docker
                    cfn-signal -e $? --stack ${AWS::StackName} --resource Hosts --region ${AWS::Region}
          Hosts:
            Type: AWS::AutoScaling::AutoScalingGroup
            CreationPolicy: {ResourceSignal: {Count: 1, Timeout: PT15M}}
            Properties:
              LaunchTemplate: {LaunchTemplateId: !Ref Template, Version: "1"}
              Tags: [{Key: Name, Value: host, PropagateAtLaunch: true}]
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Waiting resources whose user data surely signals nothing."""
        for resource in document.resources(GROUP, INSTANCE):
            waits = [*self._counted(resource), *self._updated(resource)]
            settings = list(launched_by(resource)) or list(resource.each("Properties"))
            for wait in waits:
                if settings and all(self._silent(each) for each in settings) and self._own(resource, settings):
                    yield (
                        wait,
                        f"{resource.resource}: CloudFormation waits for a signal, and the user "
                        "data sends none; end it with cfn-signal "
                        f"--resource {resource.resource}, or do not wait",
                    )

    def _counted(self, resource: Node) -> Iterator[Node]:
        for node in resource.each("CreationPolicy", "ResourceSignal"):
            count = node.first("Count")
            if count is None or count.number != 0:
                yield node

    def _updated(self, resource: Node) -> Iterator[Node]:
        return (
            node
            for node in resource.each("UpdatePolicy", "AutoScalingRollingUpdate", "WaitOnResourceSignals")
            if node.flag
        )

    def _own(self, resource: Node, settings: list[Node]) -> bool:
        # A group whose launch template is somewhere else has its user data there, too.
        return resource.document.type_of(resource.resource) == INSTANCE or settings[0].resource != resource.resource

    def _silent(self, settings: Node) -> bool:
        metadata = json.dumps(
            settings.document.node(settings.path[:2], settings.conditions).value.get("Metadata", {}), default=str
        )
        texts = [self._text(node) for node in user_data(settings)]
        if any("${" in text.replace("${AWS::", "").replace("${!", "") for text in texts):
            return False  # part of the script is only known at deployment
        return settings.first("LaunchTemplate") is None and not any(
            word in (text + metadata).lower() for text in texts or [""] for word in _MAY_SIGNAL
        )

    def _text(self, node: Node) -> str:
        text = node.text
        return "${unknown}" if text.startswith("${=") else text
