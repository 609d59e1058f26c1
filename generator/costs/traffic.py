"""The traffic profile: what a template cannot know of the bill, told for a quiet month and for a busy one.

In: `parameters/<environment>/traffic.json`. Out: `Traffic`. Refuses to know: prices and resources.

Each key is a number, or {"Low": ..., "High": ...} for the two columns of the design document's decision matrix, low and high
traffic. A key that is left out counts nothing. A kilobyte is 1024 bytes and a gigabyte 1024^3, as AWS bills them; a month has
730 hours.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

FILE = "traffic.json"
HOURS = 730  # a month, as the AWS Pricing Calculator counts
SECONDS = HOURS * 3600
KB_IN_GB = 1024 * 1024

# Elastic Load Balancing pricing: one capacity unit is any of these, for load balancers whose targets are hosts or tasks.
LCU_NEW_CONNECTIONS = 25  # a second
LCU_ACTIVE_CONNECTIONS = 3000
LCU_GB = 1.0  # an hour


@dataclass(frozen=True)
class Range:
    """A quantity in a quiet month and in a busy one."""

    low: float = 0
    high: float = 0

    def __str__(self) -> str:
        low, high = (f"{each:,.0f}" if each >= 1000 else f"{each:.3g}" for each in (self.low, self.high))
        return low if low == high else f"{low} to {high}"


NOTHING = Range()

# The assumptions as they are printed, after the numbers.
TEXTS: Mapping[str, str] = {
    "requests_per_second": "requests a second at the load balancer, on average over the month",
    "request_kilobytes": "KB a request brings in",
    "response_kilobytes": "KB a response sends out to the internet",
    "requests_per_connection": "requests a connection carries",
    "connection_seconds": "seconds a connection stays open",
    "cpu_milliseconds_per_request": "CPU milliseconds a request costs, all services together",
    "log_kilobytes_per_request": "KB of logs a request leaves",
    "fetched_kilobytes_per_request": "KB a request fetches from outside, through NAT",
    "sent_kilobytes_per_request": "KB a request sends to services outside, through NAT",
    "nat_gigabytes": "GB through NAT whatever the traffic: AWS's own services, updates, agents",
    "zone_gigabytes": "GB between zones, paid in each direction",
    "endpoint_gigabytes": "GB through interface endpoints",
    "stored_gigabytes": "GB on the file system",
    "infrequent_share": "share of the files that nobody read for 30 days",
    "read_gigabytes": "GB read from the file system",
    "written_gigabytes": "GB written to the file system",
    "backup_gigabytes": "GB of recovery points of the file system, over 35 days",
    "bucket_gigabytes": "GB in each bucket",
    "flow_log_gigabytes": "GB of flow logs",
    "waf_log_gigabytes": "GB of WAF logs",
    "host_metrics": "metrics the CloudWatch agent of one host publishes",
    "insights_cluster_metrics": "metrics of Container Insights for the cluster",
    "insights_service_metrics": "metrics of Container Insights for each service",
    "insights_task_metrics": "metrics of Container Insights for each task, its containers included (enhanced only)",
    "secret_requests": "reads of each secret",
    "kms_requests": "requests to each key",
    "dns_queries": "queries to each hosted zone; those for alias records are free",
    "image_gigabytes": "GB of one image in a repository",
}


@dataclass(frozen=True)
class Traffic:
    """One environment's usage; TEXTS says what each field is."""

    requests_per_second: Range = NOTHING
    request_kilobytes: Range = NOTHING
    response_kilobytes: Range = NOTHING
    requests_per_connection: Range = NOTHING
    connection_seconds: Range = NOTHING
    cpu_milliseconds_per_request: Range = NOTHING
    log_kilobytes_per_request: Range = NOTHING
    fetched_kilobytes_per_request: Range = NOTHING
    sent_kilobytes_per_request: Range = NOTHING
    nat_gigabytes: Range = NOTHING
    zone_gigabytes: Range = NOTHING
    endpoint_gigabytes: Range = NOTHING
    stored_gigabytes: Range = NOTHING
    infrequent_share: Range = NOTHING
    read_gigabytes: Range = NOTHING
    written_gigabytes: Range = NOTHING
    backup_gigabytes: Range = NOTHING
    bucket_gigabytes: Range = NOTHING
    flow_log_gigabytes: Range = NOTHING
    waf_log_gigabytes: Range = NOTHING
    host_metrics: Range = NOTHING
    insights_cluster_metrics: Range = NOTHING
    insights_service_metrics: Range = NOTHING
    insights_task_metrics: Range = NOTHING
    secret_requests: Range = NOTHING
    kms_requests: Range = NOTHING
    dns_queries: Range = NOTHING
    image_gigabytes: Range = NOTHING

    @property
    def requests(self) -> Range:
        """Requests a month."""
        return self.scaled(1)

    def scaled(self, each: float | Range) -> Range:
        """`each` of a request over all requests of a month."""
        low, high = (each.low, each.high) if isinstance(each, Range) else (each, each)
        rate = self.requests_per_second
        return Range(rate.low * SECONDS * low, rate.high * SECONDS * high)

    def gigabytes(self, kilobytes: Range) -> Range:
        """KB of each request as GB a month."""
        found = self.scaled(kilobytes)
        return Range(found.low / KB_IN_GB, found.high / KB_IN_GB)

    @property
    def lcus(self) -> Range:
        """Capacity units that the load balancer uses on average: the largest of its dimensions. Ten rules are free."""
        return Range(self._lcus("low"), self._lcus("high"))

    def _lcus(self, end: str) -> float:
        def number(name: str) -> float:
            return float(getattr(getattr(self, name), end))

        rate = number("requests_per_second")
        connections = rate / (number("requests_per_connection") or 1)
        gigabytes = rate * 3600 * (number("request_kilobytes") + number("response_kilobytes")) / KB_IN_GB
        return max(
            connections / LCU_NEW_CONNECTIONS,
            connections * number("connection_seconds") / LCU_ACTIVE_CONNECTIONS,
            gigabytes / LCU_GB,
        )

    def assumptions(self) -> Iterator[str]:
        """What is assumed, one text a key that is given."""
        for name, text in TEXTS.items():
            value: Range = getattr(self, name)
            if value != NOTHING:
                yield f"{value} {text}"


