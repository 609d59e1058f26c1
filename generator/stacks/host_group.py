"""One kind of EC2 host as resources: role, launch template, auto scaling group, scaling. Part of stack `ec2`.

In: a template, a kind of host, references. Out: the resources, added. Knows sizes and counts, but nothing of what the hosts run.
"""

from typing import Any

from awacs import aws
from troposphere import GetAtt, If, NoValue, Ref, Tags, Template, autoscaling, cloudwatch, ec2, iam, policies

from generator.hosts import HostKind
from generator.model import PROJECT, Host
from generator.naming import alarm_name
from generator.policies.common import trust
from generator.policies.host import managed_policies
from generator.tagging import common_tags
from generator.wiring import first_deployment

# A host takes five to ten minutes; the document's Deployment Comparison says 10 to 15 for all of it.
SIGNAL_TIMEOUT = "PT20M"
GRACE_SECONDS = 900

# Auto Scaling guide, "Suspend and resume processes": what would fight a rolling update.
_SUSPENDED = ["AZRebalance", "AlarmNotification", "HealthCheck", "ReplaceUnhealthy", "ScheduledActions"]


def host_profile(template: Template, kind: HostKind, policy: aws.PolicyDocument) -> iam.InstanceProfile:
    """The hosts' role, and the profile that carries it."""
    role = template.add_resource(
        iam.Role(
            f"{kind.title}Role",
            Description=f"EC2-AldeiaRole of {kind.environment.name}: what a {kind.title} may do (CloudFormation names it)",
            AssumeRolePolicyDocument=trust("ec2"),
            ManagedPolicyArns=managed_policies(),
            Policies=[iam.Policy(PolicyName="run-containers", PolicyDocument=policy)],
        )
    )
    profile: iam.InstanceProfile = template.add_resource(
        iam.InstanceProfile(f"{kind.title}InstanceProfile", Roles=[Ref(role)])
    )
    return profile


def launch_template(template: Template, kind: HostKind, **references: Any) -> ec2.LaunchTemplate:
    """What each host is. `references` are image, profile, security groups and user data."""
    host = kind.host
    tags = common_tags(kind.environment.name, "ec2") | {"Name": f"{PROJECT}-{kind.environment.name}-{kind.title}"}
    burst: dict[str, Any] = {}
    if host.instance_type.startswith("t"):
        # EC2's default for T3, written out: throttled to the baseline, a host would fail its checks under load.
        burst["CreditSpecification"] = ec2.LaunchTemplateCreditSpecification(CpuCredits="unlimited")
    launch: ec2.LaunchTemplate = template.add_resource(
        ec2.LaunchTemplate(
            f"{kind.title}LaunchTemplate",
            TagSpecifications=[ec2.TagSpecifications(ResourceType="launch-template", Tags=Tags(**tags))],
            LaunchTemplateData=ec2.LaunchTemplateData(
                InstanceType=host.instance_type,
                BlockDeviceMappings=[
                    ec2.LaunchTemplateBlockDeviceMapping(
                        DeviceName="/dev/sda1",
                        Ebs=ec2.EBSBlockDevice(
                            VolumeType="gp3", VolumeSize=host.volume_gib, Encrypted=True, DeleteOnTermination=True
                        ),
                    )
                ],
                # One hop reaches the host itself and no container behind its bridge: the role is the host's, which logs in
                # to the registry, reads secrets and ships logs; no container may borrow it.
                MetadataOptions=ec2.MetadataOptions(
                    HttpEndpoint="enabled", HttpTokens="required", HttpPutResponseHopLimit=1
                ),
                # One-minute points: the scaling alarms count minutes.
                Monitoring=ec2.Monitoring(Enabled=True),
                TagSpecifications=[
                    ec2.TagSpecifications(ResourceType=what, Tags=Tags(**tags))
                    for what in ("instance", "network-interface", "volume")
                ],
                **burst,
                **references,
            ),
        )
    )
    return launch


