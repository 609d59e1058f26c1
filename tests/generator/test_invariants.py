"""What holds for all templates, whichever stack, environment or service."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from generator.environments import ENVIRONMENTS
from generator.facts import mistakes
from generator.render import LARGEST_TEMPLATE_BODY
from tests.generator.reading import as_list, documents, resources, statements, walk

Json = dict[str, Any]

# Statements that may say `*`, each with its reason. A new one is added here, where a reviewer sees it.
ANY_RESOURCE = {
    "LogInToRegistry": "ecr:GetAuthorizationToken takes no resource",
    "SeeEnhancedFindings": "Amazon Inspector's lists take no resource",
    "OpenShell": "ssmmessages channels take no resource",
    "FindShellLog": "logs:DescribeLogGroups as ECS Exec calls it",
    "DenyPlainNfs": "a file system policy; * is the file system it hangs on",
    "DenyOutsideAccessPoints": "a file system policy; * is the file system it hangs on",
    "Account": "a key policy; * is the key it hangs on, as in the next four",
    "Logs": "a key policy",
    "Alarms": "a key policy",
    "Budgets": "a key policy",
    "EventRules": "a key policy",
}
ANY_ACTION = {
    "DenyPlainHttp": "takes every action away where there is no TLS; grants nothing",
    "Account": "a key policy: IAM decides for the account, or nobody could change the key again",
}
# The CloudFormation execution roles create whatever the templates hold: statements about whole services, fenced by conditions
# (test_pipeline_roles.py and test_execution_role.py ask an evaluator what they come to).
EXECUTION = {
    "ServicesWithRandomIds": "ids are random and creates take no resource; this region only",
    "Dns": "Route 53: the zone is a parameter, Cloud Map's own is new",
    "NotOtherEnvironments": "a Deny: takes away what is tagged with another environment",
    "NeverNeeded": "takes away, whatever the resource",
    "GenerateSecrets": "secretsmanager:GetRandomPassword takes no resource",
    "FindPublishedValues": "ssm:DescribeParameters takes no resource",
    "CompositeAlarms": "CloudWatch wants the scope * for composite alarms",
    "MakeKey": "a new key has no id: narrowed by the tags it is born with",
    "FindKeyAliases": "kms:ListAliases takes no resource",
    "FirewallLog": "log deliveries and resource policies take no resource; this region only",
    "ListTasks": "narrowed by ecs:cluster",
    "SeeHealth": "DescribeAlarms with composites and DescribeTargetHealth take no narrower resource",
}
# Types that hold what people would miss.
DATA = (
    "AWS::EFS::FileSystem",
    "AWS::EFS::AccessPoint",
    "AWS::ECR::Repository",
    "AWS::KMS::Key",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
)
REGIONS = r"\b(us|eu|ap|sa|ca|me|af|il|mx)-(east|west|north|south|central|northeast|southeast|northwest|southwest)-\d\b"


def test_no_account_region_or_partition_is_written_down(templates: Mapping[str, Json]) -> None:
    """Templates know no account: pseudo parameters only."""
    literal = re.compile(rf"\b\d{{12}}\b|arn:aws[a-z-]*:|{REGIONS}")
    found = [
        (file, path, value)
        for file, template in templates.items()
        for path, value in walk(
            {key: template.get(key, {}) for key in ("Resources", "Outputs", "Conditions", "Mappings")}
        )
        if isinstance(value, str) and literal.search(value)
    ]

    assert found == []


def test_nothing_runs_latest(files: Mapping[str, str]) -> None:
    """No image reference ends in :latest, in any generated file."""
    assert [path for path, text in files.items() if re.search(r":latest\b", text)] == []


def test_wildcards_stand_in_the_explained_list(templates: Mapping[str, Json]) -> None:
    """A resource or an action `*` outside the lists above fails."""
    for file, where, statement in statements(templates):
        sid = statement["Sid"]
        if "*" in as_list(statement.get("Resource", [])):
            assert sid in ANY_RESOURCE | EXECUTION, f"{file}: {where}: Resource *"
        wild = [action for action in as_list(statement.get("Action", [])) if "*" in action]
        if wild:
            assert sid in ANY_ACTION | EXECUTION, f"{file}: {where}: {wild}"


def test_the_explained_list_is_used(templates: Mapping[str, Json]) -> None:
    """An exception that no statement needs any more is taken off the list."""
    sids = {statement["Sid"] for _, _, statement in statements(templates)}

    assert set(ANY_RESOURCE) | set(ANY_ACTION) | set(EXECUTION) <= sids


def test_every_policy_has_its_version_and_every_statement_a_sid(templates: Mapping[str, Json]) -> None:
    found = list(documents(templates))

    assert len(found) > 50
    for file, where, document in found:
        assert document["Version"] == "2012-10-17", f"{file}: {where}"
        sids = [statement.get("Sid") for statement in document["Statement"]]
        assert all(sids), f"{file}: {where}: a statement without Sid"
        assert len(sids) == len(set(sids)), f"{file}: {where}: one Sid twice"


def test_data_is_retained(templates: Mapping[str, Json]) -> None:
    """What people would miss stays when it leaves the template, and when it is replaced."""
    found = list(resources(templates, *DATA))

    assert {resource["Type"] for _, _, resource in found} == set(DATA)
    for file, name, resource in found:
        assert resource.get("DeletionPolicy") == "Retain", f"{file}: {name}"
        assert resource.get("UpdateReplacePolicy") == "Retain", f"{file}: {name}"


def test_every_log_group_has_retention(templates: Mapping[str, Json]) -> None:
    days = {environment.name: environment.log_retention_days for environment in ENVIRONMENTS}
    for file, name, resource in resources(templates, "AWS::Logs::LogGroup"):
        assert resource["Properties"]["RetentionInDays"] == days[file.split("/")[0]], f"{file}: {name}"


def test_every_template_can_be_sent_in_the_request(files: Mapping[str, str], templates: Mapping[str, Json]) -> None:
    """As written, in bytes: CloudFormation takes 51,200."""
    assert {
        path: len(files[path].encode()) for path in templates if len(files[path].encode()) >= LARGEST_TEMPLATE_BODY
    } == {}


def test_chromadb_is_reached_by_its_callers_alone(templates: Mapping[str, Json]) -> None:
    """Port 8000 opens to the backend and the hosts that run it: never to the load balancer, never to an address."""
    for environment in ("staging", "production"):
        network = templates[f"{environment}/network.json"]["Resources"]
        callers = set()
        for resource in network.values():
            rule = resource["Properties"]
            if resource["Type"] == "AWS::EC2::SecurityGroupIngress" and rule["FromPort"] <= 8000 <= rule["ToPort"]:
                callers.add(rule["SourceSecurityGroupId"]["Fn::GetAtt"][0])
            for inline in rule.get("SecurityGroupIngress", []):
                assert not inline["FromPort"] <= 8000 <= inline["ToPort"]
        assert callers == {"BackendSecurityGroup", "HostSecurityGroup"}


def test_only_the_load_balancer_is_open_to_the_world(templates: Mapping[str, Json]) -> None:
    """0.0.0.0/0 comes in at the load balancer's 80 and 443, and nowhere else."""
    found = [
        (file, name, rule["FromPort"])
        for file, name, resource in resources(templates, "AWS::EC2::SecurityGroup")
        for rule in resource["Properties"].get("SecurityGroupIngress", [])
        if rule.get("CidrIp") == "0.0.0.0/0" or "CidrIpv6" in rule
    ]

    assert sorted(found) == [
        (f"{environment}/network.json", "LoadBalancerSecurityGroup", port)
        for environment in ("production", "staging")
        for port in (80, 443)
    ]


