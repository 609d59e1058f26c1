"""The other compute option of an environment: EC2 hosts that run its services with Docker Compose."""

from pathlib import Path

from aws_cdk import Duration, Stack
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from parts import filled, grant_mount, log_group, publish

HOST_SCRIPT = (Path(__file__).parent.parent / "host.sh").read_text()
PRIVATE = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS)


class Ec2Stack(Stack):
    def __init__(self, scope, name, *, system, settings, network, data, edge, registry, **properties):
        super().__init__(scope, name, **properties)
        self.system, self.settings, self.network = system, settings, network
        self.data, self.registry = data, registry
        log_group(self, "HostLogGroup", settings, network.key, f"/aws/ec2/aldeia-{settings['name']}")
        on_host = list(edge.target_groups if settings["dataHost"] else system["services"])
        host = settings["host"]
        self.group = self._host_group("Host", host, network.groups["Host"], on_host, "application")
        for groups in edge.target_groups.values():
            self.group.attach_to_application_target_group(groups["ec2"])
        if host["maximum"] > host["minimum"]:
            self._scale()
        if settings["dataHost"]:
            size = {**host, "minimum": 1, "maximum": 1}
            self._host_group("DataHost", size, network.groups["Chromadb"], ["chromadb"], "data")
        publish(self, f"{settings['name']}/ec2", {"HostGroupName": self.group.auto_scaling_group_name})

    def _host_group(self, name, size, security_group, services, profile):
        user_data = ec2.UserData.for_linux()
        values = {**self.system, "environment": self.settings["name"], "profile": profile}
        user_data.add_commands(filled(HOST_SCRIPT, values))
        grace = Duration.minutes(15)
        elb_check = autoscaling.AdditionalHealthCheckType.ELB
        group = autoscaling.AutoScalingGroup(
            self,
            f"{name}Group",
            vpc=self.network.vpc,
            vpc_subnets=PRIVATE,
            launch_template=self._launch_template(name, size, security_group, self._role(name, services), user_data),
            min_capacity=size["minimum"],
            max_capacity=size["maximum"],
            group_metrics=[autoscaling.GroupMetrics.all()],
            health_checks=autoscaling.HealthChecks.with_additional_checks(
                additional_types=[elb_check], grace_period=grace
            )
            if "backend" in services
            else autoscaling.HealthChecks.ec2(grace_period=grace),
            signals=autoscaling.Signals.wait_for_min_capacity(timeout=Duration.minutes(20)),
            update_policy=autoscaling.UpdatePolicy.rolling_update(
                max_batch_size=1,
                min_instances_in_service=size["minimum"] if size["maximum"] > size["minimum"] else 0,
                pause_time=Duration.minutes(20),
                wait_on_resource_signals=True,
            ),
        )
        user_data.add_signal_on_exit_command(group)
        return group

    def _launch_template(self, name, size, security_group, role, user_data):
        image = "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id"
        volume = ec2.BlockDeviceVolume.ebs(size["volumeGib"], encrypted=True, volume_type=ec2.EbsDeviceVolumeType.GP3)
        return ec2.LaunchTemplate(
            self,
            f"{name}LaunchTemplate",
            machine_image=ec2.MachineImage.from_ssm_parameter(
                image, os=ec2.OperatingSystemType.LINUX, user_data=user_data
            ),
            instance_type=ec2.InstanceType(size["instanceType"]),
            role=role,
            security_group=security_group,
            user_data=user_data,
            block_devices=[ec2.BlockDevice(device_name="/dev/sda1", volume=volume)],
            cpu_credits=ec2.CpuCredits.UNLIMITED,
            detailed_monitoring=True,
            require_imdsv2=True,
            http_put_response_hop_limit=1,
        )

    def _role(self, name, services):
        managed = iam.ManagedPolicy.from_aws_managed_policy_name
        role = iam.Role(
            self,
            f"{name}Role",
            assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"),
            description=f"What a {name} of {self.settings['name']} may do",
            managed_policies=[managed("AmazonSSMManagedInstanceCore"), managed("CloudWatchAgentServerPolicy")],
        )
        self.registry.artifacts.grant_read(role)
        for service in services:
            self.registry.repositories[service].grant_pull(role)
        if "backend" in services:
            for secret in self.data.secrets.values():
                secret.grant_read(role)
        if "chromadb" in services:
            grant_mount(role, self.data)
        return role

    def _scale(self):
        metric = cloudwatch.Metric(
            namespace="AWS/EC2",
            metric_name="CPUUtilization",
            dimensions_map={"AutoScalingGroupName": self.group.auto_scaling_group_name},
            period=Duration.minutes(1),
        )
        self.group.scale_on_metric(
            "Cpu",
            metric=metric,
            scaling_steps=[
                autoscaling.ScalingInterval(upper=30, change=-1),
                autoscaling.ScalingInterval(lower=70, change=1),
            ],
            adjustment_type=autoscaling.AdjustmentType.CHANGE_IN_CAPACITY,
            evaluation_periods=5,
            estimated_instance_warmup=Duration.minutes(5),
        )
