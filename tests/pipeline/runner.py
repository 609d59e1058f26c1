"""Runs a workflow without GitHub: jobs by their needs and conditions, steps of bash under bash, actions by hand-written stand-ins.

In: a workflow, an event, variables, stand-ins for actions, a folder of programs. Out: what became of each job and step. What
GitHub does and this does not is an error, never skipped: an unknown key of a job or a step, an action without a stand-in.
"""

import os
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import yaml

from tests.pipeline.expressions import evaluate, fill, holds

Json = dict[str, Any]
Action = Callable[["Step"], Mapping[str, str] | None]

_JOB_KEYS = {
    *("name", "needs", "if", "runs-on", "timeout-minutes", "permissions", "environment", "concurrency"),
    *("outputs", "strategy", "steps"),
}
_STEP_KEYS = {"name", "id", "if", "uses", "with", "run", "env", "continue-on-error"}
_BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail")  # GitHub docs, "defaults.run.shell": bash


class ActionError(Exception):
    """A stand-in fails its step, with what the action would say."""


@dataclass
class Event:
    """What started the run."""

    name: str
    sha: str
    ref: str = "refs/heads/main"
    inputs: Mapping[str, str] = field(default_factory=dict)
    payload: Json = field(default_factory=dict)
    number: int = 42
    run: str = "900"


@dataclass
class Step:
    """A step while it runs: what its action was given, and where it works."""

    given: Mapping[str, Any]
    job: "Running"


@dataclass
class Running:
    """A job while it runs; `environment` is the process environment that its steps share."""

    name: str
    event: Event
    workspace: Path
    github_environment: str
    permissions: Mapping[str, str]
    environment: dict[str, str]


@dataclass
class Done:
    """What became of a job. `said` is everything that its steps wrote, `summary` its part of the run's summary."""

    result: str
    outputs: Mapping[str, str] = field(default_factory=dict)
    said: str = ""
    summary: str = ""
    steps: Mapping[str, str] = field(default_factory=dict)  # outcome by name

    @property
    def errors(self) -> list[str]:
        """The annotations at the head of the run: title and text of each `::error`."""
        found = re.findall(r"^::error title=(.*?)::(.*)$", self.said, re.M)
        return [unquote(f"{title}: {text}") for title, text in found]


@dataclass
class Run:
    """A run of a workflow on this machine."""

    workflow: Json
    event: Event
    folder: Path
    actions: Mapping[str, Action]
    environment: Mapping[str, str]  # of every process: PATH, and where AWS is
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    repository: str = "example-org/aldeia-chatbot"
    approves: Callable[[str], bool] = lambda environment: True
    before_job: Callable[[str], None] = lambda name: None
    jobs: dict[str, Done] = field(default_factory=dict)

    def start(self) -> dict[str, Done]:
        """Run every job in the order of their needs, and return what became of them."""
        for name in self._order():
            job = self.workflow["jobs"][name]
            assert set(job) <= _JOB_KEYS, f"{name}: {set(job) - _JOB_KEYS}"
            self.jobs[name] = self._job(name, job)
        return self.jobs

    def _order(self) -> Iterator[str]:
        waiting = dict(self.workflow["jobs"])
        while waiting:
            free = [name for name, job in waiting.items() if not set(job.get("needs", [])) & set(waiting)]
            assert free, f"jobs need each other: {', '.join(waiting)}"
            for name in free:
                waiting.pop(name)
                yield name

    def _job(self, name: str, job: Json) -> Done:
        needed = [self.jobs[each] for each in job.get("needs", [])]
        contexts = self._contexts(job)
        status = _status(good=all(each.result == "success" for each in needed))
        if not holds(job.get("if", ""), contexts, status):
            return Done("skipped")
        self.before_job(name)
        where = job.get("environment", {}).get("name", "")
        if where and not self.approves(where):
            return Done("failure", said="The deployment was rejected")
        rows = job.get("strategy", {}).get("matrix", {}).get("include", [{}])
        done = [self._one(f"{name}-{number}", job, {**contexts, "matrix": row}) for number, row in enumerate(rows)]
        results = {each.result for each in done}
        return Done(
            "failure" if "failure" in results else "success",
            outputs=done[-1].outputs,
            said="".join(each.said for each in done),
            summary="".join(each.summary for each in done),
            steps={key: value for each in done for key, value in each.steps.items()},
        )

    def _contexts(self, job: Json) -> Json:
        owner = self.repository.partition("/")[0]
        github = {
            "event_name": self.event.name,
            "event": self.event.payload,
            "sha": self.event.sha,
            "ref": self.event.ref,
            "run_id": self.event.run,
            "run_number": self.event.number,
            "repository": self.repository,
            "repository_owner": owner,
            "workflow": self.workflow["name"],
            "token": "token-of-the-job",
        }
        needs = {
            each: {"result": self.jobs[each].result, "outputs": self.jobs[each].outputs}
            for each in job.get("needs", [])
        }
        contexts = {"github": github, "inputs": self.event.inputs, "vars": self.variables, "needs": needs}
        return contexts | {"secrets": self.secrets, "env": fill(self.workflow.get("env", {}), contexts)}

    def _one(self, label: str, job: Json, contexts: Json) -> Done:
        workspace = self.folder / label
        workspace.mkdir(parents=True)
        running = Running(
            name=label,
            event=self.event,
            workspace=workspace,
            github_environment=job.get("environment", {}).get("name", ""),
            permissions=job["permissions"],
            environment={**self.environment, **contexts["env"], **self._own_variables(workspace)},
        )
        steps: dict[str, Json] = {}
        outcomes: dict[str, str] = {}
        good, said, summary = True, "", ""
        for number, step in enumerate(job["steps"]):
            assert set(step) <= _STEP_KEYS, f"{label}: {set(step) - _STEP_KEYS}"
            known = {**contexts, "steps": steps}
            name = fill(step.get("name", step.get("uses", "")), known)
            if not holds(step.get("if", ""), known, _status(good=good)):
                outcomes[name] = "skipped"
                continue
            went_well, wrote, outputs, shown = _Files(running, number).carry_out(step, known, self.actions)
            said, summary = f"{said}## {name}\n{wrote}", summary + shown
            outcomes[name] = "success" if went_well else "failure"
            if "id" in step:
                steps[step["id"]] = {"outputs": outputs, "outcome": outcomes[name]}
            good = good and (went_well or step.get("continue-on-error", False))
        outputs = {key: evaluate(value, {**contexts, "steps": steps}) for key, value in job.get("outputs", {}).items()}
        given = {key: value or "" for key, value in outputs.items()}
        return Done("success" if good else "failure", given, said, summary, outcomes)

    def _own_variables(self, workspace: Path) -> dict[str, str]:
        """What every step finds (GitHub docs, "Default environment variables")."""
        return {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": self.event.name,
            "GITHUB_SHA": self.event.sha,
            "GITHUB_REF": self.event.ref,
            "GITHUB_REPOSITORY": self.repository,
            "GITHUB_RUN_ID": self.event.run,
            "GITHUB_RUN_NUMBER": str(self.event.number),
            "GITHUB_WORKSPACE": str(workspace),
        }


