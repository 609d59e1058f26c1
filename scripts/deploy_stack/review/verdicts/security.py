"""What becomes reachable or readable: security-group openings, public access, encryption.

Openings are compared as sets, so a reordered list is no finding, and a narrower range that an old one covers is none.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from deploy_stack.review.model import KNOWN_AFTER_APPLY, ResourceChange
from deploy_stack.review.verdicts.opinion import Opinion, warn

SOURCES = ("CidrIp", "CidrIpv6", "SourceSecurityGroupId", "SourceSecurityGroupName", "SourcePrefixListId")
WORLD = frozenset({"0.0.0.0/0", "::/0"})
PUBLIC_ACCESS_BLOCK = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")

# (property, value that is closed, value that is open, what it means)
SWITCHES: tuple[tuple[str, str, str, str], ...] = (
    ("PubliclyAccessible", "false", "true", "gets a public address"),
    ("MapPublicIpOnLaunch", "false", "true", "gives its instances public addresses"),
    ("Scheme", "internal", "internet-facing", "is reachable from the internet"),
    ("ImageTagMutability", "IMMUTABLE", "MUTABLE", "an image may change under the same tag"),
    ("EnableExecuteCommand", "false", "true", "allows a shell in its containers"),
)
ENCRYPTION = (
    "Encrypted",
    "StorageEncrypted",
    "BucketEncryption",
    "KmsKeyId",
    "KMSKeyId",
    "TransitEncryption",
    "SSESpecification",
)


@dataclass(frozen=True)
class Opening:
    """One way in: protocol, ports, and who may use it."""

    protocol: str
    first: int
    last: int
    source: str

    def covers(self, other: Opening) -> bool:
        """Tell whether everything that `other` lets in, this lets in as well."""
        return (
            self.protocol in {"-1", other.protocol}
            and (self.protocol == "-1" or (self.first <= other.first and other.last <= self.last))
            and _contains(self.source, other.source)
        )

    def __str__(self) -> str:
        if self.protocol == "-1":
            return f"every protocol from {self._from}"
        ports = str(self.first) if self.first == self.last else f"{self.first}-{self.last}"
        return f"{self.protocol} {ports} from {self._from}"

    @property
    def _from(self) -> str:
        return "a security group of this change" if self.source == KNOWN_AFTER_APPLY else self.source


def widened(change: ResourceChange, operation: str) -> Iterator[Opinion]:
    """`security-widened`"""
    before, after = list(_openings(change, change.before)), list(_openings(change, change.after))
    for opening in after:
        if any(old.covers(opening) for old in before):
            continue
        if operation == "CREATE" and opening.source not in WORLD:
            continue  # a new stack is all openings; those to the world are worth a line even then
        yield warn(f"opens {opening}{' (everybody)' if opening.source in WORLD else ''}")
    if change.action != "Modify":
        return
    for name, closed, opened, meaning in SWITCHES:
        was, becomes = _text(change.property_before(name), closed), _text(change.property_after(name), closed)
        if was == closed and becomes == opened:
            yield warn(f"{name}: {closed} -> {opened}: {meaning}")
    was_blocked, is_blocked = (
        {key for key in PUBLIC_ACCESS_BLOCK if _text((value or {}).get(key), "false") == "true"}
        for value in (
            change.property_before("PublicAccessBlockConfiguration"),
            change.property_after("PublicAccessBlockConfiguration"),
        )
    )
    if was_blocked - is_blocked:
        yield warn(f"public access is no longer blocked: {', '.join(sorted(was_blocked - is_blocked))}")
    if _public_ip(change.before) == "DISABLED" and _public_ip(change.after) == "ENABLED":
        yield warn("AssignPublicIp: DISABLED -> ENABLED: gets a public address")


def encryption_removed(change: ResourceChange, _: str) -> Iterator[Opinion]:
    """`encryption-removed`"""
    if change.action != "Modify":
        return
    for name in ENCRYPTION:
        before, after = change.property_before(name), change.property_after(name)
        if before not in (None, False, "false", "DISABLED") and after in (None, False, "false", "DISABLED"):
            yield warn(f"{name} is taken away")
    if change.property_before("Protocol") in {"HTTPS", "TLS"} and change.property_after("Protocol") in {"HTTP", "TCP"}:
        yield warn(f"Protocol: {change.property_before('Protocol')} -> {change.property_after('Protocol')}")
    for path, before_text, after_text in ((each.path, each.before, each.after) for each in change.properties):
        if path.rsplit(".", 1)[-1] == "TransitEncryption" and (before_text, after_text) == ("ENABLED", "DISABLED"):
            yield warn(f"{path}: ENABLED -> DISABLED")


def _openings(change: ResourceChange, context: Mapping[str, Any]) -> Iterator[Opening]:
    properties = context.get("Properties") or {}
    if change.type == "AWS::EC2::SecurityGroup":
        rows: Iterable[Any] = properties.get("SecurityGroupIngress") or ()
    elif change.type == "AWS::EC2::SecurityGroupIngress":
        rows = [properties]
    else:
        return
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, Mapping):
            yield from _opening(row)


def _opening(row: Mapping[str, Any]) -> Iterator[Opening]:
    protocol = str(row.get("IpProtocol", "-1")).lower()
    first, last = _port(row.get("FromPort"), 0), _port(row.get("ToPort"), 65535)
    for key in SOURCES:
        if row.get(key):
            source = row[key] if isinstance(row[key], str) else json.dumps(row[key], sort_keys=True)
            yield Opening(protocol, first, last, source)


def _port(value: Any, unset: int) -> int:
    try:
        number = int(value)
    except (TypeError, ValueError):
        return unset
    return unset if number < 0 else number


def _contains(wide: str, narrow: str) -> bool:
    if wide == narrow:
        return True
    try:
        one, other = ipaddress.ip_network(wide, strict=False), ipaddress.ip_network(narrow, strict=False)
    except ValueError:
        return False
    if isinstance(one, ipaddress.IPv4Network):
        return isinstance(other, ipaddress.IPv4Network) and other.subnet_of(one)
    return isinstance(other, ipaddress.IPv6Network) and other.subnet_of(one)


def _text(value: Any, unset: str) -> str:
    return unset if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _public_ip(context: Mapping[str, Any]) -> str:
    found: Any = context.get("Properties") or {}
    for key in ("NetworkConfiguration", "AwsvpcConfiguration"):
        found = found.get(key) if isinstance(found, Mapping) else None
    return str(found.get("AssignPublicIp", "DISABLED")) if isinstance(found, Mapping) else ""