def test_no_rule_of_the_load_balancer_leads_to_chromadb(templates: Mapping[str, Json]) -> None:
    for environment in ("staging", "production"):
        edge = templates[f"{environment}/edge.json"]["Resources"]
        ports = {
            r["Properties"]["Port"] for r in edge.values() if r["Type"] == "AWS::ElasticLoadBalancingV2::TargetGroup"
        }

        assert ports == {3001, 3002}


@pytest.mark.parametrize("kind", ["Environment", "ManagedBy", "Project", "Stack"])
def test_everything_that_can_be_tagged_is(templates: Mapping[str, Json], kind: str) -> None:
    """Judged by the registry schemas: a type whose tags can be set has them, and the EC2 group hands them on."""
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

    untagged = []
    for file, name, resource in resources(templates):
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", resource["Type"]).schema
        tagging = schema.get("tagging", {})
        key = tagging.get("tagProperty", "/properties/Tags").rsplit("/", 1)[-1]
        if key not in schema["properties"] or not tagging.get("taggable", True):
            continue
        if resource["Type"] == "AWS::EC2::LaunchTemplate":
            key = "TagSpecifications"
        given = resource["Properties"].get(key, [])
        if key == "TagSpecifications":
            given = [tag for specification in given for tag in specification["Tags"]]
        names = set(given) if isinstance(given, dict) else {tag["Key"] for tag in given}
        if kind not in names:
            untagged.append((file, name, resource["Type"]))
        if resource["Type"] == "AWS::AutoScaling::AutoScalingGroup":
            assert all(tag["PropagateAtLaunch"] for tag in given)

    assert untagged == []