def host_group(
    template: Template, kind: HostKind, launch: ec2.LaunchTemplate, **references: Any
) -> autoscaling.AutoScalingGroup:
    """The group of one kind of host. `references` are subnets, target groups, and what it depends on."""
    host = kind.host
    references = {name: value for name, value in references.items() if value}
    behind_balancer = "TargetGroupARNs" in references
    group: autoscaling.AutoScalingGroup = template.add_resource(
        autoscaling.AutoScalingGroup(
            f"{kind.title}Group",
            MinSize=str(host.minimum),
            MaxSize=str(host.maximum),
            DesiredCapacity=_desired(template, host),
            LaunchTemplate=autoscaling.LaunchTemplateSpecification(
                LaunchTemplateId=Ref(launch), Version=GetAtt(launch, "LatestVersionNumber")
            ),
            HealthCheckType="ELB" if behind_balancer else "EC2",
            HealthCheckGracePeriod=GRACE_SECONDS,
            InstanceMaintenancePolicy=_maintenance(kind),
            MetricsCollection=[autoscaling.MetricsCollection(Granularity="1Minute")],
            CreationPolicy=policies.CreationPolicy(
                AutoScalingCreationPolicy=policies.AutoScalingCreationPolicy(MinSuccessfulInstancesPercent=100),
                ResourceSignal=policies.ResourceSignal(Count=host.desired, Timeout=SIGNAL_TIMEOUT),
            ),
            UpdatePolicy=policies.UpdatePolicy(
                AutoScalingRollingUpdate=policies.AutoScalingRollingUpdate(
                    MinInstancesInService=str(_kept(host)),
                    MaxBatchSize="1",
                    MinSuccessfulInstancesPercent="100",
                    PauseTime=SIGNAL_TIMEOUT,
                    WaitOnResourceSignals=True,
                    SuspendProcesses=_SUSPENDED,
                )
            ),
            **references,
        )
    )
    return group


def _desired(template: Template, host: Host) -> Any:
    """The documented number when the group is made; afterwards scaling keeps it, if anything scales."""
    return If(first_deployment(template), str(host.desired), NoValue) if host.scales else str(host.desired)


def _kept(host: Host) -> int:
    """Hosts in service while others are replaced; it must be below the maximum.

    With room above the desired number a new host comes first, and capacity is kept. Without it, as with one host at most, the old
    one goes first: also the only order in which data has one writer.
    """
    return min(host.desired, host.maximum - 1)


def _maintenance(kind: HostKind) -> autoscaling.InstanceMaintenancePolicy:
    """The same order when the group itself replaces a host: never two with data, else the new one first."""
    if kind.keepers:
        return autoscaling.InstanceMaintenancePolicy(MinHealthyPercentage=0, MaxHealthyPercentage=100)
    return autoscaling.InstanceMaintenancePolicy(MinHealthyPercentage=100, MaxHealthyPercentage=150)


def scale_hosts(template: Template, kind: HostKind, group: autoscaling.AutoScalingGroup) -> None:
    """Document, Option A, Scaling Policies: one host more or less, by alarms of one-minute points, and the cooldown.

    Simple policies, since they are the ones that honour `Cooldown` (Auto Scaling API reference, PutScalingPolicy).
    """
    alarms = kind.host.alarms
    for word, change, comparison, percent, minutes in (
        ("high", 1, "GreaterThanThreshold", alarms.high_percent, alarms.high_minutes),
        ("low", -1, "LessThanThreshold", alarms.low_percent, alarms.low_minutes),
    ):
        policy = template.add_resource(
            autoscaling.ScalingPolicy(
                f"{kind.title}Cpu{word.title()}Policy",
                AutoScalingGroupName=Ref(group),
                PolicyType="SimpleScaling",
                AdjustmentType="ChangeInCapacity",
                ScalingAdjustment=change,
                Cooldown=str(alarms.cooldown),
            )
        )
        template.add_resource(
            cloudwatch.Alarm(
                f"{kind.title}Cpu{word.title()}Alarm",
                AlarmName=alarm_name(kind.environment, "hosts", f"cpu-{word}"),
                AlarmDescription=f"Hosts of {kind.environment.name}: CPU {word} for {minutes} minutes; changes their number",
                Namespace="AWS/EC2",
                MetricName="CPUUtilization",
                Dimensions=[cloudwatch.MetricDimension(Name="AutoScalingGroupName", Value=Ref(group))],
                Statistic="Average",
                Period=60,
                EvaluationPeriods=minutes,
                Threshold=percent,
                ComparisonOperator=comparison,
                TreatMissingData="notBreaching",
                AlarmActions=[Ref(policy)],
            )
        )
