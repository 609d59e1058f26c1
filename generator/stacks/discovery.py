"""What two stacks share: a service's private name, in the stack that keeps its data or in the one that runs it."""

from troposphere import Template, servicediscovery

from generator.model import Environment, Service
from generator.naming import logical_id
from generator.wiring import take

# Seconds for which a caller may keep an address: short, because a task's address changes with every deployment.
_TTL = 10


def private_name(
    template: Template, environment: Environment, service: Service, where: str
) -> servicediscovery.Service:
    """Add the Cloud Map service `<service>.<private zone>`, and return it; `where` ends its description.

    MULTIVALUE answers with up to eight addresses at once (AWS Cloud Map API reference, DnsConfig, RoutingPolicy).
    """
    name: servicediscovery.Service = template.add_resource(
        servicediscovery.Service(
            logical_id(service.name, "discovery"),
            Name=service.name,
            NamespaceId=take(template, environment, "network", "PrivateNamespaceId"),
            Description=f"Private name of {service.name}{where}",
            DnsConfig=servicediscovery.DnsConfig(
                DnsRecords=[servicediscovery.DnsRecord(Type="A", TTL=_TTL)], RoutingPolicy="MULTIVALUE"
            ),
        )
    )
    return name
