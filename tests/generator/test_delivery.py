"""The stack `delivery`: its provider, what it publishes, quotas, and what another environment gets."""

import dataclasses
import json
import re

import pytest

from generator.environments import ENVIRONMENTS, STAGING
from generator.model import ModelError
from generator.policies.scope import scope
from generator.services import SERVICES
from generator.stacks.delivery import build
from tests.generator.delivery_reading import (
    BUILD,
    DEPLOY,
    ISSUER,
    PLAN,
    STAGING_DEPLOY,
    Json,
    arn,
    names,
    principal_tags,
    rendered,
    stack,
)
from tests.generator.policy_evaluator import ALLOWED, NOT_ALLOWED, decide, resolve, statements
from tests.generator.variants import many_services

# IAM quotas: characters of a managed policy, white space not counted; policies attached to a role; of a trust policy.
MANAGED_POLICY, ATTACHED_POLICIES, TRUST_POLICY = 6144, 10, 2048


def test_the_provider_is_github_without_thumbprint(delivery: Json) -> None:
    provider = delivery["Resources"]["GitHubProvider"]

    assert provider["Properties"]["Url"] == f"https://{ISSUER}"
    assert provider["Properties"]["ClientIdList"] == ["sts.amazonaws.com"]
    assert "ThumbprintList" not in provider["Properties"]


def test_a_provider_that_is_there_is_used(delivery: Json) -> None:
    """An account has one provider for a URL: its ARN in, none made, and every trust names it."""
    provider = delivery["Resources"]["GitHubProvider"]
    wanted = {"Fn::If": ["MakesProvider", {"Ref": "GitHubProvider"}, {"Ref": "ExistingProviderArn"}]}

    assert provider["Condition"] == "MakesProvider"
    assert delivery["Conditions"]["MakesProvider"] == {"Fn::Equals": [{"Ref": "ExistingProviderArn"}, ""]}
    for role in (BUILD, STAGING_DEPLOY, PLAN, DEPLOY):
        trust = delivery["Resources"][role]["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]
        assert trust["Principal"] == {"Federated": [wanted]}
    pattern = delivery["Parameters"]["ExistingProviderArn"]["AllowedPattern"]
    assert re.fullmatch(pattern, "")
    assert re.fullmatch(pattern, arn("iam", f"oidc-provider/{ISSUER}", region=""))
    assert not re.fullmatch(pattern, arn("iam", "oidc-provider/example.com", region=""))


def test_the_documented_role_name_is_in_the_description(delivery: Json) -> None:
    """GitHubActionsRole (document, CI/CD); its ARN is an output, for the workflow's settings."""
    assert "GitHubActionsRole" in delivery["Resources"][BUILD]["Properties"]["Description"]
    assert {f"{role}Arn" for role in (BUILD, STAGING_DEPLOY, PLAN, DEPLOY)} <= set(delivery["Outputs"])


def test_the_deployer_finds_the_execution_role(delivery: Json) -> None:
    published = {r["Properties"]["Name"] for r in delivery["Resources"].values() if r["Type"] == "AWS::SSM::Parameter"}

    assert published == {
        f"/aldeia/shared/delivery/{name.title()}CloudFormationRoleArn" for name in ("staging", "production")
    }


@pytest.mark.parametrize("count", [0, 100, 280])
def test_policies_stay_below_the_quotas(count: int) -> None:
    """With many services too, of the longest names: in characters without white space, and in policies of one role."""
    template = rendered(ENVIRONMENTS, many_services(count, repository=f"aldeia/{'a' * 40}"))
    known = names(template)
    for name, resource in template["Resources"].items():
        properties = resource["Properties"]
        if resource["Type"] == "AWS::IAM::ManagedPolicy":
            assert _size(resolve(properties["PolicyDocument"], known)) <= MANAGED_POLICY, name
        if resource["Type"] == "AWS::IAM::Role":
            assert _size(resolve(properties["AssumeRolePolicyDocument"], known)) <= TRUST_POLICY, name
            assert len(properties["ManagedPolicyArns"]) <= ATTACHED_POLICIES, (name, count)


def _size(document: Json) -> int:
    return len(re.sub(r"\s", "", json.dumps(document)))


def test_an_environment_that_could_reach_another_is_refused() -> None:
    """`aldeia-staging-*` would match the stacks of an environment called staging-2."""
    second = dataclasses.replace(STAGING, name="staging-2", short="second", domain="second.aldeia.com")

    with pytest.raises(ModelError, match=r"Environment\.name: found 'staging-2'"):
        build((STAGING, second), SERVICES)


def test_a_third_environment_gets_its_own_roles() -> None:
    preview = dataclasses.replace(STAGING, name="preview", short="preview", domain="preview.aldeia.com")
    template = rendered((*ENVIRONMENTS, preview))
    role = "PreviewDeployRole"
    found = statements(template, role, names(template))
    tags = principal_tags(template, role)

    assert {f"aws:PrincipalTag/{key}": value for key, value in scope(preview).items()}.items() <= tags.items()
    assert decide(found, "cloudformation:ExecuteChangeSet", stack("aldeia-preview-fargate"), tags) == ALLOWED
    assert decide(found, "cloudformation:ExecuteChangeSet", stack("aldeia-staging-fargate"), tags) == NOT_ALLOWED
