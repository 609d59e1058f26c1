"""What each resource type is billed for, and that nobody is forgotten."""

import json
from datetime import date

import pytest

from generator.costs.bill import Source, bill_of
from generator.costs.catalogue import ITEMS
from generator.costs.charges import FREE, PRICED
from generator.costs.charges.schedule import minutes_of_week
from generator.costs.prices import own_table, staleness
from generator.costs.resolve import resources
from generator.costs.traffic import HOURS, Range, Traffic, TrafficError, parse

REGION = "us-east-1"
SECONDS = HOURS * 3600


def priced(resources_, traffic=None, **parameters):
    """The lines of a template of these resources: {item: (low, high) dollars}."""
    template = {"Resources": resources_, "Parameters": {name: {"Type": "String"} for name in parameters}}
    bill = bill_of(Source("s", template, parameters), traffic or Traffic(), REGION, own_table())
    found = {}
    for each in bill.lines:
        low, high = found.get(each.item, (0, 0))
        found[each.item] = (low + each.low, high + each.high)
    return {item: amounts for item, amounts in found.items() if amounts[1]}


def task(**properties):
    """A task definition of 1 vCPU and 2 GB."""
    return {"Type": "AWS::ECS::TaskDefinition", "Properties": {"Cpu": "1024", "Memory": "2048", **properties}}


def service(**properties):
    """A service that runs it."""
    return {
        "Type": "AWS::ECS::Service",
        "Properties": {"TaskDefinition": {"Ref": "Task"}, "DesiredCount": 2, **properties},
    }


def near(*amounts):
    """A pair of dollars, to a hundredth of a cent."""
    return tuple(pytest.approx(each, abs=1e-4) for each in amounts)


def test_every_type_of_every_template_is_priced_or_known_to_be_free(templates):
    """A new type in a template fails here until somebody has looked at what it costs."""
    types = {each["Type"] for template in templates.values() for each in template["Resources"].values()}
    assert types - set(PRICED) - set(FREE) == set()
    assert set(PRICED) & set(FREE) == set()


def test_the_home_region_has_every_price():
    """Whatever a pricer may ask for is in the table of us-east-1."""
    assert [key for key in ITEMS if own_table().find(REGION, key) is None] == []


def test_the_table_holds_no_unknown_item():
    """A misspelt key would never be found."""
    assert [key for rows in own_table().regions.values() for key in rows if key not in ITEMS] == []


def test_a_fargate_service_by_its_scaling_target():
    """2 to 4 tasks of 1 vCPU and 2 GB, whatever the desired count."""
    target = {
        "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
        "Properties": {"MinCapacity": 2, "MaxCapacity": 4, "ResourceId": {"Fn::Sub": "service/${Cluster}/${Web.Name}"}},
    }
    found = priced({"Task": task(), "Web": service(DesiredCount=1), "Target": target})
    assert found["fargate-x86-vcpu-hour"] == near(2 * 730 * 0.04048, 4 * 730 * 0.04048)
    assert found["fargate-x86-gb-hour"] == near(4 * 730 * 0.004445, 8 * 730 * 0.004445)


def test_arm64_has_its_own_price():
    """The runtime platform decides."""
    found = priced({"Task": task(RuntimePlatform={"CpuArchitecture": "ARM64"}), "Web": service()})
    assert found == {
        "fargate-arm64-vcpu-hour": near(2 * 730 * 0.03238, 2 * 730 * 0.03238),
        "fargate-arm64-gb-hour": near(4 * 730 * 0.00356, 4 * 730 * 0.00356),
    }


def test_spot_takes_what_the_base_leaves():
    """Four tasks: one is the base on demand, the other three go to Spot by weight."""
    strategy = [
        {"CapacityProvider": "FARGATE", "Base": 1, "Weight": 0},
        {"CapacityProvider": "FARGATE_SPOT", "Weight": 1},
    ]
    found = priced({"Task": task(), "Web": service(DesiredCount=4, CapacityProviderStrategy=strategy)})
    assert found["fargate-x86-vcpu-hour"] == near(730 * 0.04048, 730 * 0.04048)
    assert found["fargate-spot-x86-vcpu-hour"] == near(3 * 730 * 0.01288871, 3 * 730 * 0.01288871)


def test_ephemeral_storage_beyond_twenty_gib():
    """Fifty are twenty free and thirty paid."""
    found = priced({"Task": task(EphemeralStorage={"SizeInGiB": 50}), "Web": service(DesiredCount=1)})
    assert found["fargate-ephemeral-gb-hour"] == near(30 * 730 * 0.000111, 30 * 730 * 0.000111)


