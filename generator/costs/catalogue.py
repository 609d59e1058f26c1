"""What the project knows to be billed: one `Item` for each unit price, and how the AWS Price List names it.

In: nothing. Out: `ITEMS`, by the key that `prices.json` and the pricers use. Refuses to know: any price.

`query` are exact attribute filters of `pricing.get_products`; `usage` is matched against the end of `usagetype`, whose beginning
names the region (`SAE1-NatGateway-Hours`; us-east-1 mostly has none). `factor` turns the list's unit into ours: the list says
one request where the pricing page says ten thousand. An item without `service` is not in the list at all; `make prices` keeps it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Item:
    """One unit price: its key, what one unit is, the group it is shown in, and where the Price List has it."""

    key: str
    unit: str
    group: str
    service: str = ""
    usage: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    factor: float = 1
    place: str = "regionCode"  # the attribute that names the region
    everywhere: bool = False  # one price in every commercial region, kept once under "any"


COMPUTE, NETWORK, FILES, STORAGE, LOGS, WATCHING, GUARDING = (
    "compute", "network", "files", "storage", "logs", "monitoring", "names, secrets, protection",
)  # fmt: skip
GROUPS = (COMPUTE, NETWORK, FILES, STORAGE, LOGS, WATCHING, GUARDING)

# On-demand instance types that the description offers (generator/sizes.py), and their arm64 neighbours.
INSTANCE_TYPES = (
    "t3.small", "t3.medium", "t3.large", "t3.xlarge", "t3.2xlarge", "m6i.large", "m6i.xlarge",
    "t4g.small", "t4g.medium", "t4g.large", "t4g.xlarge", "t4g.2xlarge",
)  # fmt: skip
_SHARED_LINUX = {
    "operatingSystem": "Linux", "tenancy": "Shared", "preInstalledSw": "NA", "capacitystatus": "Used",
}  # fmt: skip


def instance_key(instance_type: str) -> str:
    """The key of an instance type's hour, on demand, Linux, shared tenancy."""
    return f"ec2-{instance_type}-hour"


