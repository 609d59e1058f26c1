"""The EC2 option's template: hosts as documented, replaced in an order that keeps capacity and one writer, with narrow roles."""

import dataclasses
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from generator.environments import ENVIRONMENTS, PRODUCTION, STAGING
from generator.model import Host, ModelError
from generator.services import SERVICES
from tests.generator.hosts_reading import COMMIT, Json, kinds, resolve, stack, values_of

TEMPLATES = {environment.name: stack(environment, SERVICES) for environment in ENVIRONMENTS}
KINDS = [(environment.name, kind.title) for environment, kind in kinds(ENVIRONMENTS, SERVICES)]
EACH = pytest.mark.parametrize(("environment", "title"), KINDS)


def properties(environment: str, name: str) -> Json:
    found: Json = TEMPLATES[environment]["Resources"][name]["Properties"]
    return found


def launched(environment: str, title: str) -> Json:
    data: Json = properties(environment, f"{title}LaunchTemplate")["LaunchTemplateData"]
    return data


@EACH
def test_a_host_is_hardened(environment: str, title: str) -> None:
    """IMDSv2 alone, one hop, an encrypted gp3 disk, one-minute metrics, no address of its own."""
    data = launched(environment, title)

    assert data["MetadataOptions"] == {
        "HttpEndpoint": "enabled",
        "HttpTokens": "required",
        "HttpPutResponseHopLimit": 1,
    }
    disk = data["BlockDeviceMappings"][0]["Ebs"]
    assert (disk["VolumeType"], disk["Encrypted"], disk["DeleteOnTermination"]) == ("gp3", True, True)
    assert data["Monitoring"] == {"Enabled": True}
    assert "NetworkInterfaces" not in data
    assert "KeyName" not in data


@EACH
def test_hosts_and_their_disks_have_the_common_tags(environment: str, title: str) -> None:
    for specification in launched(environment, title)["TagSpecifications"]:
        tags = {tag["Key"]: tag["Value"] for tag in specification["Tags"]}
        assert {"Project", "Environment", "Stack", "ManagedBy", "Name"} == set(tags)
        assert tags["Environment"] == environment
    assert {s["ResourceType"] for s in launched(environment, title)["TagSpecifications"]} >= {"instance", "volume"}
    assert all(tag["PropagateAtLaunch"] for tag in properties(environment, f"{title}Group")["Tags"])


@EACH
def test_nothing_is_done_before_the_host_says_so(environment: str, title: str) -> None:
    """Creation and update wait for signals; the group takes the newest launch template."""
    group = TEMPLATES[environment]["Resources"][f"{title}Group"]
    update = group["UpdatePolicy"]["AutoScalingRollingUpdate"]

    assert group["CreationPolicy"]["ResourceSignal"]["Timeout"] == "PT20M"
    assert update["WaitOnResourceSignals"] is True
    assert update["PauseTime"] == "PT20M"
    assert update["MaxBatchSize"] == "1"
    version = group["Properties"]["LaunchTemplate"]["Version"]
    assert version == {"Fn::GetAtt": [f"{title}LaunchTemplate", "LatestVersionNumber"]}


# (environment, group, hosts kept while others are replaced, least and most percent when the group itself replaces one)
ORDERS = [
    ("staging", "Host", "0", 0, 100),
    ("production", "Host", "2", 100, 150),
    ("production", "DataHost", "0", 0, 100),
]


@pytest.mark.parametrize(("environment", "title", "kept", "least", "most"), ORDERS)
def test_replacement_keeps_capacity_and_one_writer(
    environment: str, title: str, kept: str, least: int, most: int
) -> None:
    """Two of four hosts stay while others come; with data on it, the old one goes before the new one comes."""
    group = TEMPLATES[environment]["Resources"][f"{title}Group"]
    update = group["UpdatePolicy"]["AutoScalingRollingUpdate"]

    assert update["MinInstancesInService"] == kept
    assert int(kept) < int(group["Properties"]["MaxSize"])
    assert group["Properties"]["InstanceMaintenancePolicy"] == {
        "MinHealthyPercentage": least,
        "MaxHealthyPercentage": most,
    }
    assert "AlarmNotification" in update["SuspendProcesses"]
    assert "Launch" not in update["SuspendProcesses"]


