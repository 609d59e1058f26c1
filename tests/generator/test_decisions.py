"""How the design document is read: one test for each entry of "Differences from the design document" (docs/differences.md)."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.environments import PRODUCTION, STAGING
from generator.model import ModelError, PublicImage
from tests.generator.reading import as_list, resources, statements, walk

Json = dict[str, Any]
Templates = Mapping[str, Json]
BOTH = ("staging", "production")


def properties(templates: Templates, file: str, name: str) -> Json:
    found: Json = templates[file]["Resources"][name]["Properties"]
    return found


@pytest.mark.parametrize("environment", BOTH)
def test_1_one_chromadb(templates: Templates, environment: str) -> None:
    """One copy, stopped before its successor starts, never rebalanced, never scaled, behind a lock; sizes as documented."""
    service = properties(templates, f"{environment}/fargate.json", "ChromadbService")
    container = properties(templates, f"{environment}/fargate.json", "ChromadbTaskDefinition")["ContainerDefinitions"][
        0
    ]

    assert service["DesiredCount"]["Fn::If"] == ["RunsChromadb", 1, 0]
    assert service["DeploymentConfiguration"]["MinimumHealthyPercent"] == 0
    assert service["DeploymentConfiguration"]["MaximumPercent"] == 100
    assert service["AvailabilityZoneRebalancing"] == "DISABLED"
    assert service["DeploymentController"] == {"Type": "ECS"}
    assert container["EntryPoint"][-5:] == ["flock", "--no-fork", "-w", "300", "/data/.chroma.lock"]
    targets = list(resources(templates, "AWS::ApplicationAutoScaling::ScalableTarget"))
    assert {name for _, name, _ in targets} == {"BackendScalableTarget", "FrontendScalableTarget"}


def test_1_one_home_by_default(templates: Templates) -> None:
    """The compute stack that the environment runs is ChromaDB's home; the other stack's default says no."""
    homes = {
        (environment, stack): templates[f"{environment}/{stack}.json"]["Parameters"]["RunChromadb"]["Default"]
        for environment in BOTH
        for stack in ("fargate", "ec2")
    }

    assert homes == {
        ("staging", "ec2"): "true",
        ("staging", "fargate"): "false",
        ("production", "ec2"): "false",
        ("production", "fargate"): "true",
    }


@pytest.mark.parametrize("environment", BOTH)
def test_2_chroma_is_pinned_and_mounted_where_it_writes(templates: Templates, environment: str) -> None:
    """1.5.9 from our mirror, /data on the file system, and none of the variables that 1.x ignores."""
    task = properties(templates, f"{environment}/fargate.json", "ChromadbTaskDefinition")
    container = task["ContainerDefinitions"][0]

    assert container["Image"]["Fn::Sub"].endswith("/aldeia/chromadb:1.5.9")
    assert container["MountPoints"] == [{"ContainerPath": "/data", "ReadOnly": False, "SourceVolume": "data"}]
    names = {variable["Name"] for variable in container["Environment"]}
    assert not names & {"IS_PERSISTENT", "ANONYMIZED_TELEMETRY", "CHROMA_SERVER_AUTH_CREDENTIALS"}
    assert "Secrets" not in container


def test_3_the_image_is_given_at_each_deployment(templates: Templates, manifests: Mapping[str, Json]) -> None:
    """A parameter for each service, without default, that refuses latest; the manifest tells the deployer what to look up."""
    for environment in BOTH:
        for stack in ("fargate", "ec2"):
            parameters = templates[f"{environment}/{stack}.json"]["Parameters"]
            for name in ("BackendImageTag", "FrontendImageTag"):
                assert "Default" not in parameters[name]
                allowed = re.compile(parameters[name]["AllowedPattern"])
                assert allowed.match("0123abc")
                assert allowed.match("sha256:" + "0" * 64)
                assert not allowed.match("latest")
                assert not allowed.match("")
        entries = {entry["Name"]: entry for entry in manifests[environment]["Stacks"]}
        assert entries["fargate"]["Images"] == [
            {"Parameter": "BackendImageTag", "Repository": "aldeia/backend"},
            {"Parameter": "FrontendImageTag", "Repository": "aldeia/frontend"},
        ]


def test_3_latest_is_no_version() -> None:
    with pytest.raises(ModelError, match="never latest"):
        PublicImage("chromadb/chroma", "latest")


def test_4_the_lifecycle_matches_the_tags_of_the_pipeline(templates: Templates) -> None:
    """Ten of whatever is tagged, sha or release; untagged images after seven days."""
    for _, name, repository in resources(templates, "AWS::ECR::Repository"):
        rules = json.loads(repository["Properties"]["LifecyclePolicy"]["LifecyclePolicyText"])["rules"]
        tagged = next(rule["selection"] for rule in rules if rule["selection"]["tagStatus"] == "tagged")
        untagged = next(rule["selection"] for rule in rules if rule["selection"]["tagStatus"] == "untagged")

        assert (tagged["countType"], tagged["countNumber"]) == ("imageCountMoreThan", 10), name
        assert tagged["tagPatternList"] == ["*"], name
        assert (untagged["countType"], untagged["countUnit"], untagged["countNumber"]) == (
            "sinceImagePushed",
            "days",
            7,
        )


@pytest.mark.parametrize("environment", BOTH)
def test_5_roles_read_their_own_environment_alone(templates: Templates, environment: str) -> None:
    """Secrets by complete ARN taken from this environment's data stack; no name of another environment in any statement."""
    own = {file: template for file, template in templates.items() if file.startswith(f"{environment}/")}
    other = "production" if environment == "staging" else "staging"
    readers = 0
    for file, where, statement in statements(own):
        text = json.dumps(statement)
        assert f"{other}/" not in text, f"{file}: {where}"
        assert f"aldeia-{other}" not in text, f"{file}: {where}"
        if "secretsmanager:GetSecretValue" in as_list(statement.get("Action", [])):
            readers += 1
            for resource in as_list(statement["Resource"]):
                # The one other secret is the deploy key of the optional clone, which an account names in a parameter.
                own_key = "secret:${RepositoryKeySecret}-??????" in json.dumps(resource)
                assert own_key or resource["Ref"].endswith("SecretArn"), f"{file}: {where}: {resource}"
    assert readers >= 2


