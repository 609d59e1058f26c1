"""The jobs of each environment: plan, apply, keep what runs, and say what was not approved.

In: environments in their order, and what must have gone well before. Out: jobs.
"""

from textwrap import dedent
from typing import Any

from generator.model import Environment, Service
from generator.workflow.steps import (
    BUILD_ROLE,
    DEPLOY_MINUTES,
    IDENTITY,
    READ,
    SHORT_MINUTES,
    Job,
    Step,
    deploy_stack,
    images,
    job,
    one_at_a_time,
    run,
    take_environment_role,
    take_role,
    uses,
)
from generator.yaml import Noted

# Days that a plan is kept: longer than `deploy-stack apply` takes one for good (72 hours).
_PLAN_DAYS = 7


def deploy(environment: Environment, services: tuple[Service, ...], needs: list[str], good: str) -> Job:
    """An environment that needs nobody's approval: plan, show, apply; then what had to wait for a new value."""
    name = environment.name
    return job(
        f"Deploy {name}",
        needs=needs,
        when=f"!cancelled() && github.event_name == 'push' && {good}",
        minutes=DEPLOY_MINUTES,
        concurrency=one_at_a_time(environment),
        permissions=READ | IDENTITY,
        steps=[
            *deploy_stack(),
            take_environment_role(environment, "deploy"),
            _plan_step(name, f"set -- plan {name} {images(services)}"),
            run(
                "Apply",
                f"deploy-stack apply {name}.plan.json",
                when="steps.plan.outputs.changes == 'true'",
            ),
            run(
                "Deploy what waited for new values",
                f"deploy-stack deploy {name} {images(services)} --yes",
                when="steps.plan.outputs.waiting == 'true'",
            ),
        ],
    )


def approved(environment: Environment, services: tuple[Service, ...], needs: list[str], good: str) -> dict[str, Job]:
    """A protected environment: a plan to read, and after its approval exactly that plan."""
    name = environment.name
    plan = f"plan-{name}"
    return {
        plan: _plan_job(environment, services, needs, good),
        name: _apply_job(environment, plan),
        f"keep-{name}": _keep_job(environment, services, plan),
        f"unapproved-{name}": _unapproved_job(environment, plan),
    }


def _plan_job(environment: Environment, services: tuple[Service, ...], needs: list[str], good: str) -> Job:
    """For a push the commit's images, for a dispatch an earlier release as it was recorded."""
    name = environment.name
    asked = f"github.event_name == 'workflow_dispatch' && inputs.environment == '{name}'"
    choose = f"""
        if [ "$GITHUB_EVENT_NAME" = workflow_dispatch ]; then
          set -- rollback {name} ${{RELEASE:+--to "$RELEASE"}}
        else
          set -- plan {name} {images(services)}
        fi
        """
    return job(
        f"Plan {name}",
        needs=needs,
        when=f"!cancelled() && (github.event_name == 'push' && {good} || {asked})",
        minutes=SHORT_MINUTES,
        concurrency=one_at_a_time(environment),
        permissions=READ | IDENTITY | {"pull-requests": Noted("write", "to show the plan there")},
        outputs={each: f"${{{{ steps.plan.outputs.{each} }}}}" for each in ("changes", "waiting")},
        steps=[
            *deploy_stack(),
            take_environment_role(environment, "plan"),
            _plan_step(name, choose, env={"RELEASE": "${{ inputs.release }}"}),
            uses(
                "actions/upload-artifact",
                when="steps.plan.outputs.changes == 'true'",
                given={
                    "name": f"{name}-plan",
                    "path": f"{name}.plan.json",
                    "if-no-files-found": "error",
                    "retention-days": _PLAN_DAYS,
                },
            ),
            # What is shown there stands in the summary too: a comment that cannot be written stops no release.
            run(
                "Comment on the pull requests of this commit",
                """
                head -c 60000 review.md > comment.md
                gh api "repos/$GITHUB_REPOSITORY/commits/$GITHUB_SHA/pulls" --jq '.[].number' > numbers.txt
                while read -r number; do
                  gh pr comment "$number" --repo "$GITHUB_REPOSITORY" --body-file comment.md
                done < numbers.txt
                """,
                when="github.event_name == 'push'",
                forgiving=True,
                env={"GH_TOKEN": "${{ github.token }}"},
            ),
        ],
    )