def test_the_number_of_hosts_is_left_to_scaling() -> None:
    group = properties("production", "HostGroup")

    assert group["DesiredCapacity"] == {"Fn::If": ["IsFirstDeployment", "2", {"Ref": "AWS::NoValue"}]}
    assert properties("staging", "HostGroup")["DesiredCapacity"] == "1"
    assert (group["MinSize"], group["MaxSize"]) == ("2", "4")


def test_hosts_behind_the_load_balancer_are_judged_by_it() -> None:
    for environment in ("staging", "production"):
        group = properties(environment, "HostGroup")
        assert group["HealthCheckType"] == "ELB"
        assert group["HealthCheckGracePeriod"] == 900
        assert group["TargetGroupARNs"] == [{"Ref": "BackendEc2TargetGroupArn"}, {"Ref": "FrontendEc2TargetGroupArn"}]
    assert "TargetGroupARNs" not in properties("production", "DataHostGroup")


def test_the_data_has_at_most_one_host_and_only_at_home() -> None:
    group = TEMPLATES["production"]["Resources"]["DataHostGroup"]

    assert group["Condition"] == "RunsChromadb"
    assert (group["Properties"]["MinSize"], group["Properties"]["MaxSize"]) == ("1", "1")
    assert launched("production", "DataHost")["SecurityGroupIds"] == [{"Ref": "ChromadbSecurityGroupId"}]
    assert launched("production", "Host")["SecurityGroupIds"] == [{"Ref": "HostSecurityGroupId"}]


@pytest.mark.parametrize("changed", [{"BackendImageTag": "f" * 40}, {"FrontendImageTag": "v2"}])
def test_another_image_replaces_the_hosts(changed: dict[str, str]) -> None:
    """The tag is in the user data, so the launch template changes, and the group with its version."""
    template = TEMPLATES["production"]
    values = values_of(template, PRODUCTION, SERVICES)
    script = launched("production", "Host")["UserData"]

    assert resolve(template, values, script) != resolve(template, {**values, **changed}, script)


def test_another_compose_file_replaces_the_hosts() -> None:
    more = dataclasses.replace(SERVICES[0], environment={**SERVICES[0].environment, "LEVEL": "debug"})
    template = stack(PRODUCTION, (more, *SERVICES[1:]))

    assert "LEVEL: debug" in json.dumps(template["Resources"]["HostLaunchTemplate"])


def test_an_image_by_digest_is_addressed_by_digest() -> None:
    template, digest = TEMPLATES["production"], "sha256:" + "a" * 64
    values = {**values_of(template, PRODUCTION, SERVICES), "BackendImageTag": digest}
    script = resolve(template, values, launched("production", "Host")["UserData"])

    assert f"/aldeia/backend@{digest}\n" in script
    assert f"/aldeia/frontend:{COMMIT}'\n" in script