@pytest.mark.parametrize("environment", BOTH)
def test_6_secrets_have_the_documented_names_and_no_value(templates: Templates, environment: str) -> None:
    """The data stack owns them, retained; a container gets the complete ARN with the key."""
    data = templates[f"{environment}/data.json"]["Resources"]
    secrets = {r["Properties"]["Name"]: r for r in data.values() if r["Type"] == "AWS::SecretsManager::Secret"}

    assert set(secrets) == {f"{environment}/{name}" for name in ("database/credentials", "jwt/secrets", "env-file")}
    for name, secret in secrets.items():
        assert "SecretString" not in secret["Properties"], name
    container = properties(templates, f"{environment}/fargate.json", "BackendTaskDefinition")["ContainerDefinitions"][0]
    assert [(secret["Name"], secret["ValueFrom"]["Fn::Sub"]) for secret in container["Secrets"]] == [
        ("DATABASE_URL", "${DatabaseCredentialsSecretArn}:DATABASE_URL::"),
        ("JWT_SECRET", "${JwtSecretsSecretArn}:JWT_SECRET::"),
    ]


def test_7_only_what_people_type_has_a_name(templates: Templates) -> None:
    """Roles, target groups and security groups are named by CloudFormation; the documented role name is in its description."""
    unnamed = {
        "AWS::IAM::Role": "RoleName",
        "AWS::ElasticLoadBalancingV2::TargetGroup": "Name",
        "AWS::ElasticLoadBalancingV2::LoadBalancer": "Name",
        "AWS::EC2::SecurityGroup": "GroupName",
        "AWS::AutoScaling::AutoScalingGroup": "AutoScalingGroupName",
    }
    for file, name, resource in resources(templates, *unnamed):
        assert unnamed[resource["Type"]] not in resource["Properties"], f"{file}: {name}"
    for environment in BOTH:
        roles = [r for _, _, r in resources({"": templates[f"{environment}/ec2.json"]}, "AWS::IAM::Role")]
        assert any("EC2-AldeiaRole" in role["Properties"]["Description"] for role in roles)


@pytest.mark.parametrize("environment", BOTH)
def test_8_the_load_balancer_knows_backend_and_frontend_alone(templates: Templates, environment: str) -> None:
    edge = templates[f"{environment}/edge.json"]
    rules = [r["Properties"] for _, _, r in resources({"": edge}, "AWS::ElasticLoadBalancingV2::ListenerRule")]
    site = {"staging": STAGING, "production": PRODUCTION}[environment].domain

    hosts = sorted(rule["Conditions"][0]["HostHeaderConfig"]["Values"][0] for rule in rules)
    assert hosts == sorted([site, f"api.{site}"])
    listener = edge["Resources"]["HttpsListener"]["Properties"]
    assert listener["DefaultActions"][0]["FixedResponseConfig"]["StatusCode"] == "404"


