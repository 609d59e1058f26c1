"""What the workflow's jobs are made of: jobs, steps, and the actions they use.

In: names, commands. Out: mappings, in the order in which people write their keys.
"""

from collections.abc import Mapping
from textwrap import dedent
from typing import Any

from generator.model import Architecture, EcrImage, Environment, Service
from generator.stacks.delivery import DEPLOY_SESSION, deploying
from generator.yaml import Lines, Noted

Job = dict[str, Any]
Step = dict[str, Any]

# By full commit: a tag of an action can be moved to other code, a commit cannot.
ACTIONS = {
    "actions/checkout": ("3d3c42e5aac5ba805825da76410c181273ba90b1", "v7.0.1"),
    "actions/download-artifact": ("3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c", "v8.0.1"),
    "actions/setup-python": ("5fda3b95a4ea91299a34e894583c3862153e4b97", "v7.0.0"),
    "actions/upload-artifact": ("bbbca2ddaa5d8feaa63e36b76fdaad77386f024f", "v7.0.0"),
    "aws-actions/amazon-ecr-login": ("03f1aad4c6c7ffd436567f42f9384779290529bd", "v2.1.7"),
    "aws-actions/configure-aws-credentials": ("e6de054238d6b7531b4efff3b6587d9aade6a06c", "v6.2.3"),
    "docker/build-push-action": ("53b7df96c91f9c12dcc8a07bcb9ccacbed38856a", "v7.3.0"),
    "docker/setup-buildx-action": ("37fe631027851001ddb9b187196cc803df7f5f0e", "v4.3.0"),
}
# An image is built on a machine of its own architecture: emulation is several times slower.
RUNNERS = {Architecture.X86_64: "ubuntu-24.04", Architecture.ARM64: "ubuntu-24.04-arm"}
PLATFORMS = {Architecture.X86_64: "linux/amd64", Architecture.ARM64: "linux/arm64"}
# The Python that requirements/deploy.txt is locked for.
PYTHON = "3.11"
# Minutes. A deployment may take as long as the session of its role.
BUILD_MINUTES, SHORT_MINUTES, DEPLOY_MINUTES = 30, 20, DEPLOY_SESSION // 60
# Permissions of a job's own token: to read the repository, to ask for the identity that a role trusts.
READ: dict[str, str | Noted] = {"contents": "read"}
IDENTITY: dict[str, str | Noted] = {"id-token": Noted("write", "to take a role in AWS")}
BUILD_ROLE = "BUILD_ROLE_ARN"


def job(
    name: str,
    *,
    minutes: int,
    permissions: Mapping[str, str | Noted],
    steps: list[Step],
    needs: list[str] | None = None,
    when: str = "",
    runs_on: str = "ubuntu-24.04",
    **more: Any,
) -> Job:
    """One job; `when` is an expression, and `more` stands before the steps."""
    first: Job = {"name": name}
    if needs:
        first["needs"] = needs
    if when:
        first["if"] = f"${{{{ {when} }}}}"
    return first | {
        "runs-on": runs_on,
        "timeout-minutes": minutes,
        "permissions": dict(permissions),
        **more,
        "steps": steps,
    }


def uses(action: str, *, name: str = "", id: str = "", when: str = "", given: Mapping[str, Any] | None = None) -> Step:  # noqa: A002
    """A step that is somebody's action."""
    commit, version = ACTIONS[action]
    step: Step = {}
    for key, value in (("name", name), ("id", id), ("if", when)):
        if value:
            step[key] = value
    step["uses"] = Noted(f"{action}@{commit}", version)
    return step | ({"with": dict(given)} if given else {})


def run(
    name: str,
    script: str,
    *,
    id: str = "",  # noqa: A002  (GitHub's word)
    when: str = "",
    forgiving: bool = False,
    env: Mapping[str, str] | None = None,
) -> Step:
    """A step of bash. What comes from outside reaches it by `env`, never inside the script; `forgiving` fails no job."""
    step: Step = {"name": name}
    for key, value in (("id", id), ("if", when), ("continue-on-error", forgiving), ("env", env)):
        if value:
            step[key] = value
    lines = dedent(script).strip()
    return step | {"run": Lines(lines) if "\n" in lines else lines}


def checkout() -> Step:
    """The application's own code."""
    return uses("actions/checkout", given={"persist-credentials": False})


def deploy_stack() -> list[Step]:
    """Templates, parameters and deploy-stack as they stand in their release; before any credentials are there."""
    return [
        uses(
            "actions/checkout",
            name="Get templates, parameters and deploy-stack",
            given={
                "repository": "${{ env.COMPUTE_REPOSITORY }}",
                "ref": "${{ env.COMPUTE_RELEASE }}",
                # A deploy key that may only read; empty for a repository that this one may read anyway.
                "ssh-key": "${{ secrets.COMPUTE_DEPLOY_KEY }}",
                "persist-credentials": False,
            },
        ),
        uses("actions/setup-python", given={"python-version": PYTHON}),
        run(
            "Install deploy-stack",
            """
            python -m venv .venv
            .venv/bin/pip install --quiet --require-hashes --requirement requirements/deploy.txt
            echo "$PWD/scripts" >> "$GITHUB_PATH"
            """,
        ),
    ]


def take_role(variable: str, session: str, *, seconds: int = 0) -> Step:
    """Credentials of a role, by the identity of this job; an hour of them unless `seconds` says more."""
    given: Step = {
        "role-to-assume": f"${{{{ vars.{variable} }}}}",
        "aws-region": "${{ vars.AWS_REGION }}",
        "role-session-name": f"{session}-${{{{ github.run_id }}}}",
    }
    return uses(
        "aws-actions/configure-aws-credentials",
        given=given | ({"role-duration-seconds": seconds} if seconds else {}),
    )


def take_environment_role(environment: Environment, verb: str) -> Step:
    """The role of the `delivery` stack that plans or deploys an environment."""
    assert verb in {name for name, _, _ in deploying(environment)}  # noqa: S101  (a role that the stack makes)
    return take_role(role_variable(environment, verb), f"{verb}-{environment.name}", seconds=DEPLOY_SESSION)


def role_variable(environment: Environment, verb: str) -> str:
    """The repository's variable with the ARN of a role: `PRODUCTION_PLAN_ROLE_ARN`, the output `ProductionPlanRoleArn`."""
    return f"{environment.name}-{verb}-role-arn".replace("-", "_").upper()


def images(services: tuple[Service, ...]) -> str:
    """The images of this commit, as deploy-stack takes them."""
    names = [service.repository.rsplit("/", 1)[-1] for service in services if isinstance(service.image, EcrImage)]
    return " ".join(f'--image {name}="$GITHUB_SHA"' for name in names)


def one_at_a_time(environment: Environment) -> Job:
    """Whatever changes an environment waits for its turn; what waits longest gives way to what is newer."""
    return {"group": environment.name, "cancel-in-progress": False}
