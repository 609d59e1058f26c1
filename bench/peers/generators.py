"""Our generator and four others, each as an able user runs it on the whole system: the commands, and what is to be known of them.

`system.json` describes the system once for both CDK apps; `composex/` and `sceptre/` are what those tools read. What they take is
measured by `generation.py`.
"""

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from bench.peers import Peer
from bench.process import ROOT

HERE = Path(__file__).resolve().parent
NODE = ".venv-peers/node/node_modules"
CDK = f"{NODE}/.bin/cdk"
_CDK_FLAGS = ("--quiet", "--no-notices", "--no-version-reporting", "--no-lookups")
_CDK_RUN = (
    f"Run with `{' '.join(_CDK_FLAGS)}`, without credentials; unchecked is `--no-validation`, or CDK_VALIDATION=false."
)
CDK_JS = Peer(
    "AWS CDK, JavaScript",
    CDK,
    f"{_CDK_RUN} The same 14 stacks; its constructs add security group rules, a route table and IAM policies of their own. Its "
    "delivery policies and host script are shorter than ours. It writes no compose files, workflow or manifests, but asset "
    "manifests, metadata and a construct tree.",
    settings={"NODE_PATH": str(ROOT / NODE), "JSII_DEPRECATED": "quiet"},
    libraries=(f"{NODE}/aws-cdk-lib", f"{NODE}/constructs"),
)
CDK_PYTHON = Peer(
    "AWS CDK, Python",
    ".venv-peers-cdk/bin/python",
    f"{_CDK_RUN} The JavaScript app, line by line, with the same resources; Python talks to the same library in a Node.js "
    "process. Its jsii cache is warm.",
    settings={"PYTHONPATH": "", "JSII_DEPRECATED": "quiet"},
    libraries=(".venv-peers-cdk/aws-cdk-lib", ".venv-peers-cdk/jsii", f"{NODE}/aws-cdk"),
)
SCEPTRE = Peer(
    "sceptre",
    ".venv-clients/bin/sceptre",
    "`sceptre generate` of every stack, without credentials. Its Python templates call the generator's own modules, so the "
    "difference is what sceptre itself costs: 14 configurations, boto3, Jinja. It prints the templates instead of writing them, "
    "and makes no compose files, workflow or manifests.",
    libraries=(".venv-clients/troposphere",),
)
COMPOSEX = Peer(
    "ecs-composex",
    ".venv-peers-composex/bin/python",
    "`ecs-compose-x render` of both environments on Fargate: it has no EC2 hosts, registry, delivery, dashboard or budget, one NAT "
    "gateway whatever `SingleNat` says, of a CPU and a memory target it keeps one. An eighth of its resources are nested stacks. "
    "It cannot run offline: AWS validates each template for it, here the embedded CloudFormation, whose work is not counted.",
    libraries=(".venv-peers-composex/ecs-composex", ".venv-peers-composex/troposphere"),
)

Sizes = tuple[int, int]


@dataclass(frozen=True, kw_only=True, eq=False)
class Generator:
    """One command that generates. `{out}` in it stands for a fresh folder; `sizes` counts templates and resources there.

    :param checks: whether it also checks what it made
    :param asks: whether it asks AWS, and so needs the embedded CloudFormation
    """

    name: str
    command: tuple[str, ...]
    sizes: Callable[[Path], Sizes]
    peer: Peer | None = None
    checks: bool = False
    asks: bool = False
    folder: Path = ROOT
    settings: Mapping[str, str] = field(default_factory=dict)


def _sizes(texts: Iterable[str]) -> Sizes:
    """How many of the texts are templates, and their resources together."""
    read = [json.loads(text) for text in texts]
    counts = [len(each["Resources"]) for each in read if isinstance(each, dict) and "Resources" in each]
    return len(counts), sum(counts)


def _written(pattern: str) -> Callable[[Path], Sizes]:
    return lambda out: _sizes(path.read_text(encoding="utf-8") for path in out.glob(pattern))


def _printed(out: Path) -> Sizes:
    """What sceptre printed: YAML documents, each of them one template as a quoted text."""
    documents = yaml.safe_load_all((out / "printed.yaml").read_text(encoding="utf-8"))  # type: ignore[no-untyped-call]
    return _sizes(text.removeprefix("---") for text in documents)


def _ours() -> tuple[Generator, ...]:
    generate = (sys.executable, "-m", "generator", "--out", "{out}")
    checked = '"$0" -m generator --no-cache --out "$1" && "$0" -m generator.lint'
    count = _written("*/*.json")
    return (
        Generator(name="python -m generator --no-cache", command=(*generate, "--no-cache"), sizes=count),
        Generator(
            name="the same and python -m generator.lint",
            command=("sh", "-c", checked, sys.executable, "{out}"),
            sizes=count,
            checks=True,
        ),
        # The run before the measured ones is what the others recall.
        Generator(name="python -m generator, nothing changed", command=generate, sizes=count),
    )


def _cdk(peer: Peer, folder: Path, *app: str) -> Iterable[Generator]:
    """The app alone and through `cdk synth`, each without its check of what it made and with it."""
    synth = (str(ROOT / CDK), "synth", "--app", " ".join(app), "--output", "{out}", *_CDK_FLAGS)
    shown = f"{Path(app[0]).name} {app[1]}"
    for checks, told in ((False, "unchecked"), (True, "as it comes")):
        alone = {"CDK_OUTDIR": "{out}"} if checks else {"CDK_OUTDIR": "{out}", "CDK_VALIDATION": "false"}
        through = synth if checks else (*synth, "--no-validation")
        for what, command, settings in ((shown, app, alone), ("cdk synth", through, {})):
            yield Generator(
                name=f"{peer.name}: `{what}`, {told}",
                command=command,
                settings=settings,
                sizes=_written("*.template.json"),
                peer=peer,
                checks=checks,
                folder=folder,
            )


def _sceptre() -> Generator:
    command = '"$0" --dir "$1" generate "" > "$2"/printed.yaml'
    return Generator(
        name="`sceptre generate`",
        command=("sh", "-c", command, str(SCEPTRE.path), str(HERE / "sceptre"), "{out}"),
        sizes=_printed,
        peer=SCEPTRE,
    )


def _composex() -> Generator:
    render = '"$0" render --name aldeia-$each --region us-east-1 --format json --output-dir "$2/$each"'
    files = '--docker-compose-file "$1/compose.yaml" --docker-compose-file "$1/$each.yaml"'
    script = f"for each in staging production; do {render} {files} || exit 1; done"
    program = COMPOSEX.path.with_name("ecs-compose-x")
    return Generator(
        name="`ecs-compose-x render`",
        command=("sh", "-c", script, str(program), str(HERE / "composex"), "{out}"),
        sizes=_written("*/*.json"),
        peer=COMPOSEX,
        asks=True,
    )


# Ours first: generating, and generating with a check, are what the others are compared with.
GENERATORS = (
    *_ours(),
    *_cdk(CDK_JS, HERE / "cdk_js", "node", "app.js"),
    *_cdk(CDK_PYTHON, HERE / "cdk_python", str(CDK_PYTHON.path), "app.py"),
    _sceptre(),
    _composex(),
)
