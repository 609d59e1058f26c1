"""An access point has one service that writes to it."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._rule import Finding, Rule
from generator.rules._stores import mounts
from generator.rules._tasks import containers, services, tasks_of
from generator.rules._template import Document, Node


class SharedAccessPoint(Rule):
    """Files have one owner."""

    id = "W9203"
    shortdesc = "An access point is written by one service"
    description = (
        "Two services that mount one EFS access point writably see and overwrite each other's files; one of them "
        "should mount it read-only."
    )
    source_url = "https://docs.aws.amazon.com/efs/latest/ug/efs-access-points.html"
    subjects = ("resources", "ecs", "efs", "state")

    bad = """
        Resources:
          Point: {Type: AWS::EFS::AccessPoint}
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              Volumes: [{Name: data, EFSVolumeConfiguration: {FilesystemId: fs-12345678,
                  AuthorizationConfig: {AccessPointId: !Ref Point}}}]
              ContainerDefinitions:
              - Name: app
                MountPoints:
                - {ContainerPath: /files, SourceVolume: data}  # W9203
          Web: {Type: AWS::ECS::Service, Properties: {TaskDefinition: !Ref Task}}
          Worker: {Type: AWS::ECS::Service, Properties: {TaskDefinition: !Ref Task}}
        """
    good = """
        Resources:
          Point: {Type: AWS::EFS::AccessPoint}
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              Volumes: [{Name: data, EFSVolumeConfiguration: {FilesystemId: fs-12345678,
                  AuthorizationConfig: {AccessPointId: !Ref Point}}}]
              ContainerDefinitions: [{Name: app, MountPoints: [{ContainerPath: /files, SourceVolume: data}]}]
          Web: {Type: AWS::ECS::Service, Properties: {TaskDefinition: !Ref Task}}
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Writable mounts of an access point in the second and later services."""
        writers: dict[str, dict[str, Node]] = {}
        for service in services(document):
            for task in tasks_of(service):
                for container in containers(task):
                    for mount, volume in mounts(task, container):
                        for point in volume.each("EFSVolumeConfiguration", "AuthorizationConfig", "AccessPointId"):
                            writers.setdefault(point.text, {}).setdefault(service.resource, mount)
        for point_text, by_service in writers.items():
            if len(by_service) > 1:
                first, *others = by_service
                for name in others:
                    mount = by_service[name]
                    yield (
                        mount,
                        f"{mount.resource}: {name} writes to access point '{point_text}', and so does {first}; give each service "
                        "its own access point, or mount it ReadOnly in one",
                    )