SHARES: Mapping[str, float] = {"InfrequentShare": 1}  # what no more than all of something can be
KEYS: Mapping[str, str] = {"".join(part.title() for part in each.split("_")): each for each in TEXTS}


class TrafficError(ValueError):
    """A profile that cannot be read: the text names file, key, what was found and what would be right."""


def parse(text: str, file: str) -> Traffic:
    """The profile. Raises TrafficError for anything that is not one."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise TrafficError(f"{file}: cannot be read as JSON: {error}") from None
    mistakes = list(mistakes_in(found, file))
    if mistakes:
        raise TrafficError("\n".join(mistakes))
    return Traffic(**{KEYS[key]: _range(value) for key, value in found.items()})


def mistakes_in(found: object, file: str) -> Iterator[str]:
    """One text for each mistake in a parsed profile."""
    if not isinstance(found, Mapping):
        yield f'{file}: found {type(found).__name__}, expected {{"RequestsPerSecond": {{"Low": 1, "High": 10}}, ...}}'
        return
    for key, value in found.items():
        if key not in KEYS:
            import difflib  # noqa: PLC0415  (only a mistake needs it)

            near = difflib.get_close_matches(key, KEYS, n=1)
            yield f"{file}: {key}: unknown key{f'; did you mean {near[0]}?' if near else ''}"
        elif (text := _mistake(value, SHARES.get(key, float("inf")))) is not None:
            yield f"{file}: {key}: found {value!r}, expected {text}"


def _mistake(value: Any, most: float) -> str | None:
    right = (
        f"a number {f'from 0 to {most:g}' if most < float('inf') else 'of 0 or more'}, or "
        '{"Low": number, "High": number}'
    )
    if isinstance(value, Mapping):
        if set(value) != {"Low", "High"} or not all(_number(each, most) for each in value.values()):
            return right
        return None if value["Low"] <= value["High"] else "Low to be at most High"
    return None if _number(value, most) else right


def _number(value: Any, most: float) -> bool:
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf") and value <= most
    )


def _range(value: Any) -> Range:
    return Range(value["Low"], value["High"]) if isinstance(value, Mapping) else Range(value, value)
