"""What protects an environment for money: the firewall, its own key, private endpoints; each there when its field says so."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from generator.build import build
from generator.environments import ENVIRONMENTS, PRODUCTION, STAGING
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
from generator.render import plain, to_dict
from generator.services import SERVICES
from generator.stacks import ENVIRONMENT_STACKS
from tests.generator.policy_evaluator import ALLOWED, NOT_ALLOWED, decide, resolve, statements
from tests.generator.variants import Refused, assert_refused

Json = dict[str, Any]

ROOT = Path(__file__).parents[2]
KEY = "arn:aws:kms:us-east-1:111122223333:key/0a1b2c3d"
TOPIC = "arn:aws:sns:us-east-1:111122223333:aldeia-production-monitoring-AlarmTopic-AbC"


def rendered(environment: Environment) -> dict[str, Json]:
    """Every template of `environment` by stack."""
    return {
        stack.name: json.loads(json.dumps(to_dict(stack.build(environment, SERVICES)))) for stack in ENVIRONMENT_STACKS
    }


def without_principal(statement: Json) -> Json:
    """What the evaluator reads: whom a statement speaks of, the test has decided."""
    return {key: value for key, value in statement.items() if key != "Principal"}


def of_type(template: Json, kind: str) -> dict[str, Json]:
    return {name: r["Properties"] for name, r in template["Resources"].items() if r["Type"] == kind}


@pytest.fixture(scope="module")
def production() -> dict[str, Json]:
    return rendered(PRODUCTION)


@pytest.fixture(scope="module")
def staging() -> dict[str, Json]:
    return rendered(STAGING)


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


def test_the_firewall_asks_the_limit_and_three_groups_of_aws(production: dict[str, Json]) -> None:
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
        (acl,) = of_type(rendered(environment)["edge"], "AWS::WAFv2::WebACL").values()
        groups = [rule["Statement"].get("ManagedRuleGroupStatement", {}) for rule in acl["Rules"]]
        overrides = [each for group in groups for each in group.get("RuleActionOverrides", [])]

        assert [each["Name"] for each in overrides] == list(counted)
        assert all(each["ActionToUse"] == {"Count": {}} for each in overrides)
        assert acl["Rules"][0]["Statement"]["RateBasedStatement"]["Limit"] == 100


def test_the_firewall_stands_before_the_load_balancer_and_keeps_a_log(production: dict[str, Json]) -> None:
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


def test_without_the_field_there_is_no_firewall(staging: dict[str, Json]) -> None:
    assert not [r for r in staging["edge"]["Resources"].values() if r["Type"].startswith("AWS::WAFv2::")]


# --- key ---


def test_everything_that_is_stored_is_under_the_key(production: dict[str, Json]) -> None:
    """Except what the field's text names: access logs, which can only have S3's own key."""
    own, taken = {"Fn::GetAtt": ["Key", "Arn"]}, {"Ref": "KeyArn"}
    found = {
        (stack, name): properties.get("KmsKeyId", properties.get("KmsMasterKeyId"))
        for stack, template in production.items()
        for kind in ("AWS::EFS::FileSystem", "AWS::SecretsManager::Secret", "AWS::Logs::LogGroup", "AWS::SNS::Topic")
        for name, properties in of_type(template, kind).items()
    }
    buckets = {
        name: properties["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]
        for template in production.values()
        for name, properties in of_type(template, "AWS::S3::Bucket").items()
    }

    assert len(found) > 8
    assert found == {where: own if where[0] == "network" else taken for where in found}
    assert buckets["BackupsBucket"] == {
        "BucketKeyEnabled": True,
        "ServerSideEncryptionByDefault": {"KMSMasterKeyID": taken, "SSEAlgorithm": "aws:kms"},
    }
    assert buckets["AccessLogsBucket"] == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}


def test_the_key_rotates_and_outlives_its_stack(production: dict[str, Json]) -> None:
    key = production["network"]["Resources"]["Key"]

    assert key["Properties"]["EnableKeyRotation"] is True
    assert key["Properties"]["PendingWindowInDays"] == 30
    assert (key["DeletionPolicy"], key["UpdateReplacePolicy"]) == ("Retain", "Retain")
    (alias,) = of_type(production["network"], "AWS::KMS::Alias").values()
    assert alias == {"AliasName": "alias/aldeia-production", "TargetKeyId": {"Ref": "Key"}}


def test_the_key_may_be_neither_replaced_nor_deleted() -> None:
    """The stack policy guards it."""
    manifest = json.loads(build(ENVIRONMENTS, SERVICES)["production/manifest.json"])
    (network,) = [stack for stack in manifest["Stacks"] if stack["Name"] == "network"]
    denied = network["StackPolicy"]["Statement"][1]

    assert denied["Action"] == ["Update:Replace", "Update:Delete"]
    assert "AWS::KMS::Key" in denied["Condition"]["StringEquals"]["ResourceType"]


def test_without_the_field_aws_keys_do(staging: dict[str, Json]) -> None:
    text = json.dumps(staging)

    assert "kms:" not in text
    assert "KmsKeyId" not in text
    assert "KeyArn" not in text


LOGS, ALARMS, EVENTS, BUDGETS = (
    f"{name}.amazonaws.com" for name in ("logs.us-east-1", "cloudwatch", "events", "budgets")
)
HERE = {"aws:SourceAccount": "111122223333"}
IN_TOPIC = {"kms:EncryptionContext:aws:sns:topicArn": TOPIC}


def log_group(name: str) -> dict[str, str]:
    return {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:us-east-1:111122223333:log-group:{name}"}


def alarm(name: str) -> dict[str, str]:
    return {"aws:SourceArn": f"arn:aws:cloudwatch:us-east-1:111122223333:alarm:{name}"}


KEY_USES: list[tuple[str, str, dict[str, str], str]] = [
    *(
        (LOGS, action, log_group(name), ALLOWED)
        for action in ("Encrypt", "Decrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo", "DescribeKey")
        for name in (
            "/ecs/aldeia-prod-backend",
            "/ecs/aldeia-prod-cluster/exec",
            "/aws/ec2/aldeia-production",
            "aldeia-production-network-FlowLogGroup-AbC",
            "aws-waf-logs-aldeia-prod",
        )
    ),
    (LOGS, "Decrypt", log_group("/ecs/aldeia-staging-backend"), NOT_ALLOWED),
    (LOGS, "Decrypt", log_group("payroll"), NOT_ALLOWED),
    (LOGS, "CreateGrant", log_group("/ecs/aldeia-prod-backend"), NOT_ALLOWED),
    (ALARMS, "Decrypt", HERE | IN_TOPIC | alarm("aldeia-prod-backend-5xx"), ALLOWED),
    (ALARMS, "GenerateDataKey", HERE | IN_TOPIC | alarm("aldeia-prod-backend-5xx"), ALLOWED),
    (ALARMS, "Decrypt", HERE | IN_TOPIC | alarm("aldeia-staging-backend-5xx"), NOT_ALLOWED),
    (ALARMS, "Decrypt", HERE | alarm("aldeia-prod-backend-5xx"), NOT_ALLOWED),
    (ALARMS, "Decrypt", IN_TOPIC | alarm("aldeia-prod-x") | {"aws:SourceAccount": "444455556666"}, NOT_ALLOWED),
    (BUDGETS, "GenerateDataKey", HERE | IN_TOPIC, ALLOWED),
    (BUDGETS, "GenerateDataKey", IN_TOPIC, NOT_ALLOWED),
    # EventBridge sends neither account nor ARN.
    (EVENTS, "GenerateDataKey", IN_TOPIC, ALLOWED),
    (EVENTS, "GenerateDataKey", {key: arn.replace("production", "staging") for key, arn in IN_TOPIC.items()}, NOT_ALLOWED),
    (EVENTS, "GenerateDataKey", {}, NOT_ALLOWED),
    ("s3.amazonaws.com", "Decrypt", HERE, NOT_ALLOWED),
]  # fmt: skip


@pytest.mark.parametrize(
    "row", KEY_USES, ids=lambda row: f"{row[0].split('.')[0]} {row[1]} {row[3]} {list(row[2].values())}"
)
def test_which_service_may_use_the_key(production: dict[str, Json], row: tuple[str, str, dict[str, str], str]) -> None:
    service, action, context, verdict = row
    policy = resolve(production["network"]["Resources"]["Key"]["Properties"]["KeyPolicy"], {})
    spoken_to = [each for each in policy["Statement"] if service in each["Principal"].get("Service", [])]

    assert decide(map(without_principal, spoken_to), f"kms:{action}", KEY, context) == verdict


def test_the_account_decides_about_the_key_by_its_own_policies(production: dict[str, Json]) -> None:
    """Without this statement nobody could ever change the key policy again."""
    policy = resolve(production["network"]["Resources"]["Key"]["Properties"]["KeyPolicy"], {})
    people = [each for each in policy["Statement"] if "AWS" in each["Principal"]]

    assert [each["Principal"]["AWS"] for each in people] == [["arn:aws:iam::111122223333:root"]]
    assert decide(map(without_principal, people), "kms:PutKeyPolicy", KEY, {}) == ALLOWED


def via(service: str) -> dict[str, str]:
    return {"kms:ViaService": f"{service}.us-east-1.amazonaws.com"}


ROLES = [
    ("fargate", "BackendExecutionRole", "Decrypt", via("secretsmanager"), ALLOWED),
    ("fargate", "BackendExecutionRole", "Decrypt", via("s3"), NOT_ALLOWED),
    ("fargate", "BackendExecutionRole", "Decrypt", {}, NOT_ALLOWED),
    ("fargate", "BackendExecutionRole", "GenerateDataKey", via("secretsmanager"), NOT_ALLOWED),
    ("fargate", "FrontendExecutionRole", "Decrypt", via("secretsmanager"), NOT_ALLOWED),
    ("fargate", "ChromadbExecutionRole", "Decrypt", via("secretsmanager"), NOT_ALLOWED),
    ("fargate", "BackendTaskRole", "Decrypt", via("s3"), ALLOWED),
    ("fargate", "BackendTaskRole", "GenerateDataKey", via("s3"), ALLOWED),
    ("fargate", "BackendTaskRole", "Decrypt", via("secretsmanager"), NOT_ALLOWED),
    ("fargate", "FrontendTaskRole", "Decrypt", via("s3"), NOT_ALLOWED),
    ("ec2", "HostRole", "Decrypt", via("secretsmanager"), ALLOWED),
    ("ec2", "DataHostRole", "Decrypt", via("secretsmanager"), NOT_ALLOWED),
]


@pytest.mark.parametrize("row", ROLES, ids=lambda row: " ".join(map(str, row)))
def test_which_role_may_use_the_key(
    production: dict[str, Json], row: tuple[str, str, str, dict[str, str], str]
) -> None:
    """Whoever reads a secret or a backup, and through that service only; and no other key."""
    stack, role, action, context, verdict = row
    template = production[stack]
    names = {name: f"value-of-{name}" for name in template["Parameters"]} | {"KeyArn": KEY, "AWS::StackId": "stack"}
    found = statements({"Resources": {role: {"Properties": _inline(template, role)}}}, role, names)

    assert decide(found, f"kms:{action}", KEY, context) == verdict
    assert decide(found, f"kms:{action}", KEY.replace("0a1b", "9f9f"), context) == NOT_ALLOWED


def _inline(template: Json, role: str) -> Json:
    return {"Policies": template["Resources"][role]["Properties"].get("Policies", [])}


def test_a_shell_of_ecs_exec_writes_to_an_encrypted_group() -> None:
    for with_key in (True, False):
        environment = dataclasses.replace(STAGING, customer_managed_key=with_key)
        cluster = rendered(environment)["fargate"]["Resources"]["Cluster"]["Properties"]
        logging = cluster["Configuration"]["ExecuteCommandConfiguration"]["LogConfiguration"]

        assert logging.get("CloudWatchEncryptionEnabled", False) is with_key


def test_turning_the_key_on_or_off_later_is_blocked(tmp_path: Path) -> None:
    """It would replace the file system by an empty one: `deploy-stack diff` ends with 11, and names what to allow."""
    git = ("git", "-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "init.defaultBranch=main")
    (tmp_path / "parameters").mkdir()
    for folder in ("production", "shared"):
        (tmp_path / "parameters" / folder).mkdir()
        for path in (ROOT / "parameters" / folder).iterdir():
            (tmp_path / "parameters" / folder / path.name).write_bytes(path.read_bytes())
    subprocess.run([*git, "init", "-q"], cwd=tmp_path, check=True)

    for before in (False, True):
        _write(tmp_path, dataclasses.replace(PRODUCTION, customer_managed_key=before))
        subprocess.run([*git, "add", "."], cwd=tmp_path, check=True)
        subprocess.run([*git, "commit", "-qm", "before", "--allow-empty"], cwd=tmp_path, check=True)
        _write(tmp_path, dataclasses.replace(PRODUCTION, customer_managed_key=not before))
        result = subprocess.run(
            [sys.executable, str(ROOT / "scripts" / "deploy-stack"), "diff", "production", "data"],
            cwd=tmp_path,
            env={**os.environ, "AWS_EC2_METADATA_DISABLED": "true"},
            capture_output=True,
            text=True,
            check=False,
        )

        assert result.returncode == 11, result.stdout + result.stderr
        assert "--allow data-replaced:data/FileSystem" in result.stdout
        assert "KmsKeyId" in result.stdout


def _write(folder: Path, environment: Environment) -> None:
    for path, text in build((environment,), SERVICES).items():
        file = folder / "templates" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


# --- endpoints ---


@pytest.mark.parametrize("zones", [2, 3])
def test_each_endpoint_lies_in_every_zone_under_its_public_name(zones: int) -> None:
    network = Network(cidr="10.10.0.0/16", nat=Nat.SINGLE, zones=zones)
    template = rendered(with_endpoints(*EC2_ENDPOINTS, network=network))["network"]
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
    template = rendered(with_endpoints(Endpoint.LOGS))["network"]
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
