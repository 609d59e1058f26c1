"""The environment's own key: what it encrypts, who may use it and for what, and that it is never replaced."""

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from generator.build import build
from generator.environments import ENVIRONMENTS, PRODUCTION, STAGING
from generator.model import Environment
from generator.services import SERVICES
from tests.generator.policy_evaluator import ALLOWED, NOT_ALLOWED, decide, resolve, statements
from tests.generator.reading import Json, of_type, stacks_of, without_principal

ROOT = Path(__file__).parents[2]
KEY = "arn:aws:kms:us-east-1:111122223333:key/0a1b2c3d"
TOPIC = "arn:aws:sns:us-east-1:111122223333:aldeia-production-monitoring-AlarmTopic-AbC"


def test_everything_that_is_stored_is_under_the_key(production: Mapping[str, Json]) -> None:
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


def test_the_key_rotates_and_outlives_its_stack(production: Mapping[str, Json]) -> None:
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


def test_without_the_field_aws_keys_do(staging: Mapping[str, Json]) -> None:
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
def test_which_service_may_use_the_key(
    production: Mapping[str, Json], row: tuple[str, str, dict[str, str], str]
) -> None:
    service, action, context, verdict = row
    policy = resolve(production["network"]["Resources"]["Key"]["Properties"]["KeyPolicy"], {})
    spoken_to = [each for each in policy["Statement"] if service in each["Principal"].get("Service", [])]

    assert decide(map(without_principal, spoken_to), f"kms:{action}", KEY, context) == verdict


def test_the_account_decides_about_the_key_by_its_own_policies(production: Mapping[str, Json]) -> None:
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
    production: Mapping[str, Json], row: tuple[str, str, str, dict[str, str], str]
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
        cluster = stacks_of(environment)["fargate"]["Resources"]["Cluster"]["Properties"]
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
