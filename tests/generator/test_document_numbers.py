"""Every number of the design document's tables and listings, as it stands in the rendered templates.

One row a fact: section of the document, file below templates/, path in it, value. A path is a list of keys and indexes; a
container's variables and secrets are found by name.
"""

from collections.abc import Mapping
from typing import Any

import pytest

Json = dict[str, Any]
Path = tuple[str | int, ...]


def task(service: str, *path: str | int) -> Path:
    return ("Resources", f"{service}TaskDefinition", "Properties", *path)


def container(service: str, *path: str | int) -> Path:
    return task(service, "ContainerDefinitions", 0, *path)


def ecs_service(service: str, *path: str | int) -> Path:
    return ("Resources", f"{service}Service", "Properties", *path)


def scaling(service: str, kind: str, *path: str | int) -> Path:
    return (
        "Resources",
        f"{service}{kind}ScalingPolicy",
        "Properties",
        "TargetTrackingScalingPolicyConfiguration",
        *path,
    )


def target(service: str, *path: str | int) -> Path:
    return ("Resources", f"{service}ScalableTarget", "Properties", *path)


def variable(service: str, name: str) -> Path:
    return container(service, "Environment", f"Name={name}", "Value")


def secret(service: str, name: str) -> Path:
    return container(service, "Secrets", f"Name={name}", "ValueFrom", "Fn::Sub")


def log_option(service: str, name: str) -> Path:
    return container(service, "LogConfiguration", "Options", name)


def host(kind: str, *path: str | int) -> Path:
    return ("Resources", kind, "Properties", *path)


STAGING, PRODUCTION = "staging/fargate.json", "production/fargate.json"
EC2_STAGING, EC2_PRODUCTION = "staging/ec2.json", "production/ec2.json"
INSIGHTS: Path = ("Resources", "Cluster", "Properties", "ClusterSettings", 0)
DISK: Path = host("HostLaunchTemplate", "LaunchTemplateData", "BlockDeviceMappings", 0, "Ebs")