_ITEMS = (
    Item("fargate-x86-vcpu-hour", "vCPU-hour", COMPUTE, "AmazonECS", "Fargate-vCPU-Hours:perCPU"),
    Item("fargate-x86-gb-hour", "GB-hour", COMPUTE, "AmazonECS", "Fargate-GB-Hours"),
    Item("fargate-arm64-vcpu-hour", "vCPU-hour", COMPUTE, "AmazonECS", "Fargate-ARM-vCPU-Hours:perCPU"),
    Item("fargate-arm64-gb-hour", "GB-hour", COMPUTE, "AmazonECS", "Fargate-ARM-GB-Hours"),
    # Spot and commitments are no on-demand products of the list.
    Item("fargate-spot-x86-vcpu-hour", "vCPU-hour", COMPUTE),
    Item("fargate-spot-x86-gb-hour", "GB-hour", COMPUTE),
    Item("fargate-spot-arm64-vcpu-hour", "vCPU-hour", COMPUTE),
    Item("fargate-spot-arm64-gb-hour", "GB-hour", COMPUTE),
    Item("fargate-committed-x86-vcpu-hour", "vCPU-hour", COMPUTE),
    Item("fargate-committed-x86-gb-hour", "GB-hour", COMPUTE),
    Item("ec2-t3-committed-share", "share of the on-demand price", COMPUTE),
    Item("fargate-ephemeral-gb-hour", "GB-hour", COMPUTE, "AmazonECS", "Fargate-EphemeralStorage-GB-Hours"),
    *(
        Item(instance_key(each), "instance-hour", COMPUTE, "AmazonEC2", f"BoxUsage:{each}",
             {"instanceType": each, **_SHARED_LINUX})
        for each in INSTANCE_TYPES
    ),
    Item("ec2-t3-credit-hour", "vCPU-hour", COMPUTE, "AmazonEC2", "CPUCredits:t3", {"operatingSystem": "Linux"}, everywhere=True),
    Item("ec2-t4g-credit-hour", "vCPU-hour", COMPUTE, "AmazonEC2", "CPUCredits:t4g", {"operatingSystem": "Linux"}, everywhere=True),
    Item("ebs-gp3-gb-month", "GB-month", STORAGE, "AmazonEC2", "EBS:VolumeUsage.gp3", {"volumeApiName": "gp3"}),
    Item("ebs-gp3-iops-month", "IOPS-month", STORAGE, "AmazonEC2", "EBS:VolumeP-IOPS.gp3"),
    # The list counts in GiB/s.
    Item("ebs-gp3-mibps-month", "MiB/s-month", STORAGE, "AmazonEC2", "EBS:VolumeP-Throughput.gp3", factor=1 / 1024),
    Item("nat-hour", "gateway-hour", NETWORK, "AmazonEC2", "NatGateway-Hours", {"operation": "NatGateway"}),
    Item("nat-gb", "GB", NETWORK, "AmazonEC2", "NatGateway-Bytes", {"operation": "NatGateway"}),
    Item("alb-hour", "load-balancer-hour", NETWORK, "AWSELB", "LoadBalancerUsage",
         {"operation": "LoadBalancing:Application"}),
    Item("alb-lcu-hour", "LCU-hour", NETWORK, "AWSELB", "LCUUsage", {"operation": "LoadBalancing:Application"}),
    Item("ipv4-hour", "address-hour", NETWORK, "AmazonVPC", "PublicIPv4:InUseAddress"),
    Item("endpoint-hour", "endpoint-zone-hour", NETWORK, "AmazonVPC", "VpcEndpoint-Hours"),
    Item("endpoint-gb", "GB", NETWORK, "AmazonVPC", "VpcEndpoint-Bytes"),
    Item("transfer-out-gb", "GB", NETWORK, "AWSDataTransfer", "DataTransfer-Out-Bytes",
         {"transferType": "AWS Outbound", "toLocation": "External"}, place="fromRegionCode"),
    Item("transfer-zone-gb", "GB each direction", NETWORK, "AWSDataTransfer", "DataTransfer-Regional-Bytes",
         place="fromRegionCode"),
    Item("efs-standard-gb-month", "GB-month", FILES, "AmazonEFS", "TimedStorage-ByteHrs", {"storageClass": "General Purpose"}),
    Item("efs-ia-gb-month", "GB-month", FILES, "AmazonEFS", "IATimedStorage-ByteHrs", {"storageClass": "Infrequent Access"}),
    Item("efs-ia-elastic-gb-month", "GB-month", FILES, "AmazonEFS", "IATimedStorage-ET-ByteHrs",
         {"storageClass": "Infrequent Access-ET"}),
    Item("efs-elastic-read-gb", "GB", FILES, "AmazonEFS", "ETDataAccess-Bytes", {"accessType": "Read"}),
    Item("efs-elastic-write-gb", "GB", FILES, "AmazonEFS", "ETDataAccess-Bytes", {"accessType": "Write"}),
    Item("efs-provisioned-mibps-month", "MiB/s-month", FILES, "AmazonEFS", "ProvisionedTP-MiBpsHrs"),
    Item("backup-efs-gb-month", "GB-month", FILES, "AWSBackup", "WarmStorage-ByteHrs-EFS"),
    Item("s3-gb-month", "GB-month", STORAGE, "AmazonS3", "TimedStorage-ByteHrs", {"volumeType": "Standard"}),
    Item("ecr-gb-month", "GB-month", STORAGE, "AmazonECR", "TimedStorage-ByteHrs"),
    Item("logs-ingested-gb", "GB", LOGS, "AmazonCloudWatch", "DataProcessing-Bytes"),
    Item("logs-vended-gb", "GB", LOGS, "AmazonCloudWatch", "VendedLog-Bytes", {"logsDestination": "Amazon CloudWatch Logs"}),
    Item("logs-stored-gb-month", "GB-month", LOGS, "AmazonCloudWatch", "TimedStorage-ByteHrs"),
    Item("metric-month", "metric-month", WATCHING, "AmazonCloudWatch", "CW:MetricMonitorUsage"),
    Item("container-insights-metric-month", "metric-month", WATCHING, "AmazonCloudWatch", "CW:ContainerInsightsMetricUsage"),
    Item("alarm-month", "alarm-metric-month", WATCHING, "AmazonCloudWatch", "CW:AlarmMonitorUsage"),
    Item("alarm-fast-month", "alarm-metric-month", WATCHING, "AmazonCloudWatch", "CW:HighResAlarmMonitorUsage"),
    Item("composite-alarm-month", "alarm-month", WATCHING, "AmazonCloudWatch", "CW:CompositeAlarmMonitorUsage"),
    # The list has no dashboards; only the pricing page tells.
    Item("dashboard-month", "dashboard-month", WATCHING, everywhere=True),
    Item("secret-month", "secret-month", GUARDING, "AWSSecretsManager", "AWSSecretsManager-Secrets"),
    Item("secret-10k-requests", "10,000 requests", GUARDING, "AWSSecretsManager", "AWSSecretsManagerAPIRequest", factor=10_000),
    Item("zone-month", "hosted-zone-month", GUARDING, "AmazonRoute53", "HostedZone", everywhere=True),
    Item("dns-million-queries", "million queries", GUARDING, "AmazonRoute53", "DNS-Queries", factor=1e6, everywhere=True),
    Item("kms-key-month", "key-month", GUARDING, "awskms", "KMS-Keys"),
    Item("kms-10k-requests", "10,000 requests", GUARDING, "awskms", "KMS-Requests", factor=10_000),
    Item("waf-acl-month", "web-ACL-month", GUARDING, "awswaf", "WebACLV2"),
    Item("waf-rule-month", "rule-month", GUARDING, "awswaf", "RuleV2"),
    Item("waf-million-requests", "million requests", GUARDING, "awswaf", "RequestV2-Tier1", factor=1e6),
)  # fmt: skip

ITEMS: Mapping[str, Item] = {each.key: each for each in _ITEMS}


def group_of(key: str) -> str:
    """The group that an item is shown in; also of an instance or volume type that has no price here."""
    if key in ITEMS:
        return ITEMS[key].group
    return STORAGE if key.startswith("ebs-") else COMPUTE
