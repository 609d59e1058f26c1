"""A volume is one that EBS makes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from generator.rules._hosts import volumes
from generator.rules._rule import Finding, Rule
from generator.rules._template import Document, Node


class _Type(NamedTuple):
    """Bounds of a volume type: GiB, IOPS (None: takes none), IOPS a GiB, MiB/s."""

    size: tuple[int, int]
    iops: tuple[int, int] | None = None
    iops_per_gib: int = 0
    throughput: tuple[int, int] | None = None


# Sizes, IOPS, throughput: CreateVolume in the EC2 API reference. Ratios: the EBS user guide's volume types.
_TYPES = {
    "gp2": _Type((1, 16384)),
    "gp3": _Type((1, 65536), (3000, 80000), 500, (125, 2000)),
    "io1": _Type((4, 16384), (100, 64000), 50),
    "io2": _Type((4, 65536), (100, 256000), 1000),
    "st1": _Type((125, 16384)),
    "sc1": _Type((125, 16384)),
    "standard": _Type((1, 1024)),
}


class VolumeSize(Rule):
    """Each type has its sizes."""

    id = "E9503"
    shortdesc = "An EBS volume's size, IOPS and throughput fit its type"
    description = (
        "EC2 refuses a size, IOPS or throughput outside of the type's bounds, or IOPS above the type's ratio to its "
        "size. The default type is gp2."
    )
    source_url = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVolume.html"
    subjects = ("resources", "ec2")

    bad = """
        Resources:
          Data:
            Type: AWS::EC2::Volume
            DeletionPolicy: Retain
            UpdateReplacePolicy: Retain
            Properties:
              VolumeType: gp3
              Encrypted: true
              Size: 100000  # E9503
              Throughput: 4000  # E9503
        """
    good = """
        Resources:
          Data:
            Type: AWS::EC2::Volume
            DeletionPolicy: Retain
            UpdateReplacePolicy: Retain
            Properties: {VolumeType: gp3, Encrypted: true, Size: 100, Throughput: 250}
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Numbers outside of the bounds."""
        for volume, size_key in volumes(document):
            for kind in [*volume.each("VolumeType"), *volume.absent("VolumeType")]:
                # Without a type an image's own mapping may say another than gp2, so only volumes of their own are judged.
                name = (
                    kind.string.lower()
                    if kind.string and kind.path != volume.path
                    else "gp2"
                    if size_key == "Size"
                    else ""
                )
                if name in _TYPES:
                    yield from self._judge(volume.under(kind), size_key, name)

    def _judge(self, volume: Node, size_key: str, name: str) -> Iterator[Finding]:
        bounds = _TYPES[name]
        for size in volume.each(size_key):
            yield from self._bound(size, name, "GiB", bounds.size)
        for iops in volume.each("Iops"):
            if bounds.iops:
                yield from self._bound(iops, name, "IOPS", bounds.iops)
                for size in volume.each(size_key):
                    most = max((size.number or 0) * bounds.iops_per_gib, bounds.iops[0])
                    if iops.number and size.number and iops.number > most:
                        yield (
                            iops,
                            f"{volume.resource}: {iops.text} IOPS on {size.text} GiB; {name} has at "
                            f"most {bounds.iops_per_gib} IOPS a GiB",
                        )
        for throughput in volume.each("Throughput"):
            if bounds.throughput:
                yield from self._bound(throughput, name, "MiB/s", bounds.throughput)
                iops_node = volume.first("Iops")
                given = (iops_node.number if iops_node else 3000) or 0
                if (
                    throughput.number
                    and given
                    and throughput.number > given / 4
                    and throughput.number <= bounds.throughput[1]
                ):
                    yield (
                        throughput,
                        f"{volume.resource}: {throughput.text} MiB/s with {given:g} IOPS; gp3 has at most 0.25 MiB/s an IOPS",
                    )
            elif throughput.known:
                yield throughput, f"{volume.resource}: Throughput on a {name} volume; only gp3 takes it"

    def _bound(self, node: Node, name: str, unit: str, bounds: tuple[int, int]) -> Iterator[Finding]:
        if node.number is not None and not bounds[0] <= node.number <= bounds[1]:
            yield (
                node,
                f"{node.resource}: {node.text} {unit} is impossible for {name}, which has {bounds[0]} to {bounds[1]} {unit}",
            )
