"""What production pays for and staging may: refusals of its settings, the firewall, the interface endpoints."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest

from generator.environments import PRODUCTION, STAGING
from generator.model import (
    EC2_ENDPOINTS,
    FARGATE_ENDPOINTS,
    Compute,
    Endpoint,
    Environment,
    Firewall,
    Nat,
    Network,
)
from generator.policies.network import own_account_only
from generator.render import plain
from tests.generator.policy_evaluator import ALLOWED, NOT_ALLOWED, decide, resolve
from tests.generator.reading import Json, of_type, stacks_of, without_principal
from tests.generator.variants import Refused, assert_refused

# --- defaults, and what is refused ---


def test_production_has_what_the_design_document_can_pay() -> None:
    """$9 and $1 a month; endpoints would be a quarter to a half of its $210-300, so they are off in production too."""
    assert PRODUCTION.firewall == Firewall()
    assert PRODUCTION.customer_managed_key
    assert PRODUCTION.interface_endpoints == STAGING.interface_endpoints == ()
    assert (STAGING.firewall, STAGING.customer_managed_key, STAGING.office_hours) == (None, False, None)


def with_endpoints(*endpoints: Endpoint, **changes: Any) -> Environment:
    return dataclasses.replace(STAGING, interface_endpoints=endpoints, **changes)


REFUSED: dict[str, Refused] = {
    "too few requests": (lambda: Firewall(requests_per_address=9), "Firewall.requests_per_address: found 9", "10 to"),
    "too many requests": (lambda: Firewall(requests_per_address=2_000_000_001), "requests_per_address", "2000000000"),
    "a rule that is none": (
        lambda: Firewall(counted=("Everything",)),
        "counted: found 'Everything'",
        "NoUserAgent_HEADER",
    ),
    "a rule twice": (lambda: Firewall(counted=("GenericLFI_BODY",) * 2), "Firewall.counted", "once"),
    "an endpoint twice": (lambda: with_endpoints(Endpoint.LOGS, Endpoint.LOGS), "interface_endpoints", "once"),
    "half of ECR": (lambda: with_endpoints(Endpoint.ECR_API), "found 'ecr.api'", "both ecr.api and ecr.dkr"),
    "the other half": (lambda: with_endpoints(Endpoint.ECR_IMAGES), "found 'ecr.dkr'", "both"),
    "an endpoint that nothing calls": (
        lambda: with_endpoints(Endpoint.METRICS, options=(Compute.FARGATE,), compute=Compute.FARGATE),
        "Environment(staging).interface_endpoints: found 'monitoring'",
        "they call ecr.api, ecr.dkr, logs, secretsmanager, ssmmessages",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_work_is_refused(case: str) -> None:
    assert_refused(REFUSED[case])


# --- firewall ---


def test_the_firewall_asks_the_limit_and_three_groups_of_aws(production: Mapping[str, Json]) -> None:
    (acl,) = of_type(production["edge"], "AWS::WAFv2::WebACL").values()
    rules = sorted(acl["Rules"], key=lambda rule: int(rule["Priority"]))

    assert acl["Scope"] == "REGIONAL"
    assert acl["DefaultAction"] == {"Allow": {}}
    assert [rule["Name"] for rule in rules] == [
        "requests-per-address",
        "AWSManagedRulesAmazonIpReputationList",
        "AWSManagedRulesKnownBadInputsRuleSet",
        "AWSManagedRulesCommonRuleSet",
    ]
    assert rules[0]["Action"] == {"Block": {}}
    assert rules[0]["Statement"]["RateBasedStatement"] == {
        "AggregateKeyType": "IP",
        "EvaluationWindowSec": 300,
        "Limit": 2000,
    }
    for rule in rules[1:]:
        assert rule["OverrideAction"] == {"None": {}}, "a group that only counts stops nothing"
        assert rule["Statement"]["ManagedRuleGroupStatement"]["VendorName"] == "AWS"
    assert len({rule["VisibilityConfig"]["MetricName"] for rule in rules}) == len(rules)


def test_what_only_counts_is_what_the_field_names() -> None:
    for counted in ((), ("SizeRestrictions_BODY",)):
        environment = dataclasses.replace(PRODUCTION, firewall=Firewall(requests_per_address=100, counted=counted))
        (acl,) = of_type(stacks_of(environment)["edge"], "AWS::WAFv2::WebACL").values()
        groups = [rule["Statement"].get("ManagedRuleGroupStatement", {}) for rule in acl["Rules"]]
        overrides = [each for group in groups for each in group.get("RuleActionOverrides", [])]

        assert [each["Name"] for each in overrides] == list(counted)
        assert all(each["ActionToUse"] == {"Count": {}} for each in overrides)
        assert acl["Rules"][0]["Statement"]["RateBasedStatement"]["Limit"] == 100


def test_the_firewall_stands_before_the_load_balancer_and_keeps_a_log(production: Mapping[str, Json]) -> None:
    edge = production["edge"]
    (association,) = of_type(edge, "AWS::WAFv2::WebACLAssociation").values()
    (log,) = of_type(edge, "AWS::WAFv2::LoggingConfiguration").values()
    (group,) = of_type(edge, "AWS::Logs::LogGroup").values()

    assert association == {"ResourceArn": {"Ref": "LoadBalancer"}, "WebACLArn": {"Fn::GetAtt": ["WebAcl", "Arn"]}}
    assert group["LogGroupName"].startswith("aws-waf-logs-"), "WAF writes to no other"
    assert log["LogDestinationConfigs"][0]["Fn::Sub"].endswith(":log-group:${FirewallLogGroup}"), "without :*"
    assert [each["SingleHeader"]["Name"] for each in log["RedactedFields"]] == ["authorization", "cookie"]
    kept = log["LoggingFilter"]["Filters"][0]
    assert log["LoggingFilter"]["DefaultBehavior"] == "DROP"
    assert kept["Behavior"] == "KEEP"
    assert [each["ActionCondition"]["Action"] for each in kept["Conditions"]] == ["BLOCK", "COUNT"]


def test_without_the_field_there_is_no_firewall(staging: Mapping[str, Json]) -> None:
    assert not [r for r in staging["edge"]["Resources"].values() if r["Type"].startswith("AWS::WAFv2::")]


# --- endpoints ---


@pytest.mark.parametrize("zones", [2, 3])
def test_each_endpoint_lies_in_every_zone_under_its_public_name(zones: int) -> None:
    network = Network(cidr="10.10.0.0/16", nat=Nat.SINGLE, zones=zones)
    template = stacks_of(with_endpoints(*EC2_ENDPOINTS, network=network))["network"]
    found = {
        name: endpoint
        for name, endpoint in of_type(template, "AWS::EC2::VPCEndpoint").items()
        if endpoint["VpcEndpointType"] == "Interface"
    }

    assert {e["ServiceName"]["Fn::Sub"].partition("}.")[2] for e in found.values()} == {e.value for e in EC2_ENDPOINTS}
    for name, endpoint in found.items():
        assert endpoint["PrivateDnsEnabled"] is True, name
        assert endpoint["SubnetIds"] == [{"Ref": f"PrivateSubnet{zone + 1}"} for zone in range(zones)], name
        assert endpoint["SecurityGroupIds"] == [{"Fn::GetAtt": ["EndpointSecurityGroup", "GroupId"]}], name
    assert {e.value for e in FARGATE_ENDPOINTS} < {e.value for e in EC2_ENDPOINTS}


def test_endpoints_are_reached_by_hosts_and_tasks_alone() -> None:
    template = stacks_of(with_endpoints(Endpoint.LOGS))["network"]
    (group,) = [p for name, p in of_type(template, "AWS::EC2::SecurityGroup").items() if name.startswith("Endpoint")]
    rules = [
        rule
        for rule in of_type(template, "AWS::EC2::SecurityGroupIngress").values()
        if rule["GroupId"] == {"Fn::GetAtt": ["EndpointSecurityGroup", "GroupId"]}
    ]

    assert "SecurityGroupIngress" not in group
    assert {rule["SourceSecurityGroupId"]["Fn::GetAtt"][0] for rule in rules} == {
        f"{name}SecurityGroup" for name in ("Host", "Backend", "Frontend", "Chromadb")
    }
    assert {(rule["FromPort"], rule["ToPort"]) for rule in rules} == {(443, 443)}


@pytest.mark.parametrize("endpoint", Endpoint)
def test_an_endpoint_serves_this_account_and_its_own_service_alone(endpoint: Endpoint) -> None:
    found = [without_principal(each) for each in resolve(plain(own_account_only(endpoint)), {})["Statement"]]
    prefix = {"ecr.api": "ecr", "ecr.dkr": "ecr", "monitoring": "cloudwatch"}.get(endpoint, endpoint.value)
    ours, theirs = {"aws:PrincipalAccount": "111122223333"}, {"aws:PrincipalAccount": "444455556666"}

    assert decide(found, f"{prefix}:Anything", "arn:aws:x", ours) == ALLOWED
    assert decide(found, f"{prefix}:Anything", "arn:aws:x", theirs) == NOT_ALLOWED
    assert decide(found, f"{prefix}:Anything", "arn:aws:x", {}) == NOT_ALLOWED
    assert decide(found, "s3:GetObject", "arn:aws:x", ours) == NOT_ALLOWED
