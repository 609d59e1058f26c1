"""Stack `fargate`: the document's Option B: a cluster and one ECS service for each container.

Public services scale and change their version without a gap; a deployment that fails its health checks or raises its alarms goes
back by itself. A service with data runs at most once, in this stack or in `ec2`, as its parameter says.
"""

from typing import Any

from troposphere import GetAtt, If, NoValue, Ref, Template, ecs, iam, logs

from generator.containers import DATA_VOLUME, definition, scratch_volume
from generator.model import Compute, Environment, Permission, Service
from generator.naming import cluster_name, container_log_group, logical_id, service_name
from generator.policies.common import document
from generator.policies.key import use_key
from generator.policies.tasks import execution_policy, grants, mount_file_system, open_shell, trust_tasks
from generator.stacks.discovery import private_name
from generator.stacks.rollout import deployment_alarms, load_balancer, rollout
from generator.stacks.scaling import scalable_target, scale_service
from generator.wiring import SUBNETS, begin, first_deployment, image, is_home, publish, take, with_key

NAME = "fargate"
SECURITY_GROUP = "AWS::EC2::SecurityGroup::Id"


def build(environment: Environment, services: tuple[Service, ...]) -> Template:
    """The ECS cluster of `environment` and everything that runs in it."""
    template = begin(environment.name, NAME, "ECS cluster, task definitions, services, scaling, deployment alarms")
    cluster = _cluster(template, environment)
    for service in services:
        _service(template, environment, services, service, cluster)
    publish(template, "ClusterName", Ref(cluster), "The ECS cluster")
    return template


def shell_log_group(environment: Environment) -> str:
    """Where ECS Exec records its sessions."""
    return f"/ecs/{cluster_name(environment)}/exec"


def _log_group(template: Template, environment: Environment, title: str, name: str) -> logs.LogGroup:
    group: logs.LogGroup = template.add_resource(
        logs.LogGroup(
            title,
            LogGroupName=name,
            RetentionInDays=environment.log_retention_days,
            DeletionPolicy="Retain",
            UpdateReplacePolicy="Retain",
            **with_key(template, environment),
        )
    )
    return group


def _cluster(template: Template, environment: Environment) -> ecs.Cluster:
    optional: dict[str, Any] = {}
    if environment.execute_command:
        group = _log_group(template, environment, "ShellLogGroup", shell_log_group(environment))
        encrypted: dict[str, Any] = {"CloudWatchEncryptionEnabled": True} if environment.customer_managed_key else {}
        optional["Configuration"] = ecs.ClusterConfiguration(
            ExecuteCommandConfiguration=ecs.ExecuteCommandConfiguration(
                Logging="OVERRIDE",
                LogConfiguration=ecs.ExecuteCommandLogConfiguration(
                    CloudWatchLogGroupName=Ref(group),
                    **encrypted,
                ),
            )
        )
    cluster: ecs.Cluster = template.add_resource(
        ecs.Cluster(
            "Cluster",
            ClusterName=cluster_name(environment),
            ClusterSettings=[ecs.ClusterSetting(Name="containerInsights", Value=environment.container_insights)],
            **optional,
        )
    )
    template.add_resource(
        ecs.ClusterCapacityProviderAssociations(
            "CapacityProviders",
            Cluster=Ref(cluster),
            CapacityProviders=["FARGATE", "FARGATE_SPOT"],
            DefaultCapacityProviderStrategy=[ecs.CapacityProviderStrategy(CapacityProvider="FARGATE", Weight=1)],
        )
    )
    return cluster


def _service(
    template: Template, environment: Environment, services: tuple[Service, ...], service: Service, cluster: ecs.Cluster
) -> None:
    _log_group(template, environment, logical_id(service.name, "log group"), container_log_group(environment, service))
    tasks = _task_definition(template, environment, services, service)
    alarms = deployment_alarms(template, environment, service) if service.public else []
    running = template.add_resource(
        ecs.Service(
            logical_id(service.name, "service"),
            ServiceName=service_name(environment, service),
            Cluster=Ref(cluster),
            TaskDefinition=Ref(tasks),
            CapacityProviderStrategy=_capacity(environment, service),
            PlatformVersion="LATEST",
            PropagateTags="SERVICE",
            EnableECSManagedTags=True,
            EnableExecuteCommand=environment.execute_command,
            NetworkConfiguration=_network(template, environment, service),
            DependsOn=["CapacityProviders", *alarms],
            **_count(template, environment, service),
            **rollout(environment, service),
            **_reachable(template, environment, service),
        )
    )
    scaling = environment.task(service).scaling
    if scaling.scales and service.data is None:
        scale_service(template, environment, service, cluster, running)
    elif environment.office_hours is not None:
        scalable_target(template, environment, service, cluster, running)
    publish(
        template, logical_id(service.name, "service name"), GetAtt(running, "Name"), f"ECS service of {service.name}"
    )


def _count(template: Template, environment: Environment, service: Service) -> dict[str, Any]:
    """How many tasks: one place for data; the documented number at creation under scaling; else a fixed number."""
    scaling = environment.task(service).scaling
    if service.data is not None:
        return {"DesiredCount": If(is_home(template, environment, service, Compute.FARGATE), scaling.desired, 0)}
    if scaling.scales:
        return {"DesiredCount": If(first_deployment(template), scaling.desired, NoValue)}
    return {"DesiredCount": scaling.desired}