def test_9_scaling_is_a_target_and_three_policies(templates: Templates) -> None:
    """The request policy names its target group, and a count is given at the first deployment only."""
    fargate = templates["production/fargate.json"]["Resources"]
    for service in ("Backend", "Frontend"):
        policies = [
            r["Properties"]["TargetTrackingScalingPolicyConfiguration"]["PredefinedMetricSpecification"]
            for r in fargate.values()
            if r["Type"] == "AWS::ApplicationAutoScaling::ScalingPolicy"
            and r["Properties"]["ScalingTargetId"] == {"Ref": f"{service}ScalableTarget"}
        ]
        label = next(policy["ResourceLabel"] for policy in policies if "ResourceLabel" in policy)

        assert len(policies) == 3
        assert label == {
            "Fn::Join": ["/", [{"Ref": "LoadBalancerFullName"}, {"Ref": f"{service}FargateTargetGroupFullName"}]]
        }
        count = fargate[f"{service}Service"]["Properties"]["DesiredCount"]
        assert count == {"Fn::If": ["IsFirstDeployment", 2, {"Ref": "AWS::NoValue"}]}


def test_9_the_deployer_knows_which_deployment_is_the_first(manifests: Mapping[str, Json]) -> None:
    entries = {entry["Name"]: entry for entry in manifests["production"]["Stacks"]}

    assert entries["fargate"]["CreateParameters"] == {"FirstDeployment": "true"}
    assert entries["network"]["CreateParameters"] == {}


def test_10_hosts_scale_as_documented(templates: Templates) -> None:
    """Above 70 % for five minutes, below 30 % for ten, cooldown 300 s, on one-minute points."""
    ec2 = templates["production/ec2.json"]["Resources"]
    alarms = [
        r["Properties"]
        for r in ec2.values()
        if r["Type"] == "AWS::CloudWatch::Alarm" and r["Properties"].get("MetricName") == "CPUUtilization"
    ]
    policies = [r["Properties"] for r in ec2.values() if r["Type"] == "AWS::AutoScaling::ScalingPolicy"]

    assert {
        (alarm["ComparisonOperator"], alarm["Threshold"], alarm["Period"], alarm["EvaluationPeriods"])
        for alarm in alarms
    } == {("GreaterThanThreshold", 70, 60, 5), ("LessThanThreshold", 30, 60, 10)}
    assert {(policy["PolicyType"], str(policy["Cooldown"])) for policy in policies} == {("SimpleScaling", "300")}
    assert sorted(policy["ScalingAdjustment"] for policy in policies) == [-1, 1]
    for _, _, template in resources(templates, "AWS::EC2::LaunchTemplate"):
        assert template["Properties"]["LaunchTemplateData"]["Monitoring"] == {"Enabled": True}


@pytest.mark.parametrize("environment", BOTH)
def test_11_the_bootstrap_stops_at_the_first_error(files: Mapping[str, str], environment: str) -> None:
    """What it does under bash is tested in test_bootstrap.py; here, what it must never hold again."""
    script = files[f"{environment}/bootstrap.sh"]

    assert "set -Eeuo pipefail" in script
    assert "umask 077" in script
    assert "get.docker.com" not in script
    assert "| sh" not in script
    assert "signal-resource" in script
    other = "production/" if environment == "staging" else "staging/"
    assert other not in script


@pytest.mark.parametrize("environment", BOTH)
def test_12_every_container_is_asked_for_its_health(templates: Templates, environment: str) -> None:
    """The document's intervals for all; its command for the backend, one without curl for the others."""
    for service, start in (("Backend", 60), ("Frontend", 60), ("Chromadb", 300)):
        task = properties(templates, f"{environment}/fargate.json", f"{service}TaskDefinition")
        check = task["ContainerDefinitions"][0]["HealthCheck"]

        assert (check["Interval"], check["Timeout"], check["Retries"], check["StartPeriod"]) == (30, 5, 3, start)
        assert ("curl" in " ".join(check["Command"])) == (service == "Backend")


def test_13_capacity_comes_from_a_provider(templates: Templates) -> None:
    """No service has a launch type, so spot can be weighed in later without replacing it."""
    for file, name, service in resources(templates, "AWS::ECS::Service"):
        assert "LaunchType" not in service["Properties"], f"{file}: {name}"
        first = service["Properties"]["CapacityProviderStrategy"][0]
        assert first["CapacityProvider"] == "FARGATE", f"{file}: {name}"


