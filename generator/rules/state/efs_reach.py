"""A mount target lets the tasks in."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._network import ingress
from generator.rules._rule import Finding, Rule
from generator.rules._tasks import pairs
from generator.rules._template import Document, Node

_NFS = 2049


class EfsReach(Rule):
    """NFS passes from the tasks to the file system."""

    id = "E9209"
    shortdesc = "The mount target's security group lets the tasks in"
    description = (
        "Tasks whose security groups may not reach port 2049 of the mount target hang at mounting and never start. "
        "Spoken of when all the groups of both sides are in the template."
    )
    source_url = "https://docs.aws.amazon.com/efs/latest/ug/network-access.html"
    subjects = ("resources", "ecs", "efs", "ec2")

    bad = """
        Resources:
          TaskGroup: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: tasks}}
          FilesGroup: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: files}}
          Target: {Type: AWS::EFS::MountTarget, Properties: {FileSystemId: fs-12345678, SecurityGroups: [!Ref FilesGroup]}}
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties: {Volumes: [{Name: data, EFSVolumeConfiguration: {FilesystemId: fs-12345678}}]}
          Service:
            Type: AWS::ECS::Service
            Properties:
              TaskDefinition: !Ref Task
              NetworkConfiguration:
                AwsvpcConfiguration:
                  SecurityGroups: [!Ref TaskGroup]  # E9209
        """
    good = """
        Resources:
          TaskGroup: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: tasks}}
          FilesGroup:
            Type: AWS::EC2::SecurityGroup
            Properties:
              GroupDescription: files
              SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 2049, ToPort: 2049, SourceSecurityGroupId: !Ref TaskGroup}]
          Target: {Type: AWS::EFS::MountTarget, Properties: {FileSystemId: fs-12345678, SecurityGroups: [!Ref FilesGroup]}}
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties: {Volumes: [{Name: data, EFSVolumeConfiguration: {FilesystemId: fs-12345678}}]}
          Service:
            Type: AWS::ECS::Service
            Properties:
              TaskDefinition: !Ref Task
              NetworkConfiguration: {AwsvpcConfiguration: {SecurityGroups: [!Ref TaskGroup]}}
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Services whose groups are let in by no group of a mount target."""
        for service, task, groups in pairs(document, "NetworkConfiguration", "AwsvpcConfiguration", "SecurityGroups"):
            files = {
                node.text for node in task.each("Properties", "Volumes", "*", "EFSVolumeConfiguration", "FilesystemId")
            }
            own = [node.target for node in groups.each("*")]
            if not files or None in own or not own:
                continue
            for target in document.resources("AWS::EFS::MountTarget"):
                if any(node.text in files for node in target.each("Properties", "FileSystemId")):
                    theirs = [node.target for node in target.each("Properties", "SecurityGroups", "*")]
                    if theirs and None not in theirs and not self._reach(document, set(own), set(theirs)):
                        yield (
                            groups,
                            f"{service.resource}: none of {', '.join(map(str, own))} may reach "
                            f"port {_NFS} of {', '.join(map(str, theirs))}, "
                            f"worn by mount target {target.resource}; add an ingress rule from the tasks' group",
                        )

    def _reach(self, document: Document, own: set[str | None], theirs: set[str | None]) -> bool:
        for rule in ingress(document):
            if rule.group is None or (rule.group in theirs and rule.low <= _NFS <= rule.high):
                sources = list(rule.sources)
                if not sources or any(self._is_or_may_be(source, own) for source in sources):
                    return True  # an address range may hold the tasks
        return not self._complete(document, theirs)

    def _is_or_may_be(self, source: Node, own: set[str | None]) -> bool:
        return source.target is None or source.target in own

    def _complete(self, document: Document, theirs: set[str | None]) -> bool:
        rules = [rule for rule in ingress(document) if rule.group in theirs]
        written = [
            n
            for name in theirs
            for group in [document.resource(name)]
            if group
            for n in group.each("Properties", "SecurityGroupIngress", "*")
        ]
        return len({rule.node.path for rule in rules if "SecurityGroupIngress" in rule.node.path}) >= len(written)