def group(**data):
    """A group of 1 to 3 hosts and its launch template."""
    return {
        "Template": {
            "Type": "AWS::EC2::LaunchTemplate",
            "Properties": {"LaunchTemplateData": {"InstanceType": "t3.large", **data}},
        },
        "Group": {
            "Type": "AWS::AutoScaling::AutoScalingGroup",
            "Properties": {
                "MinSize": "1",
                "MaxSize": "3",
                "LaunchTemplate": {"LaunchTemplateId": {"Ref": "Template"}},
                "TargetGroupARNs": ["arn"],
            },
        },
    }


def test_hosts_with_their_volumes_and_metrics():
    """Everything that a host brings, times the group's range."""
    ebs = {"VolumeSize": 100, "VolumeType": "gp3", "Iops": 4000, "Throughput": 200}
    found = priced(
        group(BlockDeviceMappings=[{"Ebs": ebs}], Monitoring={"Enabled": True}), Traffic(host_metrics=Range(5, 5))
    )
    assert found == {
        "ec2-t3.large-hour": near(730 * 0.0832, 3 * 730 * 0.0832),
        "ebs-gp3-gb-month": near(8, 24),
        "ebs-gp3-iops-month": near(5, 15),
        "ebs-gp3-mibps-month": near(3, 9),
        "metric-month": near(12 * 0.3, 36 * 0.3),
    }


def test_burstable_hosts_pay_for_what_is_beyond_their_baseline():
    """40 requests a second of 50 ms keep 2 vCPUs busy; three t3.large include 1.8 of them, one includes 0.6."""
    traffic = Traffic(requests_per_second=Range(40, 40), cpu_milliseconds_per_request=Range(50, 50))
    found = priced(group(), traffic)
    assert found["ec2-t3-credit-hour"] == near((2 - 0.6) * 730 * 0.05, (2 - 1.8) * 730 * 0.05)
    assert "ec2-t3-credit-hour" not in priced(group(CreditSpecification={"CpuCredits": "standard"}), traffic)
    arm = priced(group(InstanceType="t4g.large"), traffic)
    assert arm["ec2-t4g-credit-hour"] == near((2 - 0.6) * 730 * 0.04, (2 - 1.8) * 730 * 0.04)


def test_the_load_balancer_pays_the_largest_dimension_of_its_capacity_units():
    """100 requests a second with 36 KB are 12.4 GB an hour, far more than 4 new connections a second."""
    traffic = Traffic(
        requests_per_second=Range(100, 100), request_kilobytes=Range(4, 4), response_kilobytes=Range(32, 32),
        requests_per_connection=Range(25, 25), connection_seconds=Range(60, 60),
    )  # fmt: skip
    units = 100 * 3600 * 36 / 1024**2
    found = priced(
        {"Balancer": {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer", "Properties": {"Subnets": ["a", "b"]}}},
        traffic,
    )
    assert found["alb-lcu-hour"] == near(units * 730 * 0.008, units * 730 * 0.008)
    assert found["ipv4-hour"] == near(2 * 730 * 0.005, 2 * 730 * 0.005)
    out = 100 * SECONDS * 32 / 1024**2
    assert found["transfer-out-gb"] == near(out * 0.09, out * 0.09)


def test_many_open_connections_cost_units_too():
    """50 new connections a second that stay 300 seconds are 15,000 active ones: five units against two."""
    traffic = Traffic(
        requests_per_second=Range(50, 50), requests_per_connection=Range(1, 1), connection_seconds=Range(300, 300)
    )
    assert traffic.lcus == Range(5, 5)


def test_gateways_share_what_goes_through_them():
    """200 GB over two gateways."""
    nat = {"Type": "AWS::EC2::NatGateway", "Properties": {}}
    found = priced({"One": nat, "Two": nat}, Traffic(nat_gigabytes=Range(200, 200)))
    assert found == {"nat-hour": near(65.7, 65.7), "nat-gb": near(9, 9)}


def test_endpoints_by_zone_and_none_for_gateways():
    """An interface in two zones is two hours an hour."""
    interface = {
        "Type": "AWS::EC2::VPCEndpoint",
        "Properties": {"VpcEndpointType": "Interface", "SubnetIds": ["a", "b"]},
    }
    gateway = {"Type": "AWS::EC2::VPCEndpoint", "Properties": {"VpcEndpointType": "Gateway"}}
    found = priced({"Interface": interface, "Gateway": gateway}, Traffic(endpoint_gigabytes=Range(10, 10)))
    assert found == {"endpoint-hour": near(14.6, 14.6), "endpoint-gb": near(0.1, 0.1)}


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({}, {"efs-standard-gb-month": near(30, 30)}),
        (
            {"ThroughputMode": "elastic", "LifecyclePolicies": [{"TransitionToIA": "AFTER_30_DAYS"}]},
            {
                "efs-standard-gb-month": near(15, 15),
                "efs-ia-elastic-gb-month": near(0.8, 0.8),
                "efs-elastic-read-gb": near(0.3, 0.3),
                "efs-elastic-write-gb": near(0.3, 0.3),
            },
        ),
        (
            {"ThroughputMode": "provisioned", "ProvisionedThroughputInMibps": 10},
            {"efs-standard-gb-month": near(30, 30), "efs-provisioned-mibps-month": near(30.7031, 30.7031)},
        ),
        (
            {"BackupPolicy": {"Status": "ENABLED"}},
            {"efs-standard-gb-month": near(30, 30), "backup-efs-gb-month": near(1, 1)},
        ),
    ],
)
def test_files_by_class_and_throughput_mode(properties, expected):
    """100 GB, half of them not read for a month; 100 GB bring 4.9 MiB/s of their own."""
    traffic = Traffic(
        stored_gigabytes=Range(100, 100), infrequent_share=Range(0.5, 0.5), read_gigabytes=Range(10, 10),
        written_gigabytes=Range(5, 5), backup_gigabytes=Range(20, 20),
    )  # fmt: skip
    assert priced({"Files": {"Type": "AWS::EFS::FileSystem", "Properties": properties}}, traffic) == expected