def test_14_the_budget_knows_the_whole_bill(templates: Templates) -> None:
    """The document counts vCPU only; the budgets leave room for what it leaves out (docs/differences.md, entry 14)."""
    for environment, documented in (("staging", 52), ("production", 300)):
        budgets = [
            b for _, _, b in resources({"": templates[f"{environment}/monitoring.json"]}, "AWS::Budgets::Budget")
        ]
        limit = budgets[0]["Properties"]["Budget"]["BudgetLimit"]

        assert limit["Unit"] == "USD"
        assert float(limit["Amount"]) > documented


def test_15_hybrid_is_the_default_and_reversible(templates: Templates, manifests: Mapping[str, Json]) -> None:
    """Staging on EC2, production on Fargate; both stacks exist for both, behind weights that sum to 100."""
    defaults = {
        environment: {entry["Name"] for entry in manifests[environment]["Stacks"] if entry["Default"]}
        for environment in BOTH
    }
    assert "ec2" in defaults["staging"]
    assert "fargate" not in defaults["staging"]
    assert "fargate" in defaults["production"]
    assert "ec2" not in defaults["production"]
    for environment, share in (("staging", "0"), ("production", "100")):
        edge = templates[f"{environment}/edge.json"]
        weight = edge["Parameters"]["FargateWeight"]
        assert weight["Default"] == share
        assert weight["AllowedValues"] == ["0", "1", "5", "10", "25", "50", "75", "90", "95", "99", "100"]
        mapping = edge["Mappings"]["Ec2Weight"]
        assert {int(key) + value["Percent"] for key, value in mapping.items()} == {100}
        assert set(mapping) == set(weight["AllowedValues"])
        for _, name, rule in resources({"": edge}, "AWS::ElasticLoadBalancingV2::ListenerRule"):
            groups = rule["Properties"]["Actions"][0]["ForwardConfig"]["TargetGroups"]
            kinds = [edge["Resources"][group["TargetGroupArn"]["Ref"]]["Properties"]["TargetType"] for group in groups]
            assert kinds == ["ip", "instance"], name
            assert [next(iter(group["Weight"])) for group in groups] == ["Ref", "Fn::FindInMap"], name


def test_16_github_proves_who_it_is(templates: Templates, files: Mapping[str, str]) -> None:
    """Roles are assumed by token only, for the named repository, in the classic and in the immutable form of the subject."""
    delivery = templates["shared/delivery.json"]["Resources"]
    trusts = [
        role["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]
        for role in delivery.values()
        if role["Type"] == "AWS::IAM::Role"
        and "sts:AssumeRoleWithWebIdentity" in role["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]["Action"]
    ]

    assert len(trusts) >= 3
    for trust in trusts:
        equal = trust["Condition"]["StringEquals"]
        assert equal["token.actions.githubusercontent.com:aud"] in ("sts.amazonaws.com", ["sts.amazonaws.com"])
        subjects = [
            value for _, value in walk(equal["token.actions.githubusercontent.com:sub"]) if isinstance(value, str)
        ]
        assert not any("*" in subject for subject in subjects)
        assert any("@" in subject for subject in subjects)
        assert any("@" not in subject and subject.startswith("repo:") for subject in subjects)
    # The workflow that takes them: staging first, then production's own plan behind its approval.
    jobs = yaml.safe_load(files["shared/build-and-deploy.yml"])["jobs"]
    assert jobs["plan-production"]["needs"] == ["staging"]
    assert jobs["production"]["environment"]["name"] == "production"
    assert "deploy-stack apply production.plan.json" in files["shared/build-and-deploy.yml"]
    assert "force-new-deployment" not in files["shared/build-and-deploy.yml"]


def test_every_entry_is_told_to_users(pytestconfig: pytest.Config) -> None:
    """The project's own list has the sixteen entries, and names the test that holds each."""
    page = (Path(pytestconfig.rootpath) / "docs" / "differences.md").read_text(encoding="utf-8")
    source = Path(__file__).read_text(encoding="utf-8")

    for number in range(1, 17):
        row = re.search(rf"^\| {number} \|.*$", page, re.MULTILINE)
        assert row, number
        named = re.findall(r"`(test_\w+)`", row[0])
        assert named, number
        for test in named:
            assert f"def {test}(" in source, test
