"""Security groups: which are whose, what they let in, and from where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from generator.rules._images import store_of
from generator.rules._tasks import containers, images, services, tasks_of
from generator.rules._template import Document, Node

GROUP: Final = "AWS::EC2::SecurityGroup"
LOAD_BALANCERS: Final = ("AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::ElasticLoadBalancing::LoadBalancer")
WORLD: Final = frozenset({"0.0.0.0/0", "::/0"})
DATABASE_PORTS: Final[dict[int, str]] = {
    1433: "SQL Server",
    1521: "Oracle",
    2049: "NFS (EFS)",
    3306: "MySQL",
    5432: "PostgreSQL",
    5439: "Redshift",
    6379: "Redis",
    8182: "Neptune",
    9042: "Cassandra",
    9200: "OpenSearch",
    11211: "Memcached",
    27017: "MongoDB / DocumentDB",
}
ADMINISTRATION_PORTS: Final[dict[int, str]] = {
    20: "FTP",
    21: "FTP",
    22: "SSH",
    23: "Telnet",
    445: "SMB",
    2375: "the Docker API",
    2376: "the Docker API",
    3389: "RDP",
    5601: "Kibana",
    5985: "WinRM",
    5986: "WinRM",
    10250: "kubelet",
}
CHROMA_PORT: Final = {8000: "ChromaDB"}
_USERS: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "AWS::ElasticLoadBalancingV2::LoadBalancer": (("SecurityGroups", "*"),),
    "AWS::ElasticLoadBalancing::LoadBalancer": (("SecurityGroups", "*"),),
    "AWS::ECS::Service": (("NetworkConfiguration", "AwsvpcConfiguration", "SecurityGroups", "*"),),
    "AWS::EFS::MountTarget": (("SecurityGroups", "*"),),
    "AWS::RDS::DBInstance": (("VPCSecurityGroups", "*"),),
    "AWS::RDS::DBCluster": (("VpcSecurityGroupIds", "*"),),
    "AWS::EC2::Instance": (
        ("SecurityGroupIds", "*"),
        ("SecurityGroups", "*"),
        ("NetworkInterfaces", "*", "GroupSet", "*"),
    ),
    "AWS::EC2::LaunchTemplate": (
        ("LaunchTemplateData", "SecurityGroupIds", "*"),
        ("LaunchTemplateData", "NetworkInterfaces", "*", "Groups", "*"),
    ),
    "AWS::EC2::NetworkInterface": (("GroupSet", "*"),),
    "AWS::AutoScaling::LaunchConfiguration": (("SecurityGroups", "*"),),
}
_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_LOAD_BALANCER_WORDS: Final = re.compile(r"\b(alb|elb|nlb|lb|load ?balancer)s?\b")
_CHROMA_WORDS: Final = re.compile(r"\bchroma(db)?\b|\bchroma|vector ?(db|store)")


@dataclass(frozen=True, slots=True)
class Ingress:
    """One rule that lets traffic in. Ports are inclusive; protocol -1 is every port."""

    node: Node
    group: str | None
    protocol: str
    low: int
    high: int

    @property
    def world(self) -> Iterator[Node]:
        """The source, where it is every address."""
        for key in ("CidrIp", "CidrIpv6"):
            yield from (node for node in self.node.each(key) if node.string in WORLD)

    @property
    def sources(self) -> Iterator[Node]:
        """The source, where it is a security group."""
        return self.node.each("SourceSecurityGroupId")

    @property
    def ports(self) -> str:
        """The ports as a person writes them."""
        if (self.low, self.high) == (0, 65535):
            return "every port"
        return f"port {self.low}" if self.low == self.high else f"ports {self.low}-{self.high}"


def ingress(document: Document) -> list[Ingress]:
    """Every ingress rule whose protocol and ports are known, of groups and standing alone."""
    if "ingress" not in document.notes:
        document.notes["ingress"] = list(_ingress(document))
    found: list[Ingress] = document.notes["ingress"]
    return found


def _ingress(document: Document) -> Iterator[Ingress]:
    for group in document.resources(GROUP):
        for node in group.each("Properties", "SecurityGroupIngress", "*"):
            yield from _read(node, group.resource)
    for alone in document.resources("AWS::EC2::SecurityGroupIngress"):
        owner = alone.first("Properties", "GroupId") or alone.first("Properties", "GroupName")
        for node in alone.each("Properties"):
            yield from _read(node, owner.target if owner else None)


def _read(node: Node, group: str | None) -> Iterator[Ingress]:
    for protocol in node.each("IpProtocol"):
        if protocol.string in {"-1", "all"}:
            yield Ingress(node, group, "-1", 0, 65535)
            continue
        low, high = node.first("FromPort"), node.first("ToPort")
        if protocol.string and low and high and low.number is not None and high.number is not None:
            bounds = (0, 65535) if (low.number, high.number) == (-1, -1) else (int(low.number), int(high.number))
            yield Ingress(node, group, protocol.string.lower(), *bounds)


def users(document: Document) -> dict[str, set[str]]:
    """Security group -> the resources of this template that wear it."""
    if "users" not in document.notes:
        found: dict[str, set[str]] = {}
        for kind, paths in _USERS.items():
            for resource in document.resources(kind):
                for path in paths:
                    for node in resource.each("Properties", *path):
                        if node.target:
                            found.setdefault(node.target, set()).add(resource.resource)
        document.notes["users"] = found
    known: dict[str, set[str]] = document.notes["users"]
    return known


def of_load_balancer(document: Document, group: str | None) -> bool:
    """Whether a group is a load balancer's: worn by one, or, where nobody of this template wears it, called so."""
    if group is None:
        return False
    wearers = users(document).get(group, set())
    if wearers:
        return any(document.type_of(name) in LOAD_BALANCERS for name in wearers)
    return _called(document, group, _LOAD_BALANCER_WORDS)


def only_of_load_balancers(document: Document, group: str | None) -> bool:
    """Whether nobody but load balancers wears a group, so that it answers only where they listen."""
    wearers = users(document).get(group or "", set())
    return of_load_balancer(document, group) and all(document.type_of(name) in LOAD_BALANCERS for name in wearers)


def internal(document: Document, name: str) -> bool:
    """Whether a load balancer has private addresses only."""
    balancer = document.resource(name, *LOAD_BALANCERS)
    return balancer is not None and any(node.string == "internal" for node in balancer.each("Properties", "Scheme"))


def for_chroma(document: Document, rule: Ingress) -> bool:
    """Whether a rule is about ChromaDB: by its group, or because its description says so."""
    said = rule.node.first("Description")
    return of_chroma(document, rule.group) or (said is not None and bool(_CHROMA_WORDS.search(said.text.lower())))


def of_chroma(document: Document, group: str | None) -> bool:
    """Whether a group is ChromaDB's: worn by a service that runs its image, or called so."""
    if group is None:
        return False
    for service in services(document):
        if service.resource in users(document).get(group, set()):
            for task in tasks_of(service):
                for container in containers(task):
                    for _, image in images(container):
                        store = store_of(image)
                        if store and store.title == "ChromaDB":
                            return True
    return _called(document, group, _CHROMA_WORDS)


def _called(document: Document, group: str, words: re.Pattern[str]) -> bool:
    # The description of a group often names the others it talks to, so only its own names count.
    resource = document.resource(group, GROUP)
    name = resource.first("Properties", "GroupName") if resource else None
    spoken = f"{group} {name.text if name else ''}"
    return bool(words.search(" ".join(_WORDS.findall(spoken)).lower()))