def test_images_that_the_lifecycle_keeps():
    """Ten of the tags and ten of the releases: ten at least, twenty at most."""
    rules = [{"selection": {"countType": "imageCountMoreThan", "countNumber": 10}}] * 2
    text = json.dumps({"rules": rules})
    repository = {"Type": "AWS::ECR::Repository", "Properties": {"LifecyclePolicy": {"LifecyclePolicyText": text}}}
    assert priced({"Images": repository}, Traffic(image_gigabytes=Range(0.5, 0.5))) == {"ecr-gb-month": near(0.5, 1)}


def test_logs_come_in_and_are_kept():
    """Two groups share 10 GB; one keeps 30 days of its half."""
    traffic = Traffic(
        requests_per_second=Range(1, 1), log_kilobytes_per_request=Range(10 * 1024**2 / SECONDS, 10 * 1024**2 / SECONDS)
    )
    log = {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 30}}
    found = priced({"One": log, "Two": log}, traffic)
    assert found["logs-ingested-gb"] == near(5, 5)
    assert found["logs-stored-gb-month"] == near(10 * 30 / (730 / 24) * 0.03, 10 * 30 / (730 / 24) * 0.03)


def test_flow_logs_are_told_apart():
    """Written by AWS: their own quantity, and their own price."""
    flow = {"Type": "AWS::EC2::FlowLog", "Properties": {"LogGroupName": {"Ref": "Flows"}}}
    log = {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 30}}
    found = priced({"Flow": flow, "Flows": log}, Traffic(flow_log_gigabytes=Range(2, 2)))
    assert found["logs-vended-gb"] == near(1, 1)


def test_alarms_cost_by_metric():
    """One of its own, two in an expression (the expression itself is free), one that looks every ten seconds, one of alarms."""
    metrics = [{"Id": "a", "MetricStat": {}}, {"Id": "b", "MetricStat": {}}, {"Id": "e", "Expression": "a/b"}]
    found = priced(
        {
            "One": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Period": 60}},
            "Two": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Metrics": metrics}},
            "Fast": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Period": 10}},
            "All": {"Type": "AWS::CloudWatch::CompositeAlarm", "Properties": {}},
            "Board": {"Type": "AWS::CloudWatch::Dashboard", "Properties": {}},
        }
    )
    assert found == {
        "alarm-month": near(0.3, 0.3),
        "alarm-fast-month": near(0.3, 0.3),
        "composite-alarm-month": near(0.5, 0.5),
        "dashboard-month": near(3, 3),
    }


def test_names_secrets_and_protection():
    """A zone, a secret, a rotated key, a web ACL with two rules and ten million requests."""
    traffic = Traffic(
        requests_per_second=Range(1e7 / SECONDS, 1e7 / SECONDS), secret_requests=Range(20_000, 20_000),
        kms_requests=Range(10_000, 10_000), dns_queries=Range(1e6, 1e6),
    )  # fmt: skip
    found = priced(
        {
            "Zone": {"Type": "AWS::Route53::HostedZone", "Properties": {}},
            "Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {}},
            "Key": {"Type": "AWS::KMS::Key", "Properties": {"EnableKeyRotation": True}},
            "Acl": {"Type": "AWS::WAFv2::WebACL", "Properties": {"Rules": [{}, {}]}},
        },
        traffic,
    )
    assert found == {
        "zone-month": near(0.5, 0.5),
        "dns-million-queries": near(0.4, 0.4),
        "secret-month": near(0.4, 0.4),
        "secret-10k-requests": near(0.1, 0.1),
        "kms-key-month": near(1, 3),
        "kms-10k-requests": near(0.03, 0.03),
        "waf-acl-month": near(5, 5),
        "waf-rule-month": near(2, 2),
        "waf-million-requests": near(6, 6),
    }


