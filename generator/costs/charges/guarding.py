"""Names, secrets and protection: hosted zones, secrets, keys, web ACLs."""

from __future__ import annotations

from collections.abc import Iterator

from generator.costs.charges.charge import Charge, Stack, fixed
from generator.costs.resolve import Resource
from generator.costs.traffic import Range, Traffic


def _part(amount: Range, of: float) -> Range:
    return Range(amount.low / of, amount.high / of)


def hosted_zone(resource: Resource, stack: Stack, traffic: Traffic) -> Iterator[Charge]:
    """Route 53: the zone, also the one that a private DNS namespace makes, and its queries."""
    yield Charge("zone-month", fixed(1), "hosted zone")
    yield Charge("dns-million-queries", _part(traffic.dns_queries, 1e6), f"{traffic.dns_queries} queries")


def secret(resource: Resource, stack: Stack, traffic: Traffic) -> Iterator[Charge]:
    """Secrets Manager: the secret and its reads."""
    yield Charge("secret-month", fixed(1), "secret")
    yield Charge("secret-10k-requests", _part(traffic.secret_requests, 10_000), f"{traffic.secret_requests} reads")


def key(resource: Resource, stack: Stack, traffic: Traffic) -> Iterator[Charge]:
    """KMS: the key and its requests. A rotated key costs as much again, twice at most."""
    rotated = Range(1, 3) if resource.get("EnableKeyRotation") in {True, "true"} else fixed(1)
    yield Charge("kms-key-month", rotated, f"{rotated} key versions" if rotated.high > 1 else "key")
    yield Charge("kms-10k-requests", _part(traffic.kms_requests, 10_000), f"{traffic.kms_requests} requests")


def web_acl(resource: Resource, stack: Stack, traffic: Traffic) -> Iterator[Charge]:
    """WAF: the ACL, each rule or rule group in it, and every request."""
    rules = len(resource.get("Rules") or ())
    yield Charge("waf-acl-month", fixed(1), "web ACL")
    yield Charge("waf-rule-month", fixed(rules), f"{rules} rules")
    requests = _part(traffic.requests, 1e6)
    yield Charge("waf-million-requests", requests, f"{requests.low:.1f} to {requests.high:.1f} million requests")