def _apply_job(environment: Environment, plan: str) -> Job:
    """The only job of the GitHub environment, whose reviewers must agree before it begins."""
    name = environment.name
    return job(
        f"Apply the approved plan of {name}",
        needs=[plan],
        when=f"!cancelled() && needs.{plan}.outputs.changes == 'true'",
        minutes=DEPLOY_MINUTES,
        environment={"name": name, "url": f"https://{environment.domain}"},
        concurrency=one_at_a_time(environment),
        permissions=READ | IDENTITY,
        outputs={each: f"${{{{ steps.{each}.outputs.{each} }}}}" for each in ("approved", "applied")},
        steps=[
            run("Note the approval", 'echo "approved=true" >> "$GITHUB_OUTPUT"', id="approved"),
            *deploy_stack(),
            uses("actions/download-artifact", given={"name": f"{name}-plan"}),
            take_environment_role(environment, "deploy"),
            run(
                "Apply",
                f"""
                deploy-stack apply {name}.plan.json
                echo "applied=true" >> "$GITHUB_OUTPUT"
                """,
                id="applied",
            ),
            run(
                "Say what is left",
                f"""
                text="Stacks waited for values that this plan has made. Re-run all jobs: they are planned and shown then."
                echo "::error title={name} is not complete::$text"
                exit 1
                """,
                when=f"needs.{plan}.outputs.waiting == 'true'",
            ),
        ],
    )


def _keep_job(environment: Environment, services: tuple[Service, ...], plan: str) -> Job:
    """What runs there now gets a release's tag: the registry keeps those apart from the tags of mere builds."""
    name = environment.name
    return job(
        f"Keep the images that {name} runs",
        needs=[plan, name],
        when=f"!cancelled() && github.event_name == 'push' && ({settled(environment, plan)})",
        minutes=SHORT_MINUTES,
        permissions=READ | IDENTITY,
        steps=[
            *deploy_stack(),
            take_role(BUILD_ROLE, f"keep-{name}"),
            run("Tag them", f'deploy-stack images {name} {images(services)} --tag "v$GITHUB_RUN_NUMBER"'),
        ],
    )


def _unapproved_job(environment: Environment, plan: str) -> Job:
    """A plan that was shown and not executed says so."""
    name = environment.name
    return job(
        f"Say that {name} was not approved",
        needs=[plan, name],
        when=f"always() && needs.{plan}.outputs.changes == 'true' && needs.{name}.outputs.approved != 'true'",
        minutes=5,
        permissions={},
        steps=[
            run(
                "Say it",
                f"""
                text="The plan was not approved, or a newer one took its place. Nothing was executed in {name}."
                echo "::error title={name} stays as it is::$text"
                echo "**{name} stays as it is.** $text" >> "$GITHUB_STEP_SUMMARY"
                exit 1
                """,
            )
        ],
    )


def settled(environment: Environment, plan: str = "") -> str:
    """The approved plan was applied, or there was nothing to apply: the environment runs this commit."""
    name = environment.name
    return f"needs.{name}.outputs.applied == 'true' || needs.{plan or f'plan-{name}'}.outputs.changes == 'false'"


def _plan_step(name: str, choose: str, **more: Any) -> Step:
    """Plan what `choose` has set, show the review in the summary, and tell later steps whether there is something to apply."""
    tell = f"""
        code=0
        deploy-stack "$@" --out {name}.plan.json --markdown review.md || code=$?
        if [ -f review.md ]; then cat review.md >> "$GITHUB_STEP_SUMMARY"; fi
        if [ "$code" = 0 ]; then
          changes=false
        elif [ "$code" = 10 ] && [ -f {name}.plan.json ]; then
          changes=true
        else
          exit "$code"
        fi
        if grep -q '^Waiting: ' review.md; then waiting=true; else waiting=false; fi
        printf 'changes=%s\\nwaiting=%s\\n' "$changes" "$waiting" >> "$GITHUB_OUTPUT"
        """
    return run("Plan", f"{dedent(choose).strip()}\n{dedent(tell).strip()}", id="plan", **more)
