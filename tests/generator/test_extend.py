"""A fourth service or a third environment is one entry (and, for an environment, one folder): nothing else is edited."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

WORKER = """
        Service(
            name="search-worker",
            image=EcrImage("aldeia/search-worker"),
            port=3003,
            host="search",
            health=HealthCheck(path="/health", probe=Probe.NODE),
            environment={"CHROMA_URL": PrivateUrl("chromadb")},
            secrets={"DATABASE_URL": SecretKey("database/credentials", "DATABASE_URL")},
            task=Task(cpu=256, memory=512, scaling=Scaling.fixed(1)),
            folder="apps/search-worker",
        ),
    )
)
"""
PREVIEW = """
PREVIEW = Environment(
    name="preview",
    short="preview",
    domain="preview.example.com",
    compute=Compute.FARGATE,
    network=Network(cidr="10.30.0.0/16", nat=Nat.SINGLE),
    host=Host(instance_type="t3.large", volume_gib=30, minimum=1, desired=1, maximum=1),
    tasks={},
    log_retention_days=7,
    monthly_budget=100,
    spot_weight=3,
)
"""


def test_a_service_and_an_environment_are_one_entry_each(tmp_path: Path) -> None:
    """Both at once, in a copy: every file is written, the parameters fit, and cfn-lint finds nothing."""
    for folder in ("generator", "parameters"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".cfnlintrc", tmp_path)
    services = tmp_path / "generator" / "services.py"
    text = services.read_text()
    assert text.endswith("    )\n)\n")
    services.write_text(text.removesuffix("    )\n)\n") + WORKER.lstrip("\n"))
    environments = tmp_path / "generator" / "environments.py"
    text = environments.read_text()
    environments.write_text(
        text.replace(
            "\nENVIRONMENTS = check_environments((STAGING, PRODUCTION)",
            f"{PREVIEW}\nENVIRONMENTS = check_environments((STAGING, PRODUCTION, PREVIEW)",
        )
    )
    shutil.copytree(tmp_path / "parameters" / "staging", tmp_path / "parameters" / "preview")

    written = run(tmp_path, "-m", "generator")
    checked = run(tmp_path, "-m", "generator", "--check")
    linted = run(tmp_path, "-m", "generator.lint")

    assert written.returncode == 0, written.stderr
    assert checked.returncode == 0, checked.stderr
    assert linted.returncode == 0, linted.stdout
    stacks = {path.stem for path in (tmp_path / "templates" / "preview").glob("*.json")}
    assert stacks == {"network", "data", "edge", "fargate", "ec2", "monitoring", "manifest"}
    manifest = json.loads((tmp_path / "templates" / "preview" / "manifest.json").read_text())
    images = {image["Parameter"] for stack in manifest["Stacks"] for image in stack["Images"]}
    assert images == {"BackendImageTag", "FrontendImageTag", "SearchWorkerImageTag"}
    for name in (
        "fargate.json",
        "ec2.json",
        "edge.json",
        "network.json",
        "monitoring.json",
        "docker-compose.production.yml",
    ):
        assert "search-worker" in (tmp_path / "templates" / "preview" / name).read_text(), name
    assert "aldeia/search-worker" in (tmp_path / "templates" / "shared" / "registry.json").read_text()


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
