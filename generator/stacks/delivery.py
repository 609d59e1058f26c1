"""Stack `delivery`: how code on GitHub becomes change sets here, without a key that could be stolen.

One role builds and pushes images. For each environment one role deploys, by handing a CloudFormation execution role on: only that
one may create resources, and only of its own environment. In a protected environment the deploying role belongs to the GitHub
environment of the same name, behind its approval, and a second role may make the change set that is to be approved.

People deploy this stack, under their own names: no role in it may change it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from awacs import aws
from troposphere import Equals, GetAtt, If, Output, Ref, Tags, Template, iam

from generator.model import Environment, ModelError, Service
from generator.naming import SHARED, logical_id
from generator.policies import execution
from generator.policies.delivery import (
    AUDIENCE,
    ISSUER,
    MOST_POLICIES,
    execute_change_sets,
    in_pieces,
    log_in_to_registry,
    make_change_sets,
    push_images,
    read_images,
    review,
    trust_github,
)
from generator.policies.execution import trust_cloudformation
from generator.policies.observation import observation
from generator.policies.protection import protection
from generator.policies.scope import scope
from generator.stacks.registry import repositories
from generator.wiring import begin, fact, publish, take

NAME = "delivery"

# Seconds: the first deployment of an environment waits for certificates, load balancers and services one after the other.
DEPLOY_SESSION = 2 * 3600

# The parameter's default, and the branch whose pushes the generated workflow builds.
DEFAULT_BRANCH = "main"
BRANCH = "ref:refs/heads/${GitHubBranch}"


def build(environments: tuple[Environment, ...], services: tuple[Service, ...]) -> Template:
    """The provider and the roles. Raises ModelError where one environment's stack names could pass for another's."""
    _check_names(environments)
    template = begin(SHARED, NAME, "roles of the pipeline and of CloudFormation")
    _github(template)
    provider = _provider(template)
    images = repositories(services)
    pushing = _image_policies(template, "push images", "Pushes images to our repositories", push_images, images)
    reading = _image_policies(template, "read images", "Reads images of our repositories", read_images, images)
    if len(reading) + 3 > MOST_POLICIES:  # beside a deploying role's three others
        raise ModelError("services", len(images), "too many repositories for the policies that one role may carry")
    builder = _role(
        template,
        "BuildRole",
        "GitHubActionsRole of the design document: pushes images",
        trust_github(provider, BRANCH),
        [_policy(template, "log in to registry", "Logs in to the registry", log_in_to_registry()), *pushing],
    )
    _tell(template, builder)
    reviewing = _policy(
        template,
        "review",
        "Reads what a review of change sets shows",
        review(take(template, SHARED, "registry", "ArtifactsBucketName")),
    )
    executing = _policy(template, "execute", "Executes change sets", execute_change_sets())
    creating = _execution_policies(template)
    carried = {"plan": [reviewing, *reading], "deploy": [reviewing, executing, *reading]}
    for environment in environments:
        creator = _creating_role(template, environment, creating)
        _deploying_roles(template, environment, provider, creator, carried)
    return template


def _creating_role(template: Template, environment: Environment, creating: list[Ref]) -> iam.Role:
    """CloudFormation's own role in `environment`, the one that creates resources."""
    role = _role(
        template,
        logical_id(environment.name, "CloudFormationRole"),
        f"CloudFormation's own for {environment.name}: creates what its stacks describe",
        trust_cloudformation(environment),
        creating,
        Tags=Tags(**scope(environment)),
    )
    publish(
        template,
        logical_id(environment.name, "CloudFormationRoleArn"),
        GetAtt(role, "Arn"),
        f"Role that change sets of {environment.name} are made with",
    )
    return role


def _deploying_roles(
    template: Template, environment: Environment, provider: Any, creator: iam.Role, carried: Mapping[str, list[Ref]]
) -> None:
    """The pipeline's roles in `environment`, which hand `creator` to CloudFormation and can create nothing themselves."""
    changing = _policy(
        template,
        f"{environment.name} change sets",
        f"Makes change sets of {environment.name}",
        make_change_sets(environment, GetAtt(creator, "Arn")),
    )
    for name, where, about in deploying(environment):
        role = _role(
            template,
            logical_id(environment.name, name, "role"),
            f"{about} {environment.name}",
            trust_github(provider, where),
            [changing, *carried[name]],
            MaxSessionDuration=DEPLOY_SESSION,
            Tags=Tags(**scope(environment)),
        )
        _tell(template, role)


def deploying(environment: Environment) -> Iterator[tuple[str, str, str]]:
    """(name, GitHub job, what it does) of the roles that make or execute change sets of an environment."""
    if not environment.protected:
        yield "deploy", BRANCH, "Makes and executes change sets of"
        return
    yield "plan", BRANCH, "Makes change sets, for approval, of"
    yield "deploy", f"environment:{environment.name}", "Executes approved change sets of"


