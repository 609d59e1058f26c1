"""The registry: the document's repositories with its scanning, encryption and lifecycle, and the artifacts bucket."""

import dataclasses
import json
from fnmatch import fnmatchcase
from typing import Any

import pytest

from generator.environments import ENVIRONMENTS
from generator.model import EcrImage
from generator.render import to_dict
from generator.services import SERVICES
from generator.stacks.registry import build
from tests.generator.policy_evaluator import resolve

Json = dict[str, Any]

SHA = "3f786850e387550fdab836ed7e6dc881de23001b"


@pytest.fixture(scope="module")
def registry() -> Json:
    found: Json = json.loads(json.dumps(to_dict(build(ENVIRONMENTS, SERVICES))))
    return found


@pytest.fixture(scope="module")
def repositories(registry: Json) -> dict[str, Json]:
    found = [r["Properties"] for r in registry["Resources"].values() if r["Type"] == "AWS::ECR::Repository"]
    return {properties["RepositoryName"]: properties for properties in found}


def test_the_documented_repositories(repositories: dict[str, Json]) -> None:
    """Required Repositories: 1, 2, 3."""
    assert set(repositories) == {"aldeia/backend", "aldeia/frontend", "aldeia/chromadb"}


FACTS = {
    "Image scanning: enabled (scan on push)": ("ImageScanningConfiguration", {"ScanOnPush": True}),
    "Encryption: AES-256": ("EncryptionConfiguration", {"EncryptionType": "AES256"}),
    "a reviewed tag stays what it was": ("ImageTagMutability", "IMMUTABLE"),
}


@pytest.mark.parametrize("fact", FACTS)
def test_configuration(repositories: dict[str, Json], fact: str) -> None:
    key, value = FACTS[fact]

    assert {name: properties[key] for name, properties in repositories.items()} == dict.fromkeys(repositories, value)


def rules(repositories: dict[str, Json], name: str) -> list[Json]:
    found: list[Json] = json.loads(repositories[name]["LifecyclePolicy"]["LifecyclePolicyText"])["rules"]
    return sorted(found, key=lambda rule: rule["rulePriority"])


def test_keeps_the_last_ten_and_untagged_for_seven_days(repositories: dict[str, Json]) -> None:
    """Lifecycle policy: keep last 10 images, delete untagged after 7 days."""
    for name in repositories:
        *tagged, untagged = [rule["selection"] for rule in rules(repositories, name)]
        counts = {(selection["countType"], selection["countNumber"]) for selection in tagged}

        assert counts == {("imageCountMoreThan", 10)}
        assert untagged == {
            "tagStatus": "untagged",
            "countType": "sinceImagePushed",
            "countUnit": "days",
            "countNumber": 7,
        }
        assert {rule["action"]["type"] for rule in rules(repositories, name)} == {"expire"}


@pytest.mark.parametrize(("tag", "priority"), [(SHA, 2), ("v1.4.0", 1), ("1.5.9", 2)])
def test_a_rule_matches_every_tag_that_is_really_made(repositories: dict[str, Json], tag: str, priority: int) -> None:
    """Commits, releases and the mirror's version: the first rule that matches decides, and releases come first."""
    matching = [
        rule["rulePriority"]
        for rule in rules(repositories, "aldeia/backend")
        for pattern in rule["selection"].get("tagPatternList", [])
        if fnmatchcase(tag, pattern)
    ]

    assert matching[0] == priority


def test_lifecycle_text_is_what_ecr_takes(repositories: dict[str, Json]) -> None:
    """ECR API: 100 to 30,720 characters; a tagged rule has patterns, an untagged one has none; priorities differ."""
    for name, properties in repositories.items():
        assert 100 <= len(properties["LifecyclePolicy"]["LifecyclePolicyText"]) <= 30_720
        found = rules(repositories, name)
        assert len({rule["rulePriority"] for rule in found}) == len(found)
        for rule in found:
            selection = rule["selection"]
            assert ("tagPatternList" in selection) == (selection["tagStatus"] == "tagged")


def test_the_artifacts_bucket_is_closed(registry: Json) -> None:
    """aldeia-app-artifacts (document, EC2 IAM Role), with the account's number, since bucket names are unique in the world."""
    bucket = registry["Resources"]["ArtifactsBucket"]
    properties = bucket["Properties"]
    policy = registry["Resources"]["ArtifactsBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]

    assert resolve(properties["BucketName"], {}) == "aldeia-app-artifacts-111122223333"
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    encryption = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption == [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
    assert properties["LifecycleConfiguration"]["Rules"][0]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90}
    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert [(s["Effect"], s["Condition"]) for s in policy] == [("Deny", {"Bool": {"aws:SecureTransport": "false"}})]
    assert registry["Outputs"]["ArtifactsBucketName"]["Value"] == {"Ref": "ArtifactsBucket"}


def test_the_mirror_says_how_it_is_filled(registry: Json) -> None:
    """ChromaDB's pinned version is copied once, from the publisher's name to ours, under the same tag."""
    outputs = {name: output for name, output in registry["Outputs"].items() if name.endswith("MirrorCommand")}
    command = resolve(outputs["ChromadbMirrorCommand"]["Value"], {}).split()

    assert set(outputs) == {"ChromadbMirrorCommand"}
    assert command[:4] == ["docker", "buildx", "imagetools", "create"]
    assert command[-2:] == [
        "111122223333.dkr.ecr.us-east-1.amazonaws.com/aldeia/chromadb:1.5.9",
        "chromadb/chroma:1.5.9",
    ]


def test_two_services_may_share_a_repository() -> None:
    worker = dataclasses.replace(
        SERVICES[0], name="worker", host=None, port=3009, environment={}, image=EcrImage("aldeia/backend")
    )
    template = to_dict(build(ENVIRONMENTS, (*SERVICES, worker)))
    found = [r for r in template["Resources"].values() if r["Type"] == "AWS::ECR::Repository"]

    assert len(found) == 3
