"""The way in and out: NAT, addresses, load balancers, endpoints, transfer."""

from __future__ import annotations

from collections.abc import Iterator

from generator.costs.charges.charge import Charge, Stack, fixed
from generator.costs.resolve import Resource
from generator.costs.traffic import HOURS, Range, Traffic

ZONES = 2  # of a load balancer whose subnets nobody knows: the least there may be


def _share(amount: Range, of: int) -> Range:
    return Range(amount.low / of, amount.high / of)


def nat_gateway(resource: Resource, stack: Stack, traffic: Traffic) -> Iterator[Charge]:
    """NAT: the hours, its share of everything that passes, and of what leaves AWS."""
    yield Charge("nat-hour", fixed(HOURS), "NAT gateway")
    gateways = len(list(stack.of("AWS::EC2::NatGateway")))
    fetched = traffic.gigabytes(traffic.fetched_kilobytes_per_request)
    sent = traffic.gigabytes(traffic.sent_kilobytes_per_request)
    through = _share(
        Range(
            fetched.low + sent.low + traffic.nat_gigabytes.low, fetched.high + sent.high + traffic.nat_gigabytes.high
        ),
        gateways,
    )
    yield Charge("nat-gb", through, f"{through.low:.0f} to {through.high:.0f} GB through NAT")
    out = _share(sent, gateways)
    yield Charge("transfer-out-gb", out, f"{out.low:.0f} to {out.high:.0f} GB to services outside")


def address(resource: Resource, stack: Stack, traffic: Traffic) -> Iterator[Charge]:
    """A public IPv4 address costs the same whether it is used or idle."""
    yield Charge("ipv4-hour", fixed(HOURS), "public IPv4 address")


def load_balancer(resource: Resource, stack: Stack, traffic: Traffic) -> Iterator[Charge]:
    """ALB: hours, capacity units, a public address in each zone, and every response to the internet."""
    yield Charge("alb-hour", fixed(HOURS), "load balancer")
    lcus = traffic.lcus
    amount = Range(lcus.low * HOURS, lcus.high * HOURS)
    yield Charge("alb-lcu-hour", amount, f"{lcus.low:.2g} to {lcus.high:.2g} capacity units")
    if resource.get("Scheme") == "internal":
        return
    subnets = resource.get("Subnets") or resource.get("SubnetMappings")
    zones = len(subnets) if isinstance(subnets, list) else ZONES
    yield Charge("ipv4-hour", fixed(HOURS * zones), f"{zones} public IPv4 addresses")
    out = traffic.gigabytes(traffic.response_kilobytes)
    yield Charge("transfer-out-gb", out, f"{out.low:.0f} to {out.high:.0f} GB to the internet")


def vpc(resource: Resource, stack: Stack, traffic: Traffic) -> Iterator[Charge]:
    """What crosses zones inside the network is paid on both sides."""
    both = Range(2 * traffic.zone_gigabytes.low, 2 * traffic.zone_gigabytes.high)
    yield Charge("transfer-zone-gb", both, f"{traffic.zone_gigabytes} GB between zones, both ways")


def endpoint(resource: Resource, stack: Stack, traffic: Traffic) -> Iterator[Charge]:
    """An interface endpoint costs by zone and hour, a gateway endpoint nothing."""
    if resource.get("VpcEndpointType") != "Interface":
        return
    subnets = resource.get("SubnetIds")
    zones = len(subnets) if isinstance(subnets, list) else ZONES
    yield Charge("endpoint-hour", fixed(HOURS * zones), f"interface endpoint in {zones} zones")
    interfaces = [each for each in stack.of("AWS::EC2::VPCEndpoint") if each.get("VpcEndpointType") == "Interface"]
    through = _share(traffic.endpoint_gigabytes, len(interfaces))
    yield Charge("endpoint-gb", through, f"{through.low:.0f} to {through.high:.0f} GB through it")
