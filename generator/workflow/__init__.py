"""`build-and-deploy.yml`: the workflow of the application's repository, from a push to approved production.

In: environments and services. Out: YAML text, for `.github/workflows/` there. Knows no account: roles and region are variables of
that repository. What happens, in which order, and what each failure looks like is told in docs/pipeline.md.

The jobs are those whose subjects the roles of the `delivery` stack trust: a branch's, so they name no GitHub environment, except
the one job that executes an approved plan.
"""

import re
from collections.abc import Iterator

from generator import VERSION
from generator.model import PROJECT, EcrImage, Environment, ModelError, PublicImage, Service
from generator.naming import SHARED
from generator.stacks.delivery import DEFAULT_BRANCH
from generator.workflow.environments import approved, deploy, settled
from generator.workflow.images import build, mirror, scan, try_to_build
from generator.workflow.steps import Job
from generator.yaml import Style, block

FILE = "build-and-deploy.yml"

_HEAD = (
    f"# Made by `python -m generator` of {PROJECT}-compute: copy it to .github/workflows/ of the application's repository.\n"
    "# What it does, what it needs and what each failure looks like: docs/pipeline.md there.\n"
)
# Text that YAML reads as nothing else: no colon or number sign beside a space, no sign of YAML's at the beginning.
_STYLE = Style(
    bare=re.compile(r"(?![.-]?[0-9.]*$)[A-Za-z./$-](?:[A-Za-z0-9_./$@{}()|&='\"<>*+,;!?-]|:(?! |$)| (?! |#|$))*"),
    inline=lambda _, value: not value,
)


def files(environments: tuple[Environment, ...], services: tuple[Service, ...]) -> dict[str, str]:
    """The workflow, by its path below `templates/`; nothing where there is no image of ours to build, or nowhere to run it."""
    if not environments or not any(isinstance(service.image, EcrImage) for service in services):
        return {}
    return {f"{SHARED}/{FILE}": text(environments, services)}


def text(environments: tuple[Environment, ...], services: tuple[Service, ...]) -> str:
    """The workflow's text. Raises ModelError for an environment that is called like one of its jobs."""
    document = {
        "name": "Build and deploy",
        "on": _triggers(environments),
        # Each job asks for what it needs.
        "permissions": {},
        # One commit is built, and taken back, by one run at a time; environments have groups of their own.
        "concurrency": {
            "group": "${{ github.workflow }}-${{ github.event_name }}-${{ github.sha }}",
            "cancel-in-progress": False,
        },
        "env": {
            # The repository that holds templates, parameters and deploy-stack, and the release of it that made this file.
            "COMPUTE_REPOSITORY": f"${{{{ github.repository_owner }}}}/{PROJECT}-compute",
            "COMPUTE_RELEASE": f"v{VERSION}",
        },
        "defaults": {"run": {"shell": "bash"}},
        "jobs": _jobs(environments, services),
    }
    return _HEAD + "\n".join(_spaced(block(document, _STYLE))) + "\n"


def _jobs(environments: tuple[Environment, ...], services: tuple[Service, ...]) -> dict[str, Job]:
    """Environments follow each other in their order: what was not good in one goes into no later one."""
    built = [service for service in services if isinstance(service.image, EcrImage)]
    mirrored = [service for service in services if isinstance(service.image, PublicImage) and service.image.mirror]
    jobs = {"try": try_to_build(built), "build": build(built)}
    if mirrored:
        jobs["mirror"] = mirror(mirrored)
    jobs["scan"] = scan(environments[0], services, needs=[name for name in jobs if name != "try"])
    needs, good = ["scan"], "needs.scan.result == 'success'"
    for environment in environments:
        added = approved(environment, services, needs, good) if environment.protected else {}
        added = added or {environment.name: deploy(environment, services, needs, good)}
        if taken := sorted(set(added) & set(jobs)):
            raise ModelError("Environment.name", environment.name, f"the workflow has a job {taken[0]} already")
        jobs |= added
        if environment.protected:
            needs, good = [f"plan-{environment.name}", environment.name], f"({settled(environment)})"
        else:
            needs, good = [environment.name], f"needs.{environment.name}.result == 'success'"
    return jobs


def _triggers(environments: tuple[Environment, ...]) -> Job:
    triggers: Job = {"push": {"branches": [DEFAULT_BRANCH]}, "pull_request": None}
    protected = [environment.name for environment in environments if environment.protected]
    if protected:
        triggers["workflow_dispatch"] = {
            "inputs": {
                "environment": {
                    "description": "Take this environment back to an earlier release",
                    "type": "choice",
                    "options": protected,
                },
                "release": {
                    "description": "Number or version, as `deploy-stack rollback --list` shows it; empty is the one before",
                    "type": "string",
                },
            }
        }
    return triggers


def _spaced(lines: Iterator[str]) -> Iterator[str]:
    """An empty line before each section, each job and each step."""
    before = ""
    for line in lines:
        if re.match(r"[a-z]|  [a-z][a-z0-9-]*:$|      - (name|uses|id|if):", line) and not before.endswith(":"):
            yield ""
        before = line
        yield line