def test_every_reference_between_stacks_is_answered_by_an_earlier_stack(
    templates: Mapping[str, Json], manifests: Mapping[str, Json]
) -> None:
    """A parameter that names a Parameter Store path of ours finds it published, by a stack that is deployed before."""
    for environment, manifest in manifests.items():
        published = set(_paths(templates, manifests["shared"])) if environment != "shared" else set()
        for entry in manifest["Stacks"]:
            template = templates[f"{environment}/{entry['Name']}.json"]
            for parameter, properties in template.get("Parameters", {}).items():
                default = str(properties.get("Default", ""))
                if default.startswith("/aldeia/"):
                    assert default in published, f"{environment}/{entry['Name']}: {parameter}"
            published |= set(_published(template))


def test_no_value_is_published_twice(templates: Mapping[str, Json]) -> None:
    paths = [path for template in templates.values() for path in _published(template)]

    assert len(paths) == len(set(paths))


def _paths(templates: Mapping[str, Json], manifest: Json) -> list[str]:
    return [
        path
        for entry in manifest["Stacks"]
        for path in _published(templates[f"{manifest['Environment']}/{entry['Name']}.json"])
    ]


def _published(template: Json) -> list[str]:
    return [r["Properties"]["Name"] for r in template["Resources"].values() if r["Type"] == "AWS::SSM::Parameter"]


def test_both_options_make_the_same_kinds_of_things_in_both_environments(templates: Mapping[str, Json]) -> None:
    """Staging and production may differ in size, not in what they are, save for what the table below says."""
    only_production = {
        "fargate": {"AWS::ApplicationAutoScaling::ScalableTarget", "AWS::ApplicationAutoScaling::ScalingPolicy"},
        "ec2": {"AWS::AutoScaling::ScalingPolicy", "AWS::CloudWatch::Alarm"},
        # What costs money by the month (`Environment.firewall`, `Environment.customer_managed_key`).
        "edge": {
            "AWS::Logs::LogGroup",
            "AWS::WAFv2::LoggingConfiguration",
            "AWS::WAFv2::WebACL",
            "AWS::WAFv2::WebACLAssociation",
        },
        "network": {"AWS::KMS::Alias", "AWS::KMS::Key"},
    }
    for stack in ("network", "data", "edge", "fargate", "ec2", "monitoring"):
        staging, production = (
            {r["Type"] for r in templates[f"{environment}/{stack}.json"]["Resources"].values()}
            for environment in ("staging", "production")
        )

        assert production - staging == only_production.get(stack, set()), stack
        assert staging - production == set(), stack


def test_the_console_can_show_every_parameter(templates: Mapping[str, Json]) -> None:
    """Every parameter has a description and a place in a group; what a person fills in has a label too."""
    for file, template in templates.items():
        parameters = template.get("Parameters", {})
        interface = template["Metadata"].get("AWS::CloudFormation::Interface", {})
        grouped = [name for group in interface.get("ParameterGroups", []) for name in group["Parameters"]]

        assert sorted(grouped) == sorted(parameters), file
        for name, parameter in parameters.items():
            assert parameter.get("Description"), f"{file}: {name}"
            if not str(parameter.get("Default", "")).startswith("/aldeia/"):
                assert name in interface["ParameterLabels"], f"{file}: {name}"


def test_every_template_says_what_it_is(templates: Mapping[str, Json]) -> None:
    for file, template in templates.items():
        environment, stack = file.removesuffix(".json").split("/")

        assert template["Metadata"]["Aldeia"] == {"Environment": environment, "Stack": stack, "Version": "0.1.0"}
        assert template["Description"].startswith(f"Aldeia Chatbot, {environment}, {stack}: ")


def test_the_parameters_folder_fits(files: Mapping[str, str], pytestconfig: pytest.Config) -> None:
    assert mistakes(files, pytestconfig.rootpath / "parameters", "parameters") == []
