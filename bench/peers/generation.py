"""Generating the whole system, by us and by the peers: every process once a round, in turns, and ratios of what one round gave.

Out: rows (what, figures) and notes. CPU and wall seconds of a command with all its descendants, the peak of the largest of them;
medians of `RUNS`. Two pairs are compared: generating alone, and generating with a check of what was generated.
"""

import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from bench.peers import HERE, MISSING, NODE, Peer, in_python
from bench.peers import notes as peer_notes
from bench.process import ROOT, Cost, measure_tree

RUNS = 7
NO_CACHE = "python -m generator --no-cache"
CHECKED = "python -m generator --no-cache, then python -m generator.lint"

Row = tuple[str, str]
Sizes = tuple[int, int]

_CDK_FLAGS = (
    "Run with CI=true, no telemetry, no notices, no version report, no lookups, no credentials; `validation off` is "
    "CDK_VALIDATION=false or --no-validation."
)
_SYNTH = ("--quiet", "--no-notices", "--no-version-reporting", "--no-lookups")
_CDK_WINS = "its checker is one compiled engine (Rust in WebAssembly) with fewer rules; ours is cfn-lint, in Python, and our own"
CDK_JS = Peer(
    name="AWS CDK, JavaScript",
    packages=(NODE / "aws-cdk-lib", NODE / "aws-cdk", NODE / "constructs"),
    programs=(NODE / ".bin" / "cdk",),
    flags=_CDK_FLAGS,
    fairness="The same 14 stacks; its constructs add security group rules, a route table and IAM policies of their own (the counts "
    "are in the rows). Its delivery policies and host script are shorter than ours, and it writes no compose files, workflow or "
    "manifests; it does write asset manifests, metadata and a construct tree.",
    wins=_CDK_WINS,
)
CDK_PYTHON = Peer(
    name="AWS CDK, Python",
    packages=(in_python(".venv-peers-cdk", "aws-cdk-lib"), in_python(".venv-peers-cdk", "jsii"), NODE / "aws-cdk"),
    programs=(ROOT / ".venv-peers-cdk" / "bin" / "python", NODE / ".bin" / "cdk"),
    flags=_CDK_FLAGS,
    fairness="The JavaScript app line by line, with the same resources; Python talks to the same library in a Node.js process. The "
    "jsii package cache is warm.",
    wins=_CDK_WINS,
)
SCEPTRE = Peer(
    name="sceptre",
    packages=(in_python(".venv-clients", "sceptre"), in_python(".venv-clients", "troposphere")),
    programs=(ROOT / ".venv-clients" / "bin" / "sceptre",),
    flags="`sceptre generate` of every stack; no credentials, no network.",
    fairness="Its Python templates call the generator's own modules, so the difference is what sceptre itself costs: 14 stack "
    "configurations, boto3, Jinja. It prints the templates instead of writing them, and makes no compose files, workflow or "
    "manifests.",
)
PEERS = (CDK_JS, CDK_PYTHON, SCEPTRE)


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One command that generates. `{out}` in it stands for a fresh folder; `sizes` counts templates and resources there."""

    what: str
    command: tuple[str, ...]
    sizes: Callable[[Path], Sizes]
    peer: Peer | None = None
    checks: bool = False
    folder: Path = ROOT
    settings: Mapping[str, str] = field(default_factory=dict)


def notes() -> list[str]:
    """What each peer ran with, and how far it did the same work."""
    return peer_notes(PEERS)


def rows() -> list[Row]:
    """Everything this module measures."""
    return figures([*_ours(), *_cdk_js(), *_cdk_python(), _sceptre()])


def figures(subjects: list[Subject], runs: int = RUNS) -> list[Row]:
    """One row for each subject, in their order; the first two must be ours, generating and generating with a check."""
    present = [each for each in subjects if each.peer is None or each.peer.installed]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sizes = {each.what: _first(each, folder / f"first-{number}") for number, each in enumerate(present)}
        costs: dict[str, list[Cost]] = {each.what: [] for each in present}
        for run in range(runs):
            for number, each in enumerate(present):
                costs[each.what].append(_run(each, folder / f"{run}-{number}"))
    return [
        (each.what, _figures(each, costs, sizes[each.what], subjects[:2]) if each in present else MISSING)
        for each in subjects
    ]


def _first(subject: Subject, out: Path) -> Sizes:
    """The run that fills caches is not measured; what it wrote is counted."""
    _run(subject, out)
    return subject.sizes(out)


def _run(subject: Subject, out: Path) -> Cost:
    out.mkdir()
    command = [each.replace("{out}", str(out)) for each in subject.command]
    settings = {name: value.replace("{out}", str(out)) for name, value in subject.settings.items()}
    cost = measure_tree(command, out / ".cost", subject.folder, settings)
    if cost.code:
        raise RuntimeError(f"{subject.what} ended with {cost.code}")
    return cost


def _figures(subject: Subject, costs: Mapping[str, list[Cost]], sizes: Sizes, ours: list[Subject]) -> str:
    own = costs[subject.what]
    cpu, wall, peak = (statistics.median(getattr(each, name) for each in own) for name in ("cpu", "wall", "peak"))
    text = f"{cpu:.2f} s CPU, {wall:.2f} s wall, {peak:.0f} MB; {sizes[0]} templates, {sizes[1]} resources"
    if subject.peer is None:
        return text
    for pair in ours:
        if pair.checks and not subject.checks:
            continue
        rounds = list(zip(own, costs[pair.what], strict=True))
        cpu = statistics.median(theirs.cpu / our.cpu for theirs, our in rounds)
        wall = statistics.median(theirs.wall / our.wall for theirs, our in rounds)
        text += f"; {cpu:.2f} x the CPU and {wall:.2f} x the time of ours{' with its check' if pair.checks else ''}"
        if min(cpu, wall) < 1:
            text += f" (it wins{pair.checks * f': {subject.peer.wins}'})"
    return text


def _written(pattern: str) -> Callable[[Path], Sizes]:
    return lambda out: _sizes(path.read_text(encoding="utf-8") for path in out.glob(pattern))


def _printed(out: Path) -> Sizes:
    """What sceptre printed: YAML documents, each of them one template as a quoted text."""
    documents = yaml.safe_load_all((out / "printed.yaml").read_text(encoding="utf-8"))  # type: ignore[no-untyped-call]
    return _sizes(text.removeprefix("---") for text in documents)


def _sizes(texts: Iterable[str]) -> Sizes:
    """How many of the texts are templates, and their resources together."""
    counts = [len(resources) for text in texts if (resources := json.loads(text).get("Resources"))]
    return len(counts), sum(counts)


def _ours() -> list[Subject]:
    python = sys.executable
    generate = (python, "-m", "generator", "--out", "{out}")
    checked = ("sh", "-c", '"$0" -m generator --no-cache --out "$1" && "$0" -m generator.lint', python, "{out}")
    count = _written("*/*.json")
    return [
        Subject(what=NO_CACHE, command=(*generate, "--no-cache"), sizes=count),
        Subject(what=CHECKED, command=checked, sizes=count, checks=True),
        # The run before the measured ones is what the others recall.
        Subject(what="python -m generator, nothing changed since the last run", command=generate, sizes=count),
    ]


def _cdk_js() -> list[Subject]:
    return _cdk(CDK_JS, HERE / "cdk_js", ("node", "app.js"), {"NODE_PATH": str(NODE)})


def _cdk_python() -> list[Subject]:
    warnings = ("UNTESTED", "DEPRECATED", "END_OF_LIFE")
    quiet = {f"JSII_SILENCE_WARNING_{each}_NODE_VERSION": "1" for each in warnings}
    return _cdk(CDK_PYTHON, HERE / "cdk_python", (str(CDK_PYTHON.programs[0]), "app.py"), quiet)


def _cdk(peer: Peer, folder: Path, app: tuple[str, ...], settings: Mapping[str, str]) -> list[Subject]:
    """The app alone and through `cdk synth`, each without its check of what it made and with it."""
    quiet = {"CI": "true", "CDK_DISABLE_CLI_TELEMETRY": "true", "JSII_DEPRECATED": "quiet", "PYTHONPATH": ""}
    synth = (str(NODE / ".bin" / "cdk"), "synth", "--app", " ".join(app), "--output", "{out}", *_SYNTH)
    shown = f"{Path(app[0]).name} {app[1]}"
    found = []
    for checks, told in ((False, "validation off"), (True, "as it comes")):
        alone = {"CDK_OUTDIR": "{out}"} if checks else {"CDK_OUTDIR": "{out}", "CDK_VALIDATION": "false"}
        for what, command, more in (
            (shown, app, alone),
            ("cdk synth", synth if checks else (*synth, "--no-validation"), {}),
        ):
            found.append(
                Subject(
                    what=f"{peer.name}: {what}, {told}",
                    command=command,
                    settings={**settings, **quiet, **more},
                    sizes=_written("*.template.json"),
                    peer=peer,
                    checks=checks,
                    folder=folder,
                )
            )
    return found


def _sceptre() -> Subject:
    return Subject(
        what="sceptre generate",
        command=(
            "sh",
            "-c",
            '"$0" --dir "$1" generate "" > "$2"/printed.yaml',
            str(SCEPTRE.programs[0]),
            str(HERE / "sceptre"),
            "{out}",
        ),
        sizes=_printed,
        peer=SCEPTRE,
    )
