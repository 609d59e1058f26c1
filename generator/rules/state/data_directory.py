"""A volume is mounted where the store writes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from generator.rules._rule import Finding, Rule
from generator.rules._stores import Running, stores_in_tasks
from generator.rules._tasks import variable
from generator.rules._template import Document


class DataDirectory(Rule):
    """A mount elsewhere stays empty."""

    id = "E9204"
    shortdesc = "A store's volume is mounted where its version writes"
    description = (
        "The volume stays empty and the data, written beside it, goes with the task. ChromaDB 1.x writes to /data "
        "(CHROMA_PERSIST_PATH moves it), 0.x to /chroma/chroma (PERSIST_DIRECTORY); PostgreSQL 18 moved to "
        "/var/lib/postgresql."
    )
    source_url = "https://github.com/chroma-core/chroma/issues/4330"
    subjects = ("resources", "ecs", "state")

    bad = """
        Resources:
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              Volumes: [{Name: data}]
              ContainerDefinitions:
              - Name: chroma
                Image: chromadb/chroma:1.5.9
                MountPoints:
                - SourceVolume: data
                  ContainerPath: /chroma/chroma  # E9204
        """
    good = """
        Resources:
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              Volumes: [{Name: data}]
              ContainerDefinitions:
              - Name: chroma
                Image: chromadb/chroma:1.5.9
                MountPoints: [{SourceVolume: data, ContainerPath: /data}]
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Stores that mount something, and nothing where they write."""
        for running in stores_in_tasks(document):
            directory = self._directory(running)
            if directory is None:
                continue
            paths = list(running.container.each("MountPoints", "*", "ContainerPath"))
            if paths and all(node.known and not self._holds(node.text, directory) for node in paths):
                name = running.container.first("Name")
                yield (
                    paths[0],
                    f"{running.task.resource}: container '{name.text if name else '?'}' ({running.store.title} "
                    f"{running.image.tag or 'without a tag'}) writes to {directory}, but the volume is mounted at "
                    f"{', '.join(node.text for node in paths)}; mount it at {directory}",
                )

    def _directory(self, running: Running) -> str | None:
        """Where this container keeps its files; None when nobody can tell."""
        version = running.image.version
        if version is None:
            return None
        for name in running.store.variables(version):
            value = variable(running.container, name)
            if value is not None:
                return value.string
        # A command of its own may say anything.
        words = [node.text for key in ("Command", "EntryPoint") for node in running.container.each(key, "*")]
        return None if any("path" in word or "dir" in word for word in words) else running.store.directory(version)

    def _holds(self, mounted: str, directory: str) -> bool:
        one, other = PurePosixPath(mounted), PurePosixPath(directory)
        return one == other or one in other.parents or other in one.parents
