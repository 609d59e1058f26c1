"""What each resource type is billed for, one function a type, and the registry of all types that are priced or known to be free.

A pricer is a function from one resource, its stack and the traffic to `Charge`s: quantities of catalogue items. Refuses to know:
prices. A new type is a function and a line in PRICED, or a line in FREE with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from generator.costs.charges import compute, guarding, network, storage, watching
from generator.costs.charges.charge import Charge, Stack
from generator.costs.resolve import Resource
from generator.costs.traffic import Traffic

Pricer = Callable[[Resource, Stack, Traffic], Iterable[Charge]]

PRICED: Mapping[str, Pricer] = {
    "AWS::AutoScaling::AutoScalingGroup": compute.auto_scaling_group,
    "AWS::CloudWatch::Alarm": watching.alarm,
    "AWS::CloudWatch::CompositeAlarm": watching.composite_alarm,
    "AWS::CloudWatch::Dashboard": watching.dashboard,
    "AWS::EC2::EIP": network.address,
    "AWS::EC2::Instance": compute.instance,
    "AWS::EC2::NatGateway": network.nat_gateway,
    "AWS::EC2::VPC": network.vpc,
    "AWS::EC2::VPCEndpoint": network.endpoint,
    "AWS::EC2::Volume": compute.volume,
    "AWS::ECR::Repository": storage.repository,
    "AWS::ECS::Cluster": watching.cluster,
    "AWS::ECS::Service": compute.service,
    "AWS::EFS::FileSystem": storage.file_system,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": network.load_balancer,
    "AWS::KMS::Key": guarding.key,
    "AWS::Logs::LogGroup": watching.log_group,
    "AWS::Route53::HostedZone": guarding.hosted_zone,
    "AWS::S3::Bucket": storage.bucket,
    "AWS::SecretsManager::Secret": guarding.secret,
    "AWS::ServiceDiscovery::PrivateDnsNamespace": guarding.hosted_zone,
    "AWS::WAFv2::WebACL": guarding.web_acl,
}

_NO_CHARGE = "AWS makes no charge for it"
_PART = "its parent pays"
FREE: Mapping[str, str] = {
    "AWS::ApplicationAutoScaling::ScalableTarget": f"{_NO_CHARGE}; what it scales is priced with its range",
    "AWS::ApplicationAutoScaling::ScalingPolicy": f"{_NO_CHARGE}; the alarms that target tracking makes are free",
    "AWS::AutoScaling::ScalingPolicy": _NO_CHARGE,
    "AWS::AutoScaling::ScheduledAction": f"{_NO_CHARGE}; the group is priced for the hours it leaves",
    "AWS::Budgets::Budget": "budgets that only notify are free",
    "AWS::CertificateManager::Certificate": "public certificates for AWS's own load balancers are free",
    "AWS::CloudWatch::AlarmMuteRule": _NO_CHARGE,
    "AWS::CodeBuild::Project": "builds are paid by the minute, nothing while none runs",
    "AWS::EC2::FlowLog": "the log group pays for what it receives",
    "AWS::EC2::InternetGateway": _NO_CHARGE,
    "AWS::EC2::LaunchTemplate": f"{_NO_CHARGE}; the group that launches from it pays",
    "AWS::EC2::NetworkAcl": _NO_CHARGE,
    "AWS::EC2::NetworkAclEntry": _NO_CHARGE,
    "AWS::EC2::Route": _NO_CHARGE,
    "AWS::EC2::RouteTable": _NO_CHARGE,
    "AWS::EC2::SecurityGroup": _NO_CHARGE,
    "AWS::EC2::SecurityGroupEgress": _NO_CHARGE,
    "AWS::EC2::SecurityGroupIngress": _NO_CHARGE,
    "AWS::EC2::Subnet": _NO_CHARGE,
    "AWS::EC2::SubnetNetworkAclAssociation": _NO_CHARGE,
    "AWS::EC2::SubnetRouteTableAssociation": _NO_CHARGE,
    "AWS::EC2::VPCGatewayAttachment": _NO_CHARGE,
    "AWS::ECR::PullThroughCacheRule": f"{_NO_CHARGE}; the images it stores are",
    "AWS::ECS::ClusterCapacityProviderAssociations": _NO_CHARGE,
    "AWS::ECS::TaskDefinition": f"{_NO_CHARGE}; the service that runs it pays",
    "AWS::EFS::AccessPoint": _NO_CHARGE,
    "AWS::EFS::MountTarget": _NO_CHARGE,
    "AWS::ElasticLoadBalancingV2::Listener": _PART,
    "AWS::ElasticLoadBalancingV2::ListenerCertificate": _PART,
    "AWS::ElasticLoadBalancingV2::ListenerRule": "ten rules are free with the load balancer",
    "AWS::ElasticLoadBalancingV2::TargetGroup": _PART,
    "AWS::Events::Rule": "events of AWS's own services are free",
    "AWS::IAM::InstanceProfile": _NO_CHARGE,
    "AWS::IAM::ManagedPolicy": _NO_CHARGE,
    "AWS::IAM::OIDCProvider": _NO_CHARGE,
    "AWS::IAM::Policy": _NO_CHARGE,
    "AWS::IAM::Role": _NO_CHARGE,
    "AWS::IAM::RolePolicy": _NO_CHARGE,
    "AWS::IAM::ServiceLinkedRole": _NO_CHARGE,
    "AWS::KMS::Alias": _NO_CHARGE,
    "AWS::Logs::MetricFilter": "its metric is custom only once it has values",
    "AWS::Logs::ResourcePolicy": _NO_CHARGE,
    "AWS::Route53::RecordSet": "records are free, and so are queries for aliases of load balancers",
    "AWS::S3::BucketPolicy": _NO_CHARGE,
    "AWS::SNS::Subscription": "a thousand e-mails a month are free",
    "AWS::SNS::Topic": "a million requests a month are free",
    "AWS::SNS::TopicPolicy": _NO_CHARGE,
    "AWS::SSM::Parameter": "standard parameters are free",
    "AWS::SecretsManager::ResourcePolicy": _NO_CHARGE,
    "AWS::ServiceDiscovery::Service": "ECS registers its tasks without charge",
    "AWS::WAFv2::IPSet": _NO_CHARGE,
    "AWS::WAFv2::LoggingConfiguration": "the log group pays for what it receives",
    "AWS::WAFv2::WebACLAssociation": _NO_CHARGE,
}


def charges_of(resource: Resource, stack: Stack, traffic: Traffic) -> Iterable[Charge] | None:
    """What a resource is billed for: () for a free type, None for a type nobody has looked at."""
    if resource.type in FREE:
        return ()
    pricer = PRICED.get(resource.type)
    return None if pricer is None else tuple(pricer(resource, stack, traffic))