STAGING_TASKS: list[tuple[str, str, Path, object]] = [
    (f"Option B, ECS Services - Staging: {name}", STAGING, path, value)
    for name, cpu, memory in (("Backend", "512", "1024"), ("Frontend", "256", "512"), ("Chromadb", "1024", "2048"))
    for path, value in ((task(name, "Cpu"), cpu), (task(name, "Memory"), memory))
]
STAGING_COUNTS: list[tuple[str, str, Path, object]] = [
    ("Option B, ECS Services - Staging: tasks", STAGING, ecs_service("Backend", "DesiredCount"), 1),
    ("Option B, ECS Services - Staging: tasks", STAGING, ecs_service("Frontend", "DesiredCount"), 1),
    ("Option B, ECS Services - Staging: tasks", STAGING, ecs_service("Chromadb", "DesiredCount", "Fn::If", 1), 1),
]
PRODUCTION_TASKS: list[tuple[str, str, Path, object]] = [
    (f"Option B, ECS Services - Production: {name}", PRODUCTION, path, value)
    for name, cpu, memory in (("Backend", "1024", "2048"), ("Frontend", "512", "1024"), ("Chromadb", "2048", "4096"))
    for path, value in ((task(name, "Cpu"), cpu), (task(name, "Memory"), memory))
]
PRODUCTION_COUNTS: list[tuple[str, str, Path, object]] = [
    (f"Option B, ECS Services - Production: {name}", PRODUCTION, path, value)
    for name in ("Backend", "Frontend")
    for path, value in (
        (target(name, "MinCapacity"), 2),
        (target(name, "MaxCapacity"), 4),
        (ecs_service(name, "DesiredCount", "Fn::If", 1), 2),
    )
]
POLICIES: list[tuple[str, str, Path, object]] = [
    (f"Option B, Auto-Scaling Configuration: {service} {kind}", PRODUCTION, scaling(service, kind, *path), value)
    for service in ("Backend", "Frontend")
    for kind, goal, metric in (
        ("Cpu", 70.0, "ECSServiceAverageCPUUtilization"),
        ("Memory", 80.0, "ECSServiceAverageMemoryUtilization"),
        ("AlbRequestCount", 1000.0, "ALBRequestCountPerTarget"),
    )
    for path, value in (
        (("TargetValue",), goal),
        (("PredefinedMetricSpecification", "PredefinedMetricType"), metric),
        (("ScaleInCooldown",), 300),
        (("ScaleOutCooldown",), 60),
    )
]
POLICY_NAMES: list[tuple[str, str, Path, object]] = [
    (
        "Option B, Auto-Scaling: names",
        PRODUCTION,
        ("Resources", f"Backend{kind}ScalingPolicy", "Properties", "PolicyName"),
        name,
    )
    for kind, name in (
        ("Cpu", "cpu-scaling-policy"),
        ("Memory", "memory-scaling-policy"),
        ("AlbRequestCount", "alb-request-count-scaling"),
    )
]
NAMES: list[tuple[str, str, Path, object]] = [
    (
        "Option B, ECS Components",
        PRODUCTION,
        ("Resources", "Cluster", "Properties", "ClusterName"),
        "aldeia-prod-cluster",
    ),
    ("Option B, Staging", STAGING, ("Resources", "Cluster", "Properties", "ClusterName"), "aldeia-staging-cluster"),
    ("Option B, ECS Components: Container Insights", PRODUCTION, (*INSIGHTS, "Value"), "enhanced"),
    ("Option B, ECS Components: Container Insights", STAGING, (*INSIGHTS, "Value"), "enabled"),
    ("Option B, Auto-Scaling: ServiceName", PRODUCTION, ecs_service("Backend", "ServiceName"), "aldeia-prod-backend"),
    ("CI/CD: Deploy to ECS", PRODUCTION, ecs_service("Frontend", "ServiceName"), "aldeia-prod-frontend"),
    *(
        (f"Option B, {name} Task Definition", STAGING, path, value)
        for name in ("Backend", "Frontend", "Chromadb")
        for path, value in (
            (task(name, "Family"), f"aldeia-staging-{name.lower()}"),
            (task(name, "NetworkMode"), "awsvpc"),
            (task(name, "RequiresCompatibilities"), ["FARGATE"]),
            (container(name, "Name"), name.lower()),
            (container(name, "LogConfiguration", "LogDriver"), "awslogs"),
            (log_option(name, "awslogs-group"), f"/ecs/aldeia-staging-{name.lower()}"),
            (log_option(name, "awslogs-stream-prefix"), "ecs"),
        )
    ),
]
CONTAINERS: list[tuple[str, str, Path, object]] = [
    *(
        (
            "Option B, Task Definitions: containerPort",
            STAGING,
            container(name, "PortMappings", 0, "ContainerPort"),
            port,
        )
        for name, port in (("Backend", 3001), ("Frontend", 3002), ("Chromadb", 8000))
    ),
    *(
        ("Option B, Task Definitions: protocol", STAGING, container(name, "PortMappings", 0, "Protocol"), "tcp")
        for name in ("Backend", "Frontend", "Chromadb")
    ),
    ("Option B, Backend: environment", STAGING, variable("Backend", "NODE_ENV"), "staging"),
    ("Option B, Backend: environment", PRODUCTION, variable("Backend", "NODE_ENV"), "production"),
    ("Option B, Backend: environment", STAGING, variable("Backend", "PORT"), "3001"),
    ("Option B, Frontend: environment", STAGING, variable("Frontend", "NODE_ENV"), "staging"),
    (
        "Option B, Frontend: environment",
        STAGING,
        variable("Frontend", "BACKEND_URL"),
        "https://api.staging.aldeia.com",
    ),
    (
        "Option B, Backend: secrets",
        STAGING,
        secret("Backend", "DATABASE_URL"),
        "${DatabaseCredentialsSecretArn}:DATABASE_URL::",
    ),
    ("Option B, Backend: secrets", STAGING, secret("Backend", "JWT_SECRET"), "${JwtSecretsSecretArn}:JWT_SECRET::"),
    (
        "Option B, Backend: healthCheck",
        STAGING,
        container("Backend", "HealthCheck", "Command"),
        ["CMD-SHELL", "curl -f http://localhost:3001/api/health || exit 1"],
    ),
    ("Option B, Backend: healthCheck", STAGING, container("Backend", "HealthCheck", "Interval"), 30),
    ("Option B, Backend: healthCheck", STAGING, container("Backend", "HealthCheck", "Timeout"), 5),
    ("Option B, Backend: healthCheck", STAGING, container("Backend", "HealthCheck", "Retries"), 3),
    (
        "Option B, ChromaDB: volumes",
        STAGING,
        task("Chromadb", "Volumes", 0, "EFSVolumeConfiguration", "TransitEncryption"),
        "ENABLED",
    ),
]
HOSTS: list[tuple[str, str, Path, object]] = [
    (
        "Option A, Staging: Instance Type",
        EC2_STAGING,
        host("HostLaunchTemplate", "LaunchTemplateData", "InstanceType"),
        "t3.medium",
    ),
    (
        "Option A, Production: Instance Type",
        EC2_PRODUCTION,
        host("HostLaunchTemplate", "LaunchTemplateData", "InstanceType"),
        "t3.large",
    ),
    ("Option A, Staging: Storage", EC2_STAGING, (*DISK, "VolumeSize"), 50),
    ("Option A, Staging: Storage", EC2_STAGING, (*DISK, "VolumeType"), "gp3"),
    ("Option A, Production: Storage", EC2_PRODUCTION, (*DISK, "VolumeSize"), 100),
    ("Option A, Production: Storage", EC2_PRODUCTION, (*DISK, "VolumeType"), "gp3"),
    ("Option A, Production: Minimum", EC2_PRODUCTION, host("HostGroup", "MinSize"), "2"),
    ("Option A, Production: Maximum", EC2_PRODUCTION, host("HostGroup", "MaxSize"), "4"),
    ("Option A, Production: Desired", EC2_PRODUCTION, host("HostGroup", "DesiredCapacity", "Fn::If", 1), "2"),
    ("Option A, Staging: one instance", EC2_STAGING, host("HostGroup", "MinSize"), "1"),
]
ROWS = [
    *STAGING_TASKS,
    *STAGING_COUNTS,
    *PRODUCTION_TASKS,
    *PRODUCTION_COUNTS,
    *POLICIES,
    *POLICY_NAMES,
    *NAMES,
    *CONTAINERS,
    *HOSTS,
]


def find(value: Any, path: Path) -> Any:
    """The value at `path`; a step `Name=x` picks the item of a list whose Name is x."""
    for step in path:
        if isinstance(step, str) and step.startswith("Name="):
            value = next(item for item in value if item["Name"] == step.removeprefix("Name="))
        else:
            value = value[step]
    return value


@pytest.mark.parametrize(
    ("section", "file", "path", "expected"), ROWS, ids=[f"{row[1]}:{'.'.join(map(str, row[2][1:]))}" for row in ROWS]
)
def test_the_document_says(
    templates: Mapping[str, Json], section: str, file: str, path: Path, expected: object
) -> None:
    """The fact of `section` stands in the template as it does in the document."""
    assert find(templates[file], path) == expected, section