def _capacity(environment: Environment, service: Service) -> list[ecs.CapacityProviderStrategyItem]:
    """FARGATE holds at least one task; Spot takes its weight of the others, and never the one with data."""
    strategy = [ecs.CapacityProviderStrategyItem(CapacityProvider="FARGATE", Base=1, Weight=1)]
    if environment.spot_weight and service.data is None:
        strategy.append(
            ecs.CapacityProviderStrategyItem(CapacityProvider="FARGATE_SPOT", Weight=environment.spot_weight)
        )
    return strategy


def _network(template: Template, environment: Environment, service: Service) -> ecs.NetworkConfiguration:
    group = logical_id(service.name, "security group id")
    return ecs.NetworkConfiguration(
        AwsvpcConfiguration=ecs.AwsvpcConfiguration(
            AssignPublicIp="DISABLED",
            Subnets=take(template, environment, "network", "PrivateSubnetIds", SUBNETS),
            SecurityGroups=[take(template, environment, "network", group, SECURITY_GROUP)],
        )
    )


def _reachable(template: Template, environment: Environment, service: Service) -> dict[str, Any]:
    """The load balancer's target group for a public service; a private name for every one."""
    if service.data is not None:
        registry = take(template, environment, "data", logical_id(service.name, "discovery arn"))
        return {"ServiceRegistries": [ecs.ServiceRegistry(RegistryArn=registry)]}
    discovery = private_name(template, environment, service, " on Fargate")
    reachable: dict[str, Any] = {"ServiceRegistries": [ecs.ServiceRegistry(RegistryArn=GetAtt(discovery, "Arn"))]}
    if service.public:
        reachable["LoadBalancers"] = [load_balancer(template, environment, service)]
        # As long as the container's own check may take before it counts.
        reachable["HealthCheckGracePeriodSeconds"] = service.health.start_period
    return reachable


def _task_definition(
    template: Template, environment: Environment, services: tuple[Service, ...], service: Service
) -> ecs.TaskDefinition:
    size = environment.task(service)
    secrets = {
        key.secret: take(template, environment, "data", logical_id(key.secret, "secret arn"))
        for _, key in sorted(service.secrets.items())
    }
    tasks: ecs.TaskDefinition = template.add_resource(
        ecs.TaskDefinition(
            logical_id(service.name, "task definition"),
            Family=service_name(environment, service),
            NetworkMode="awsvpc",
            RequiresCompatibilities=["FARGATE"],
            RuntimePlatform=ecs.RuntimePlatform(
                CpuArchitecture=service.architecture.value, OperatingSystemFamily="LINUX"
            ),
            Cpu=str(size.cpu),
            Memory=str(size.memory),
            ExecutionRoleArn=GetAtt(_execution_role(template, environment, service, secrets), "Arn"),
            TaskRoleArn=GetAtt(_task_role(template, environment, service), "Arn"),
            ContainerDefinitions=[
                definition(service, environment, services, image(template, service), secrets),
            ],
            **_volumes(template, environment, service),
        )
    )
    return tasks


def _volumes(template: Template, environment: Environment, service: Service) -> dict[str, Any]:
    volumes = [ecs.Volume(Name=scratch_volume(path)) for path in service.writable]
    if service.data is not None:
        point = take(template, environment, "data", logical_id(service.name, "access point id"))
        volumes.append(
            ecs.Volume(
                Name=DATA_VOLUME,
                EFSVolumeConfiguration=ecs.EFSVolumeConfiguration(
                    FilesystemId=take(template, environment, "data", "FileSystemId"),
                    TransitEncryption="ENABLED",
                    AuthorizationConfig=ecs.AuthorizationConfig(AccessPointId=point, IAM="ENABLED"),
                ),
            )
        )
    return {"Volumes": volumes} if volumes else {}


def _execution_role(
    template: Template, environment: Environment, service: Service, secrets: dict[str, Ref]
) -> iam.Role:
    key = with_key(template, environment).get("KmsKeyId") if secrets else None
    role: iam.Role = template.add_resource(
        iam.Role(
            logical_id(service.name, "execution role"),
            Description=f"Starts {service.name} in {environment.name}: its image, its log group, its secrets",
            AssumeRolePolicyDocument=trust_tasks(),
            Policies=[
                iam.Policy(
                    PolicyName="start-task",
                    PolicyDocument=execution_policy(environment, service, list(secrets.values()), key),
                )
            ],
        )
    )
    return role


def _task_role(template: Template, environment: Environment, service: Service) -> iam.Role:
    statements = grants(environment, (service,))
    if environment.customer_managed_key and Permission.BACKUPS in service.permissions:
        statements.append(use_key(with_key(template, environment)["KmsKeyId"], "s3", write=True))
    if service.data is not None:
        system = take(template, environment, "data", "FileSystemId")
        point = take(template, environment, "data", logical_id(service.name, "access point id"))
        statements.append(mount_file_system(system, point))
    if environment.execute_command:
        statements += open_shell(shell_log_group(environment))
    policies = [iam.Policy(PolicyName="own-work", PolicyDocument=document(*statements))] if statements else []
    role: iam.Role = template.add_resource(
        iam.Role(
            logical_id(service.name, "task role"),
            Description=f"What the code of {service.name} in {environment.name} may do itself",
            AssumeRolePolicyDocument=trust_tasks(),
            Policies=policies,
        )
    )
    return role
