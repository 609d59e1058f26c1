"""Every name, in one place: logical ids, stack names, SSM paths, and the few physical names that people type.

In: words and descriptions. Out: strings. Renaming a logical id or a physical name replaces the resource, so a change here is an
entry in CHANGELOG.md. Physical names exist only where the design document gives one that a person types: cluster, service,
repository, secret, log group. Everything else is named by CloudFormation.
"""

import re

from generator.model import PROJECT, Environment, Service

SHARED = "shared"


def logical_id(*words: str) -> str:
    """`logical_id("chat-bot", "target group")` is `ChatBotTargetGroup`: letters and digits, each word capitalised."""
    return "".join(part[0].upper() + part[1:] for word in words for part in re.findall(r"[A-Za-z0-9]+", word))


def stack_name(environment: str, stack: str) -> str:
    """CloudFormation's name of a stack: `aldeia-production-fargate`."""
    return f"{PROJECT}-{environment}-{stack}"


def parameter_path(environment: str, stack: str, name: str) -> str:
    """Where `stack` publishes `name` in Parameter Store: `/aldeia/production/network/VpcId`."""
    return f"/{PROJECT}/{environment}/{stack}/{name}"


def cluster_name(environment: Environment) -> str:
    """`aldeia-prod-cluster` (document, Option B, ECS Components)."""
    return f"{PROJECT}-{environment.short}-cluster"


def service_name(environment: Environment, service: Service) -> str:
    """`aldeia-prod-backend`, also the family of its task definition (document, Option B, Auto-Scaling Configuration)."""
    return f"{PROJECT}-{environment.short}-{service.name}"


def container_log_group(environment: Environment, service: Service) -> str:
    """`/ecs/aldeia-staging-backend` (document, Option B, Backend Task Definition)."""
    return f"/ecs/{service_name(environment, service)}"


def host_log_group(environment: Environment) -> str:
    """`/aws/ec2/aldeia-production` (document, Option A, EC2 User Data Script)."""
    return f"/aws/ec2/{PROJECT}-{environment.name}"


def firewall_log_group(environment: Environment) -> str:
    """`aws-waf-logs-aldeia-prod`; WAF writes to no group whose name begins otherwise (WAF developer guide, "Logging")."""
    return f"aws-waf-logs-{PROJECT}-{environment.short}"


def log_group_patterns(environment: Environment) -> tuple[str, ...]:
    """What the names of all log groups of the environment match: containers, hosts, firewall, and those CloudFormation names."""
    return (
        f"/ecs/{PROJECT}-{environment.short}-*",
        f"{host_log_group(environment)}*",
        firewall_log_group(environment),
        f"{PROJECT}-{environment.name}-*",
    )


def key_alias(environment: Environment) -> str:
    """`alias/aldeia-production`: what the console and the command line show for the environment's own key."""
    return f"alias/{PROJECT}-{environment.name}"


def secret_name(environment: Environment, secret: str) -> str:
    """`staging/database/credentials` (document, Option B, Backend Task Definition)."""
    return f"{environment.name}/{secret}"


ENV_FILE_SECRET = "env-file"  # noqa: S105  (a name; document, Option A, EC2 User Data Script: production/env-file)


def secret_names(services: tuple[Service, ...]) -> tuple[str, ...]:
    """Names below the environment's of every secret the platform reads, the hosts' own last, each once, sorted."""
    return (*sorted({key.secret for service in services for key in service.secrets.values()}), ENV_FILE_SECRET)


def private_name(environment: Environment, service: Service) -> str:
    """The service's name in the environment's private zone: `chromadb.staging.aldeia.internal`."""
    return f"{service.name}.{environment.private_domain}"


def private_url(environment: Environment, service: Service) -> str:
    """`http://chromadb.staging.aldeia.internal:8000`; the same whichever compute option runs the service."""
    return f"http://{private_name(environment, service)}:{service.port}"


def public_url(environment: Environment, service: Service) -> str:
    """`https://api.staging.aldeia.com`."""
    return f"https://{environment.host_name(service)}"


def alarm_name(environment: Environment, *words: str) -> str:
    """`aldeia-prod-backend-5xx`: fixed, so that services and the deployer can name an alarm without a reference to it."""
    return "-".join((PROJECT, environment.short, *words))