def _check_names(environments: Sequence[Environment]) -> None:
    """Roles know stacks by `aldeia-<environment>-*`, so no name may begin with another one and a hyphen."""
    for field in ("name", "short"):
        names = sorted(getattr(environment, field) for environment in environments)
        for first in names:
            for second in names:
                if second.startswith(f"{first}-"):
                    right = (
                        f"the roles of {first} would reach its stacks: choose a name that does not begin with {first}-"
                    )
                    raise ModelError(f"Environment.{field}", second, right)


def _github(template: Template) -> None:
    """Which repository, told by names and by numbers that never change (`gh api repos/OWNER/NAME --jq '.owner.id, .id'`)."""
    rows = (
        ("GitHubOwner", "Owner", r"^[A-Za-z0-9](-?[A-Za-z0-9])*$", "Organization or user that owns the repository"),
        ("GitHubOwnerId", "Owner's number", r"^[0-9]+$", "From `gh api repos/OWNER/NAME --jq .owner.id`"),
        ("GitHubRepository", "Repository", r"^[A-Za-z0-9._-]+$", "Name of the application's repository, without owner"),
        ("GitHubRepositoryId", "Repository's number", r"^[0-9]+$", "From `gh api repos/OWNER/NAME --jq .id`"),
    )
    for name, label, pattern, about in rows:
        fact(template, name, group="GitHub", label=label, AllowedPattern=pattern, Description=about)
    fact(
        template,
        "GitHubBranch",
        group="GitHub",
        label="Branch",
        AllowedPattern=r"^[A-Za-z0-9._/-]+$",
        Default=DEFAULT_BRANCH,
        Description="Branch whose pushes are built and deployed",
    )


def _provider(template: Template) -> If:
    """ARN of the account's OpenID Connect provider for GitHub: the one that is there, or a new one."""
    existing = fact(
        template,
        "ExistingProviderArn",
        group="GitHub",
        label="OpenID Connect provider that the account already has",
        AllowedPattern=rf"^(arn:[a-z-]+:iam::[0-9]{{12}}:oidc-provider/{ISSUER.replace('.', '[.]')})?$",
        ConstraintDescription=f"must be empty, or the ARN of the account's provider for {ISSUER}",
        Default="",
        Description="An account has one provider for GitHub. Empty makes it here",
    )
    template.add_condition("MakesProvider", Equals(existing, ""))
    provider = template.add_resource(
        iam.OIDCProvider(
            "GitHubProvider",
            Condition="MakesProvider",
            Url=f"https://{ISSUER}",
            ClientIdList=[AUDIENCE],
            # No thumbprint: IAM trusts GitHub's certificate authority by itself (IAM API, CreateOpenIDConnectProvider).
            # Other stacks of the account may lean on it by then.
            DeletionPolicy="Retain",
            UpdateReplacePolicy="Retain",
        )
    )
    return If("MakesProvider", Ref(provider), existing)


def _image_policies(
    template: Template,
    name: str,
    about: str,
    write: Callable[[Sequence[str]], aws.PolicyDocument],
    images: tuple[str, ...],
) -> list[Ref]:
    """One policy over all repositories, or as many as their quota asks for; roles share them."""
    pieces = in_pieces(images)
    numbers = [""] if len(pieces) == 1 else [str(number) for number in range(1, len(pieces) + 1)]
    return [
        _policy(template, f"{name} {number}", about, write(piece))
        for number, piece in zip(numbers, pieces, strict=True)
    ]


def _execution_policies(template: Template) -> list[Ref]:
    """What CloudFormation may create, in pieces that fit a managed policy; every execution role carries them all."""
    pieces = {
        "services": execution.services(),
        "data": execution.data(),
        "observation": observation(),
        "identity": execution.identity(),
        "protection": protection(),
    }
    return [
        _policy(template, f"create {name}", f"CloudFormation creates: {name}", permissions)
        for name, permissions in pieces.items()
    ]


def _policy(template: Template, name: str, about: str, permissions: aws.PolicyDocument) -> Ref:
    return Ref(
        template.add_resource(
            iam.ManagedPolicy(logical_id(name, "policy"), Description=about, PolicyDocument=permissions)
        )
    )


def _role(
    template: Template, name: str, about: str, trusted: aws.PolicyDocument, policies: list[Ref], **properties: Any
) -> iam.Role:
    """A role with a generated name: two stacks of one account could not share a given one."""
    role: iam.Role = template.add_resource(
        iam.Role(name, Description=about, AssumeRolePolicyDocument=trusted, ManagedPolicyArns=policies, **properties)
    )
    return role


def _tell(template: Template, role: iam.Role) -> None:
    """An output for people, who copy the ARN into the workflow's settings; no other stack needs it."""
    template.add_output(Output(f"{role.title}Arn", Description=role.Description, Value=GetAtt(role, "Arn")))