def _status(*, good: bool) -> dict[str, Callable[[], bool]]:
    """The functions that speak of what went before; nobody cancels a run here."""
    return {"success": lambda: good, "failure": lambda: not good, "always": lambda: True, "cancelled": lambda: False}


class _Files:
    """The files by which a step speaks to the next ones (GitHub docs, "Workflow commands": environment files)."""

    def __init__(self, running: Running, number: int) -> None:
        self.running = running
        self.folder = running.workspace.with_name(f"{running.workspace.name}.files")
        self.folder.mkdir(exist_ok=True)
        self.paths = {
            name: self.folder / f"{name.lower()}-{number}"
            for name in ("GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_ENV", "GITHUB_STEP_SUMMARY")
        }
        for path in self.paths.values():
            path.touch()

    def carry_out(
        self, step: Json, contexts: Json, actions: Mapping[str, Action]
    ) -> tuple[bool, str, Mapping[str, str], str]:
        """Whether the step went well, what it wrote, its outputs, its part of the summary."""
        if "uses" in step:
            try:
                action = actions[step["uses"].partition("@")[0]]
                given = action(Step(fill(step.get("with", {}), contexts), self.running))
            except ActionError as error:
                return False, f"::error title=action::{error}\n", {}, ""
            return True, "", given or {}, ""
        done = subprocess.run(
            [*_BASH, "-c", step["run"]],
            cwd=self.running.workspace,
            env={
                **self.running.environment,
                **{key: str(value) for key, value in fill(step.get("env", {}), contexts).items()},
                **{name: str(path) for name, path in self.paths.items()},
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self._take_over()
        return done.returncode == 0, done.stdout, self._pairs("GITHUB_OUTPUT"), self._text("GITHUB_STEP_SUMMARY")

    def _take_over(self) -> None:
        environment = self.running.environment
        for line in self._text("GITHUB_PATH").splitlines():
            environment["PATH"] = f"{line}{os.pathsep}{environment['PATH']}"
        environment.update(self._pairs("GITHUB_ENV"))

    def _pairs(self, name: str) -> dict[str, str]:
        found = (line.partition("=") for line in self._text(name).splitlines())
        return {key: value for key, _, value in found}

    def _text(self, name: str) -> str:
        return self.paths[name].read_text()


def read(path: Path) -> Json:
    """A workflow file. YAML 1.1 reads a bare `on` as true, so ours quote it."""
    found: Json = yaml.safe_load(path.read_text())
    return found