def test_a_condition_that_does_not_hold_costs_nothing():
    """The parameter decides whether the resource is there."""
    template = {
        "Parameters": {"On": {"Type": "String", "Default": "false"}},
        "Conditions": {"IsOn": {"Fn::Not": [{"Fn::Equals": [{"Ref": "On"}, "false"]}]}},
        "Resources": {"Nat": {"Type": "AWS::EC2::NatGateway", "Condition": "IsOn", "Properties": {}}},
    }
    assert list(resources(template, {})) == []
    assert list(resources(template, {"On": "true"})) == ["Nat"]


@pytest.mark.parametrize(
    ("crontab", "minutes"),
    [
        ("0 7 * * 1-5", [day * 1440 + 420 for day in range(1, 6)]),
        ("30 20 * * MON,FRI", [1440 + 1230, 5 * 1440 + 1230]),
        ("0 0 * * 0,7", [0]),
        ("0 7 1 * *", None),
        ("*/5 * * * *", None),
    ],
)
def test_crontab_lines(crontab, minutes):
    """What is more than minute, hour and weekday is not understood, and says so."""
    assert minutes_of_week(crontab) == minutes


def test_a_group_that_sleeps_at_night():
    """Up from 7 to 20 on five days: 65 of 168 hours."""
    actions = {
        name: {
            "Type": "AWS::AutoScaling::ScheduledAction",
            "Properties": {
                "AutoScalingGroupName": {"Ref": "Group"},
                "MaxSize": size,
                "Recurrence": f"0 {hour} * * 1-5",
            },
        }
        for name, size, hour in (("Up", 3, 7), ("Down", 0, 20))
    }
    found = priced({**group(), **actions})
    assert found["ec2-t3.large-hour"] == near(730 * 0.0832 * 65 / 168, 3 * 730 * 0.0832 * 65 / 168)


def test_a_service_that_sleeps_at_night():
    """The same through a scalable target's own schedule."""
    target = {
        "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
        "Properties": {
            "MinCapacity": 1, "MaxCapacity": 1, "ResourceId": {"Fn::Sub": "service/${Cluster}/${Web.Name}"},
            "ScheduledActions": [
                {"Schedule": "cron(0 7 ? * MON-FRI *)", "ScalableTargetAction": {"MinCapacity": 1, "MaxCapacity": 1}},
                {"Schedule": "cron(0 20 ? * 2-6 *)", "ScalableTargetAction": {"MinCapacity": 0, "MaxCapacity": 0}},
            ],
        },
    }  # fmt: skip
    found = priced({"Task": task(), "Web": service(), "Target": target})
    assert found["fargate-x86-vcpu-hour"] == near(730 * 0.04048 * 65 / 168, 730 * 0.04048 * 65 / 168)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[", "cannot be read as JSON"),
        ("[]", "found list, expected"),
        ('{"RequestPerSecond": 1}', "unknown key; did you mean RequestsPerSecond?"),
        ('{"NatGigabytes": -1}', "found -1, expected a number of 0 or more"),
        ('{"NatGigabytes": true}', "found True, expected a number"),
        ('{"NatGigabytes": {"Low": 1}}', "Low"),
        ('{"NatGigabytes": {"Low": 2, "High": 1}}', "expected Low to be at most High"),
    ],
)
def test_a_wrong_profile_is_one_clear_error(text, expected):
    """File and key, what was found, what would be right."""
    with pytest.raises(TrafficError, match=r"traffic\.json") as error:
        parse(text, "parameters/staging/traffic.json")
    assert expected in str(error.value)


def test_a_stale_price_is_said():
    """180 days are fresh, 181 are not; an undated price is never fresh."""
    price = own_table().find(REGION, "nat-hour")
    assert price.read == date(2026, 9, 30)
    assert staleness([price], date(2027, 3, 29)) == ""
    assert (
        staleness([price], date(2027, 3, 30))
        == "1 of 1 prices are over 180 days old or undated (nat-hour): make prices"
    )
    undated = own_table().find("us-west-2", "nat-gb")
    assert "undated" in staleness([undated], date(2026, 11, 24))
