"""Stores with files: the services that run one, what they mount, and with how many writers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from generator.rules._images import Image, Store, store_of
from generator.rules._scaling import scaled_services
from generator.rules._tasks import TASK, containers, images, same, services, tasks_of
from generator.rules._template import Document, Node


@dataclass(frozen=True, slots=True)
class Running:
    """A container of a store in a service; `service` is None for a task definition that no service of the template runs."""

    service: Node | None
    task: Node
    container: Node
    image: Image
    store: Store

    @property
    def shared(self) -> bool:
        """Whether copies of the task would meet on one file system: some mount is a file system of EFS or FSx."""
        return any(
            volume.first(key)
            for _, volume in mounts(self.task, self.container)
            for key in ("EFSVolumeConfiguration", "FSxWindowsFileServerVolumeConfiguration")
        )

    @property
    def endangered(self) -> bool:
        """Whether a second copy is a fault.

        ChromaDB's always is: with a shared volume the data is corrupted, without one each copy knows other records.
        """
        return self.store.title == "ChromaDB" or self.shared


def stores(document: Document) -> Iterator[Running]:
    """Every container known by its image to be a store, in services first."""
    for service in services(document):
        for task in tasks_of(service):
            yield from _in_task(service.under(task), task)


def stores_in_tasks(document: Document) -> Iterator[Running]:
    """Every container known by its image to be a store, in any task definition."""
    for task in document.resources(TASK):
        yield from _in_task(None, task)


def _in_task(service: Node | None, task: Node) -> Iterator[Running]:
    for container in containers(task):
        for _, image in images(container):
            store = store_of(image)
            if store is not None:
                yield Running(service, task, container, image, store)


def mounts(task: Node, container: Node) -> Iterator[tuple[Node, Node]]:
    """(mount point, its volume) of a container; read-only mounts are left out."""
    for mount in container.each("MountPoints", "*"):
        if any(node.flag for node in mount.each("ReadOnly")):
            continue
        for source in mount.each("SourceVolume"):
            for volume in task.under(source).each("Properties", "Volumes", "*"):
                if any(same(name, source) for name in volume.each("Name")):
                    yield mount, volume


def most_copies(document: Document, service: Node) -> Iterator[tuple[Node, float]]:
    """Where a service is told how many tasks to run: its own count, and the maximum of its scaling."""
    for node in service.each("Properties", "DesiredCount"):
        if node.number is not None:
            yield node, node.number
    for target, scaled in scaled_services(document):
        if scaled.resource == service.resource:
            for node in target.each("Properties", "MaxCapacity"):
                if node.number is not None:
                    yield node, node.number
