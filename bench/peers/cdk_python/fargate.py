"""The first compute option of an environment: its services on ECS Fargate."""

from aws_cdk import CfnParameter, Duration, Size, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_servicediscovery as discovery
from parts import filled, grant_mount, log_group, publish

PRIVATE = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS)


class FargateStack(Stack):
    def __init__(self, scope, name, *, system, settings, network, data, edge, registry, **properties):
        super().__init__(scope, name, **properties)
        self.settings, self.network, self.data, self.edge, self.registry = settings, network, data, edge, registry
        self.cluster = self._cluster()
        self.services = {name: self._service(name, service) for name, service in system["services"].items()}
        names = {f"{name.title()}ServiceName": made.service_name for name, made in self.services.items()}
        publish(self, f"{settings['name']}/fargate", {"ClusterName": self.cluster.cluster_name, **names})

    def _cluster(self):
        settings, shell = self.settings, None
        if settings["executeCommand"]:
            logs = log_group(
                self, "ShellLogGroup", settings, self.network.key, f"/ecs/aldeia-{settings['short']}-shell"
            )
            shell = ecs.ExecuteCommandConfiguration(
                logging=ecs.ExecuteCommandLogging.OVERRIDE,
                log_configuration=ecs.ExecuteCommandLogConfiguration(cloud_watch_log_group=logs),
            )
        insights = ecs.ContainerInsights
        return ecs.Cluster(
            self,
            "Cluster",
            vpc=self.network.vpc,
            cluster_name=f"aldeia-{settings['short']}-cluster",
            container_insights_v2=insights.ENHANCED if settings["protected"] else insights.DISABLED,
            enable_fargate_capacity_providers=True,
            execute_command_configuration=shell,
        )

    def _service(self, name, service):
        settings, network = self.settings, self.network
        size = settings["tasks"][name]
        scales = size["maximum"] > size["minimum"]
        targets = self.edge.target_groups.get(name, {}).get("fargate")
        made = ecs.FargateService(
            self,
            f"{name}-service",
            cluster=self.cluster,
            service_name=f"aldeia-{settings['short']}-{name}",
            task_definition=self._task_definition(name, service, size),
            # Where a policy scales the service, an update leaves its number alone.
            desired_count=None if scales else size["minimum"],
            capacity_provider_strategies=[ecs.CapacityProviderStrategy(capacity_provider="FARGATE", base=1, weight=1)],
            security_groups=[network.groups[name.title()]],
            vpc_subnets=PRIVATE,
            circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
            deployment_alarms=self._deployment_alarms(name, targets) if targets else None,
            min_healthy_percent=100 if targets else 0,
            max_healthy_percent=200 if targets else 100,
            health_check_grace_period=Duration.seconds(60) if targets else None,
            enable_execute_command=settings["executeCommand"],
            enable_ecs_managed_tags=True,
            propagate_tags=ecs.PropagatedTagSource.SERVICE,
            cloud_map_options=ecs.CloudMapOptions(
                cloud_map_namespace=network.namespace,
                name=name,
                dns_record_type=discovery.DnsRecordType.A,
                dns_ttl=Duration.seconds(10),
            )
            if targets
            else None,
        )
        if targets:
            made.attach_to_application_target_group(targets)
        else:
            made.associate_cloud_map_service(service=self.data.discovery)
        if scales:
            self._scale(made, size, targets)
        return made

    def _task_definition(self, name, service, size):
        settings = self.settings
        definition = ecs.FargateTaskDefinition(
            self,
            f"{name}-task",
            family=f"aldeia-{settings['short']}-{name}",
            cpu=size["cpu"],
            memory_limit_mib=size["memory"],
            runtime_platform=ecs.RuntimePlatform(
                cpu_architecture=ecs.CpuArchitecture.X86_64,
                operating_system_family=ecs.OperatingSystemFamily.LINUX,
            ),
        )
        container = self._container(definition, name, service, size)
        for index, path in enumerate(service["writable"]):
            definition.add_volume(name=f"scratch-{index}")
            container.add_mount_points(
                ecs.MountPoint(container_path=path, source_volume=f"scratch-{index}", read_only=False)
            )
        if name == "backend":
            self._grant_backend(definition.task_role)
        if name == "chromadb":
            self._add_data(definition, container)
        return definition

    def _container(self, definition, name, service, size):
        settings = self.settings
        linux = ecs.LinuxParameters(self, f"{name}-linux", init_process_enabled=True)
        linux.drop_capabilities(ecs.Capability.ALL)
        values = {"environment": settings["name"], "domain": settings["domain"]}
        tag = service.get("tag") or CfnParameter(self, f"{name}-image-tag", default="latest").value_as_string
        logs = log_group(self, f"{name}-logs", settings, self.network.key, f"/ecs/aldeia-{settings['short']}-{name}")
        return definition.add_container(
            name,
            image=ecs.ContainerImage.from_ecr_repository(self.registry.repositories[name], tag),
            command=service.get("command"),
            port_mappings=[ecs.PortMapping(container_port=service["port"])],
            memory_limit_mib=size["memory"],
            readonly_root_filesystem=bool(service["writable"]),
            linux_parameters=linux,
            environment={key: filled(value, values) for key, value in service["environment"].items()},
            secrets={
                key: ecs.Secret.from_secrets_manager(self.data.secrets[secret], key)
                for key, secret in service["secrets"].items()
            },
            health_check=ecs.HealthCheck(
                command=service["check"],
                interval=Duration.seconds(30),
                retries=3,
                start_period=Duration.seconds(service["startPeriod"]),
                timeout=Duration.seconds(5),
            ),
            logging=ecs.LogDrivers.aws_logs(
                log_group=logs,
                stream_prefix="ecs",
                mode=ecs.AwsLogDriverMode.NON_BLOCKING,
                max_buffer_size=Size.mebibytes(25),
            ),
        )

    def _grant_backend(self, role):
        self.data.backups.grant_read_write(role)
        role.add_to_principal_policy(
            iam.PolicyStatement(
                actions=["ses:SendEmail", "ses:SendRawEmail"],
                resources=[f"arn:aws:ses:{self.region}:{self.account}:identity/aldeia.com"],
                conditions={"StringLike": {"ses:FromAddress": "*@aldeia.com"}},
            )
        )

    def _add_data(self, definition, container):
        definition.add_volume(
            name="data",
            efs_volume_configuration=ecs.EfsVolumeConfiguration(
                file_system_id=self.data.file_system.file_system_id,
                transit_encryption="ENABLED",
                authorization_config=ecs.AuthorizationConfig(
                    access_point_id=self.data.access_point.access_point_id, iam="ENABLED"
                ),
            ),
        )
        container.add_mount_points(ecs.MountPoint(container_path="/data", source_volume="data", read_only=False))
        grant_mount(definition.task_role, self.data)

    def _deployment_alarms(self, name, targets):
        minute, failed = Duration.minutes(1), elb.HttpCodeTarget.TARGET_5XX_COUNT
        metrics = {
            "5xx": (targets.metrics.http_code_target(failed, period=minute), 10),
            "unhealthy": (targets.metrics.unhealthy_host_count(period=minute, statistic="Maximum"), 0),
        }
        names = []
        for kind, (metric, threshold) in metrics.items():
            names.append(f"aldeia-{self.settings['short']}-{name}-deployment-{kind}")
            cloudwatch.Alarm(
                self,
                f"{name}-deployment-{kind}",
                alarm_name=names[-1],
                alarm_description=f"Sends a deployment of {name} back to the version before",
                metric=metric,
                threshold=threshold,
                comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
                datapoints_to_alarm=2,
                evaluation_periods=3,
                treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            )
        return ecs.DeploymentAlarmConfig(alarm_names=names, behavior=ecs.AlarmBehavior.ROLLBACK_ON_ALARM)

    def _scale(self, service, size, targets):
        pace = {"scale_in_cooldown": Duration.seconds(300), "scale_out_cooldown": Duration.seconds(60)}
        count = service.auto_scale_task_count(min_capacity=size["minimum"], max_capacity=size["maximum"])
        count.scale_on_cpu_utilization("Cpu", target_utilization_percent=70, **pace)
        count.scale_on_memory_utilization("Memory", target_utilization_percent=80, **pace)
        count.scale_on_request_count("Requests", requests_per_target=1000, target_group=targets, **pace)
