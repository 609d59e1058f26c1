"""Our deployer and four others, each as an able user runs it on one stack: the commands, and what is to be known of them.

In: a `Bench`, which writes the template to deploy. Out: `DEPLOYERS`. What they take is measured by `deployment.py`.
"""

import json
import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.deploy import CHANGE_SET, Bench
from bench.peers import Peer
from bench.process import ROOT

STACK = "bench-single"
TEMPLATE = "templates/bench/single.json"
REVIEW = "review there: s over the service"
CHANGE = "one change: s over the service"
WORST = "worst of seven"
CPU = "CPU s"
CALLS = "calls"
NOTHING = "nothing to change: s"
NOTHING_CPU = "CPU s for nothing"
COLUMNS = ("tool", REVIEW, CHANGE, WORST, CPU, CALLS, NOTHING, NOTHING_CPU)

Command = list[str]


@dataclass(frozen=True, eq=False)
class Deployer:
    """A way to deploy the one stack: what to write beside it, and the commands.

    :param review: shows what a change would do and executes nothing; None where no one command does
    :param change_set: seconds that CloudFormation spends on a change set when this tool deploys
    :param better: why it needs less than deploy-stack, by the column's title
    """

    peer: Peer
    deploy: Callable[[Peer], Command]
    review: Callable[[Peer], Command] | None
    prepare: Callable[[Bench], None] = lambda project: None
    change_set: float = CHANGE_SET
    better: Mapping[str, str] = field(default_factory=dict)


def _sceptre_project(project: Bench) -> None:
    """A project in Sceptre's layout: the same template, under a configuration that names it."""
    _write(project.root / "sceptre/config/config.yaml", "project_code: bench\nregion: us-east-1\n")
    _write(
        project.root / "sceptre/config/single.yaml",
        f"template:\n  type: file\n  path: single.json\nstack_name: {STACK}\n",
    )
    _write(project.root / "sceptre/templates/single.json", (project.root / TEMPLATE).read_text(encoding="utf-8"))


def _cloud_assembly(project: Bench) -> None:
    """What `cdk synth` leaves behind, made by hand: the manifest of one stack without assets or bootstrap."""
    environment = f"aws://{project.local.account}/{project.local.region}"
    properties = {"templateFile": "single.template.json", "stackName": STACK, "validateOnSynth": False}
    stack = {"type": "aws:cloudformation:stack", "environment": environment, "properties": properties}
    manifest = {"version": "36.0.0", "artifacts": {"single": {**stack, "displayName": "single"}}}
    _write(project.root / "cdk.out/manifest.json", json.dumps(manifest))
    _write(project.root / "cdk.out/single.template.json", (project.root / TEMPLATE).read_text(encoding="utf-8"))


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def _deploy_stack(*arguments: str) -> Callable[[Peer], Command]:
    return lambda peer: [str(peer.path), arguments[0], "bench", *arguments[1:]]


def _aws(peer: Peer, *arguments: str) -> Command:
    command = (str(peer.path), "cloudformation", "deploy", "--stack-name", STACK, "--template-file", TEMPLATE)
    return [*command, "--no-fail-on-empty-changeset", *arguments]


def _aws_review(peer: Peer) -> Command:
    # Its last line is the command that shows the change set.
    return ["bash", "-o", "pipefail", "-c", f"{shlex.join(_aws(peer, '--no-execute-changeset'))} | tail -n 1 | bash"]


def _sam(*arguments: str) -> Callable[[Peer], Command]:
    options = ("--stack-name", STACK, "--template-file", TEMPLATE, "--region", "us-east-1", "--no-confirm-changeset")
    return lambda peer: [str(peer.path), "deploy", *options, "--no-fail-on-empty-changeset", *arguments]


def _cdk(*arguments: str) -> Callable[[Peer], Command]:
    quiet = ("--no-notices", "--no-version-reporting", "--no-color")
    return lambda peer: [str(peer.path), arguments[0], "--app", "cdk.out", "--all", *quiet, *arguments[1:]]


OURS = Peer(
    "deploy-stack",
    "scripts/deploy-stack",
    "A review is `plan`; `deploy --yes` shows the same review, with risks and price, before it executes.",
)
DEPLOYERS = (
    Deployer(OURS, _deploy_stack("deploy", "--yes"), _deploy_stack("plan")),
    Deployer(
        Peer(
            "aws cloudformation deploy",
            ".venv-clients/bin/aws",
            "Shows neither changes nor events, so it asks seldom: every 5 s for the change set, every 30 s for the stack. "
            "A review is `--no-execute-changeset` and then the command it prints, `describe-change-set`: JSON without a "
            "judgement. It leaves the empty change set of a run without changes behind.",
            {"PATH": f"{ROOT / '.venv-clients' / 'bin'}{os.pathsep}{os.environ['PATH']}"},
        ),
        _aws,
        _aws_review,
        better={
            CPU: "it reads no schema, judges nothing and draws nothing",
            CALLS: "it asks for the stack every 30 s, and never for its events",
        },
    ),
    Deployer(
        Peer(
            "sam deploy",
            ".venv-peers-sam/bin/sam",
            "Shows changes and events; a review is `--no-execute-changeset`. "
            "`--no-confirm-changeset --no-fail-on-empty-changeset`, telemetry off.",
        ),
        _sam(),
        _sam("--no-execute-changeset"),
        better={CALLS: "it asks every 5 s, where deploy-stack asks every second at first"},
    ),
    Deployer(
        Peer(
            "cdk deploy",
            ".venv-peers/node/node_modules/.bin/cdk",
            "Deploys a ready assembly, so its synthesis comes on top; no bootstrap, no assets. A review is `cdk diff`. "
            "`--require-approval never`, notices, version check and telemetry off. It compares templates before it makes a change "
            "set, as deploy-stack does.",
        ),
        _cdk("deploy", "--require-approval", "never"),
        _cdk("diff"),
        _cloud_assembly,
        better={CALLS: "it asks every 5 s for the stack and every 2 s for its events"},
    ),
    Deployer(
        Peer(
            "sceptre launch",
            ".venv-clients/bin/sceptre",
            "Updates the stack directly: no change set is made or shown, and the service's time for one is not counted. A review "
            "takes it two commands, the second of which a person repeats until the change set is there: not measured.",
        ),
        lambda peer: [str(peer.path), "--dir", "sceptre", "launch", "-y", "single.yaml"],
        None,
        _sceptre_project,
        change_set=0.0,
        better={
            CPU: "it makes no change set, and so has none to read or judge",
            CALLS: "it makes no change set and asks every 4 s",
            NOTHING: "it sends the template and lets CloudFormation refuse it; deploy-stack compares template, parameters and "
            "tags first, to say so without touching the stack",
            NOTHING_CPU: "it compares nothing itself",
        },
    ),
)