def statements(environment: str, role: str) -> dict[str, Json]:
    return {
        statement["Sid"]: statement
        for policy in properties(environment, role)["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
    }


def test_the_role_is_the_documented_one() -> None:
    for environment, title in KINDS:
        role = properties(environment, f"{title}Role")
        assert "EC2-AldeiaRole" in role["Description"]
        assert [arn["Fn::Sub"].rsplit("/", 1)[1] for arn in role["ManagedPolicyArns"]] == [
            "AmazonSSMManagedInstanceCore",
            "CloudWatchAgentServerPolicy",
        ]
        assert "RoleName" not in role


def test_each_role_may_do_what_its_hosts_do() -> None:
    common = {"ReadArtifacts", "SignalOwnStack", "LogInToRegistry", "PullImages"}
    data = {"MountDataOfChromadb", "RegisterChromadb", "NameChromadb"}
    assert set(statements("production", "HostRole")) == common | {"ReadSecrets", "KeyOfSecretsmanager"}
    assert set(statements("production", "DataHostRole")) == common | data
    assert set(statements("staging", "HostRole")) == common | data | {"ReadSecrets"}


def test_permissions_name_their_resources() -> None:
    found = statements("staging", "HostRole")

    assert found["ReadSecrets"]["Resource"] == [
        {"Ref": "DatabaseCredentialsSecretArn"},
        {"Ref": "JwtSecretsSecretArn"},
        {"Ref": "EnvFileSecretArn"},
    ]
    assert [arn["Fn::Sub"].rsplit(":", 1)[1] for arn in found["PullImages"]["Resource"]] == [
        "repository/aldeia/backend",
        "repository/aldeia/chromadb",
        "repository/aldeia/frontend",
    ]
    assert found["SignalOwnStack"]["Resource"] == [{"Ref": "AWS::StackId"}]
    assert found["LogInToRegistry"]["Resource"] == ["*"]
    point = found["MountDataOfChromadb"]["Condition"]["StringEquals"]["elasticfilesystem:AccessPointArn"]
    assert "access-point" in json.dumps(point)
    names = found["NameChromadb"]["Condition"]["ForAllValues:StringEquals"]
    assert names["route53:ChangeResourceRecordSetsNormalizedRecordNames"] == ["chromadb.staging.aldeia.internal"]
    assert all(sid == "LogInToRegistry" for sid, statement in found.items() if "*" in statement["Resource"])


def test_the_deploy_key_may_be_read_only_with_the_option() -> None:
    policy = TEMPLATES["staging"]["Resources"]["HostDeployKeyPolicy"]

    assert policy["Condition"] == "ClonesRepository"
    assert TEMPLATES["staging"]["Parameters"]["RepositoryUrl"]["Default"] == ""
    resource = policy["Properties"]["PolicyDocument"]["Statement"][0]["Resource"][0]["Fn::Sub"]
    assert resource.endswith(":secret:${RepositoryKeySecret}-??????")


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("RepositoryUrl", "git@github.com:example/aldeia-chatbot.git", "git@x:y'; reboot; '"),
        ("RepositoryCommit", COMMIT, "main"),
        ("RepositoryKeySecret", "staging/deploy-key", "a' b"),
        ("RepositoryHostKey", "github.com ssh-ed25519 AAAA+/=", "x'$(reboot)"),
        ("BackendImageTag", COMMIT, "latest"),
    ],
)
def test_what_a_person_types_cannot_leave_its_quotes(name: str, good: str, bad: str) -> None:
    """Parameters land between single quotes in the script."""
    pattern = TEMPLATES["staging"]["Parameters"][name]["AllowedPattern"]
    assert re.search(pattern, good)
    assert not re.search(pattern, bad)


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_the_image_is_pinned_by_its_id(environment: str) -> None:
    """A path in Parameter Store would be read anew at every update, and bring another image along."""
    about = TEMPLATES[environment]["Parameters"]["HostImage"]
    entries = json.loads(Path(f"parameters/{environment}/ec2.json").read_text(encoding="utf-8"))

    assert about["Type"] == "AWS::EC2::Image::Id"
    assert "Default" not in about
    assert {row["ParameterKey"]: row["ParameterValue"][:4] for row in entries} == {"HostImage": "ami-"}


def test_the_deployer_knows_where_the_newest_image_is(manifests: Mapping[str, Json]) -> None:
    path = "/aws/service/canonical/ubuntu/server/22.04/stable/current/amd64/hvm/ebs-gp2/ami-id"
    for environment in ("staging", "production"):
        found = {each["Name"]: each["MachineImages"] for each in manifests[environment]["Stacks"]}
        assert found.pop("ec2") == [{"Parameter": "HostImage", "Newest": path}]
        assert not any(found.values())


def test_the_log_group_is_the_documented_one() -> None:
    for environment, days in (("staging", 14), ("production", 90)):
        group = TEMPLATES[environment]["Resources"]["HostLogGroup"]
        assert group["Properties"]["LogGroupName"] == f"/aws/ec2/aldeia-{environment}"
        assert group["Properties"]["RetentionInDays"] == days
        assert group["DeletionPolicy"] == group["UpdateReplacePolicy"] == "Retain"


def test_services_that_do_not_fit_in_user_data_are_refused() -> None:
    large = dataclasses.replace(
        STAGING, host=Host(instance_type="m6i.xlarge", volume_gib=50, minimum=1, desired=1, maximum=1), tasks={}
    )
    many: list[Any] = [
        dataclasses.replace(SERVICES[1], name=f"site-{index}", host=f"site-{index}", port=4000 + index, environment={})
        for index in range(12)
    ]
    with pytest.raises(ModelError, match=r"Environment\(staging\)\.host: .*12 services.*EC2 takes 16384"):
        stack(large, tuple(many))
