"""What only several descriptions together can show: two that collide, one that refers to what is not there, sizes that do not fit.

In: services and environments, each of which has checked itself. Out: the same as tuples. A fault raises
:class:`ModelError`, whose text names the field, the value that was found and what would be right.
"""

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network

from generator.kinds import check_kinds
from generator.model import Environment, ModelError, PrivateUrl, PublicUrl, Service
from generator.strategies import check_owner


def check_services(services: Iterable[Service]) -> tuple[Service, ...]:
    """The services as a tuple, refused where two collide or one refers to a service that is not there."""
    found = tuple(services)
    if not found:
        raise ModelError("services", found, "describe at least one service")
    for service in found:
        check_kinds(service)
    for what in ("name", "port", "host"):
        values = [getattr(service, what) for service in found if getattr(service, what) is not None]
        if twice := sorted({value for value in values if values.count(value) > 1}):
            raise ModelError(f"Service.{what}", twice[0], f"two services share it; each needs a {what} of its own")
    by_name = {service.name: service for service in found}
    words = [name.replace("-", "") for name in by_name]
    if twice := sorted({word for word in words if words.count(word) > 1}):
        raise ModelError("Service.name", twice[0], "two names differ by hyphens only and would share their logical ids")
    for service in found:
        for name, value in service.environment.items():
            if isinstance(value, PublicUrl | PrivateUrl):
                _check_reference(f"Service({service.name}).environment[{name}]", value, by_name)
    return found


def _check_reference(where: str, value: PublicUrl | PrivateUrl, by_name: Mapping[str, Service]) -> None:
    if value.service not in by_name:
        raise ModelError(where, value.service, f"there is no such service; there are {', '.join(by_name)}")
    if isinstance(value, PublicUrl) and not by_name[value.service].public:
        raise ModelError(where, value.service, "it has no public host: use PrivateUrl, or give it a host")


def check_environment(environment: Environment, services: Iterable[Service]) -> None:
    """Refuse what only the two together can show: unknown sizes, two writers, containers larger than their host."""
    where = f"Environment({environment.name})"
    found = tuple(services)
    names = [service.name for service in found]
    for table in ("tasks", "deployments"):
        if unknown := sorted(set(getattr(environment, table)) - set(names)):
            raise ModelError(f"{where}.{table}", unknown[0], f"there is no such service; there are {', '.join(names)}")
    for service in found:
        service.check_deployment(f"{where}.deployments[{service.name}]", environment.deployment(service))
    deployments = {service.name: environment.deployment(service) for service in found}
    check_owner(where, deployments, environment.options)
    with_data = [service for service in found if service.data]
    for service in with_data:
        scaling = environment.task(service).scaling
        if scaling.maximum > 1 and not (service.data and service.data.allow_two_writers_and_lose_data):
            right = "two writers on one volume lose data for good: use Scaling.fixed(1)"
            raise ModelError(f"{where}.tasks[{service.name}].scaling.maximum", scaling.maximum, right)
    if with_data and environment.host.maximum > 1 and environment.data_host is None:
        right = f"{with_data[0].name} keeps data and must run once: give the environment a data_host"
        raise ModelError(f"{where}.data_host", None, right)


def check_environments(environments: Iterable[Environment], services: Iterable[Service]) -> tuple[Environment, ...]:
    """The environments as a tuple, refused where two collide or one does not fit the services."""
    found = tuple(environments)
    services = tuple(services)
    for environment in found:
        check_kinds(environment)
    for what in ("name", "short", "domain"):
        values = [getattr(environment, what) for environment in found]
        if twice := sorted({value for value in values if values.count(value) > 1}):
            raise ModelError(
                f"Environment.{what}", twice[0], f"two environments share it; each needs a {what} of its own"
            )
    for index, first in enumerate(found):
        for second in found[index + 1 :]:
            if IPv4Network(first.network.cidr).overlaps(IPv4Network(second.network.cidr)):
                pair = f"{first.name} {first.network.cidr}, {second.name} {second.network.cidr}"
                raise ModelError("Network.cidr", pair, "two environments overlap; they could never be peered: move one")
    for environment in found:
        check_environment(environment, services)
    return found
