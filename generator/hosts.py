"""Which kinds of EC2 host an environment has, and what runs on each: the plan that compose file, bootstrap and stack share.

In: an environment and the services. Out: one :class:`HostKind` for the application and, where the environment gives the data a
host of its own, one for the data. Raises ModelError where the containers do not fit, before anything is rendered.
"""

from dataclasses import dataclass
from operator import itemgetter

from generator.model import Architecture, Environment, Host, ModelError, SecretKey, Service

# MiB that the kernel, Docker, the CloudWatch and Systems Manager agents take. Measured on nothing here: it is what Ubuntu 22.04
# needs with both agents idle (about 450 MiB), and room for an apt run.
SYSTEM_MEMORY = 640
# A container that gets less than this share of its documented memory is on the wrong host.
SMALLEST_SHARE = 0.7
_MEMORY_STEP = 32  # MiB


@dataclass(frozen=True, kw_only=True)
class HostKind:
    """Hosts that all run the same containers. `suffix` is '' for the application, `-data` for the data; it is in file names."""

    suffix: str
    environment: Environment
    host: Host
    services: tuple[Service, ...]

    @property
    def runs_application(self) -> bool:
        """Whether these are the document's hosts, with its `.env` and its clone; the data's own host has neither."""
        return not self.suffix

    @property
    def title(self) -> str:
        """The word that starts its logical ids: `Host`, `DataHost`."""
        return "Host" if self.runs_application else "DataHost"

    @property
    def keepers(self) -> tuple[Service, ...]:
        """The services here that keep data; each runs only while the stack is its home."""
        return tuple(service for service in self.services if service.data)

    def memory_limits(self) -> dict[str, int]:
        """MiB for each container: its documented size, shrunk alike for all where the host cannot give that much.

        Raises ModelError where the smallest acceptable share does not fit either.
        """
        sizes = {service.name: self.environment.task(service).memory for service in self.services}
        room = self.host.memory - SYSTEM_MEMORY
        share = min(1.0, room / sum(sizes.values()))
        if share < SMALLEST_SHARE:
            raise ModelError(
                f"Environment({self.environment.name}).{'host' if self.runs_application else 'data_host'}.instance_type",
                self.host.instance_type,
                f"its containers ask for {sum(sizes.values())} MiB and it has {room} MiB to give: take a larger type",
            )
        if share == 1.0:
            return sizes
        return {name: int(size * share) // _MEMORY_STEP * _MEMORY_STEP for name, size in sizes.items()}

    def secret_variable(self, service: Service, name: str) -> str:
        """What a service's secret variable is called in the host's one `.env`.

        Its own name; with the service's in front where two services give one name two meanings.
        """
        meanings = {other.secrets[name] for other in self.services if name in other.secrets}
        return name if len(meanings) == 1 else f"{environment_word(service)}_{name}"

    def secrets(self) -> dict[str, SecretKey]:
        """Where each secret variable in `.env` comes from, sorted by its name there."""
        return dict(
            sorted(
                (
                    (self.secret_variable(service, name), key)
                    for service in self.services
                    for name, key in service.secrets.items()
                ),
                key=itemgetter(0),
            )
        )


def environment_word(service: Service) -> str:
    """The service's name as part of a variable's: `SEARCH_WORKER`."""
    return service.name.replace("-", "_").upper()


def host_kinds(environment: Environment, services: tuple[Service, ...]) -> tuple[HostKind, ...]:
    """The kinds of host in `environment`, the data's own first where it has one: the application calls it."""
    for service in services:
        if service.architecture is not Architecture.X86_64:
            right = f"the hosts of {environment.name} are x86: build the image for X86_64"
            raise ModelError(f"Service({service.name}).architecture", service.architecture.value, right)
    if environment.data_host is None:
        split = [("", environment.host, services)]
    else:
        split = [
            ("-data", environment.data_host, tuple(service for service in services if service.data)),
            ("", environment.host, tuple(service for service in services if not service.data)),
        ]
    return tuple(
        HostKind(suffix=suffix, environment=environment, host=host, services=here)
        for suffix, host, here in split
        if here
    )
