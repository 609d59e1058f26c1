"""The bootstrap under real bash, with stand-ins for what touches a machine: it works, or says what failed and keeps no secret."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from generator import bootstrap
from generator.bootstrap import LARGEST_USER_DATA
from generator.environments import ENVIRONMENTS, PRODUCTION, STAGING
from generator.hosts import HostKind, host_kinds
from generator.model import EcrImage, HealthCheck, PrivateUrl, Probe, Scaling, SecretKey, Service, Task
from generator.services import SERVICES
from tests.generator.hosts_reading import COMMIT, kinds, user_data, variables

STUBS = Path(__file__).parent / "stubs"
PROGRAMS = "apt-get aws chattr curl docker dpkg git gpg gpgv hostname mount sleep snap systemctl"
KINDS = kinds(ENVIRONMENTS, SERVICES)
NAMES = [f"{environment.name}{kind.suffix}" for environment, kind in KINDS]
ENV_FILE, DATABASE, JWT = (
    f"arn:aws:secretsmanager:eu-central-1:111122223333:secret:staging_{name}-a1B2c3"
    for name in ("EnvFile", "DatabaseCredentials", "JwtSecrets")
)


SECRETS = {
    ENV_FILE: "# the application's own\nMAIL_FROM=hello@example.com\n",
    DATABASE: json.dumps({"DATABASE_URL": "postgres://app:p4ss$w0rd@db/aldeia"}),
    JWT: json.dumps({"JWT_SECRET": 'it\'s "quoted" \\ and $HOME'}),
    "staging_deploy-key": "-----BEGIN OPENSSH PRIVATE KEY-----",
}


@dataclass
class Ran:
    """What one run left behind."""

    code: int
    log: str
    calls: list[str]
    root: Path

    @property
    def app(self) -> Path:
        return self.root / "home/ubuntu/aldeia-chatbot"

    def called(self, pattern: str) -> bool:
        return any(re.search(pattern, call) for call in self.calls)


Run = Callable[..., Ran]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs a script in a tree of its own: paths of the machine are rewritten to lie below it."""

    def go(script: str, secrets: dict[str, str] | None = None, without: str = "", **settings_: str) -> Ran:
        root = tmp_path / "root"
        bin_ = root / "bin"
        bin_.mkdir(parents=True)
        shutil.copy(STUBS / "stub", bin_ / "stub")
        for program in (*PROGRAMS.split(), "amazon-cloudwatch-agent-ctl"):
            if program != without:
                (bin_ / program).symlink_to("stub")
        for folder in ("etc/systemd/system", "etc/apt/sources.list.d", "etc/cron.d", "usr/local/bin", "tmp", "secrets"):
            (root / folder).mkdir(parents=True, exist_ok=True)
        agent = root / "opt/aws/amazon-cloudwatch-agent"
        (agent / "etc").mkdir(parents=True)
        (agent / "bin").symlink_to(bin_)
        (root / "var/lib/cloud/data").mkdir(parents=True)
        (root / "var/lib/cloud/data/instance-id").write_text("i-0123456789abcdef0\n")
        (root / "etc/os-release").write_text("VERSION_CODENAME=jammy\n")
        for name, text in (SECRETS if secrets is None else secrets).items():
            (root / "secrets" / name.replace("/", "_")).write_text(text)
        local = re.sub(r"(?<![\w.}-])/(?=(home/ubuntu|etc|srv|opt/aws|usr/local/bin|var)/)", f"{root}/", script)
        (root / "script").write_text(local.replace("PATH}:/snap/bin", "PATH}"))
        done = subprocess.run(
            ["/bin/bash", root / "script"],
            env={
                "PATH": f"{bin_}:{root}/usr/local/bin:{Path(sys.executable).parent}:/usr/bin:/bin",
                "TMPDIR": str(root / "tmp"),
                "SANDBOX": str(root),
                **settings_,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=60,
        )
        return Ran(done.returncode, done.stdout, (root / "calls").read_text().splitlines(), root)

    return go


@pytest.fixture(scope="module")
def script() -> str:
    """The user data of staging's host: everything runs on it."""
    return user_data(STAGING, SERVICES, host_kinds(STAGING, SERVICES)[0])


def test_a_host_comes_up_and_says_so(run: Run, script: str) -> None:
    """The whole way, in order, with everything in its place at the end."""
    ran = run(script)

    assert ran.code == 0, ran.log
    steps = [
        call for call in ran.calls if re.match(r"(gpgv|amazon-cloudwatch-agent-ctl|apt-get|mount|docker|aws) ", call)
    ]
    landmarks = [
        "gpgv ",
        "amazon-cloudwatch-agent-ctl -a fetch-config",
        "apt-get -qy -o DPkg::Lock::Timeout=300 update",
        r"apt-get .*'?docker-ce=5:28",
        "mount ",
        "aws secretsmanager get-secret-value",
        "docker login --username AWS --password-stdin 111122223333.dkr.ecr.eu-central-1.amazonaws.com",
        "docker compose .* pull",
        "docker compose .* up --detach --wait",
        "aws servicediscovery register-instance",
        "aws cloudformation signal-resource .*--status SUCCESS",
    ]
    places = [next(i for i, call in enumerate(steps) if re.match(landmark, call)) for landmark in landmarks]
    assert places == sorted(places)
    assert not ran.called("--status FAILURE")
    assert ran.called("signal-resource --stack-name aldeia-test-ec2 --logical-resource-id HostGroup --unique-id i-0123")
    assert (ran.root / "password").read_text() == "registry-password\n"
    assert ran.called("docker logout")


def test_the_env_file_holds_every_secret_unchanged_and_for_root_alone(run: Run, script: str) -> None:
    ran = run(script)

    env = ran.app / ".env"
    assert oct(env.stat().st_mode & 0o777) == "0o600"
    assert variables(env) == {
        "MAIL_FROM": "hello@example.com",
        "DATABASE_URL": "postgres://app:p4ss$w0rd@db/aldeia",
        "JWT_SECRET": 'it\'s "quoted" \\ and $HOME',
    }
    assert [path.name for path in ran.app.glob(".env*")] == [".env"]
    assert list((ran.root / "tmp").iterdir()) == []
    assert "p4ss" not in ran.log
    assert "p4ss" not in "".join(ran.calls)


def test_the_deployment_is_told_to_compose_in_a_file_of_its_own(run: Run, script: str) -> None:
    ran = run(script)

    registry = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/aldeia"
    assert (ran.app / "deploy.env").read_text().splitlines() == [
        f"BACKEND_IMAGE={registry}/backend:{COMMIT}",
        f"FRONTEND_IMAGE={registry}/frontend:{COMMIT}",
        f"CHROMADB_IMAGE={registry}/chromadb:1.5.9",
        "AWS_REGION=eu-central-1",
        "INSTANCE_ID=i-0123456789abcdef0",
        "COMPOSE_PROFILES=chromadb",
    ]
    assert oct((ran.app / "logs/backend").stat().st_mode & 0o7777) == "0o1777"


def test_the_agent_has_the_documented_metrics_and_logs(run: Run, script: str) -> None:
    """Document, Option A, EC2 User Data Script: namespace, three metrics, 60 seconds, the group of this environment."""
    ran = run(script)

    agent = json.loads((ran.root / "opt/aws/amazon-cloudwatch-agent/etc/aldeia.json").read_text())
    collected = agent["metrics"]["metrics_collected"]
    assert agent["metrics"]["namespace"] == "Aldeia/EC2"
    assert {kind: about["measurement"][0]["rename"] for kind, about in collected.items()} == {
        "cpu": "CPU_IDLE",
        "mem": "MEMORY_USED",
        "disk": "DISK_USED",
    }
    assert {about["metrics_collection_interval"] for about in collected.values()} == {60}
    files = agent["logs"]["logs_collected"]["files"]["collect_list"]
    assert {file["log_group_name"] for file in files} == {"/aws/ec2/aldeia-staging"}
    assert files[0]["file_path"].endswith("/home/ubuntu/aldeia-chatbot/logs/**/*.log")
    assert files[0]["log_stream_name"] == "{instance_id}"


def test_data_is_mounted_with_tls_and_iam_before_docker_may_start(run: Run, script: str) -> None:
    ran = run(script)

    fstab = (ran.root / "etc/fstab").read_text().split()
    assert fstab[0] == "fs-0123456789abcdef0:/"
    assert fstab[1].endswith("/srv/aldeia/chromadb")
    assert fstab[3] == "_netdev,noresvport,tls,iam,accesspoint=fsap-0123456789abcdef0"
    drop_in = (ran.root / "etc/systemd/system/docker.service.d/aldeia.conf").read_text()
    assert re.search(r"^RequiresMountsFor=\S+/srv/aldeia/chromadb$", drop_in, re.MULTILINE)
    assert ran.called(
        "git .*fetch -q --depth 1 https://github.com/aws/efs-utils.git c87d19f3e1db26532f09a7fed338347aacb90e10"
    )


def test_the_private_name_follows_the_host(run: Run, script: str) -> None:
    """Registered after the containers are healthy, taken back when the unit stops, before the containers do."""
    ran = run(script)

    unit = (ran.root / "etc/systemd/system/aldeia.service").read_text()
    stops = re.findall(r"^ExecStop=(.*)$", unit, re.MULTILINE)
    assert ran.called(
        "register-instance --service-id srv-0123456789abcdef --instance-id ec2 .*AWS_INSTANCE_IPV4=10.10.16.4$"
    )
    assert "deregister-instance --service-id srv-0123456789abcdef --instance-id ec2" in stops[0]
    assert stops[1].endswith("aldeia-compose stop")


def test_a_host_that_is_no_home_mounts_and_registers_nothing(run: Run) -> None:
    kind = host_kinds(STAGING, SERVICES)[0]
    ran = run(user_data(STAGING, SERVICES, kind, RunChromadb="false"))

    assert ran.code == 0, ran.log
    assert not ran.called("^(mount|chattr) |servicediscovery|efs-utils")
    assert "COMPOSE_PROFILES=\n" in (ran.app / "deploy.env").read_text()


def test_the_data_host_reads_no_secret(run: Run) -> None:
    """Production: the application's hosts have no file system, the data's own host no secret."""
    data, application = host_kinds(PRODUCTION, SERVICES)
    ran = run(user_data(PRODUCTION, SERVICES, data))

    assert ran.code == 0, ran.log
    assert not ran.called("secretsmanager")
    assert (ran.app / ".env").read_text() == ""
    assert ran.called("--logical-resource-id DataHostGroup")
    assert "DATABASE_URL" not in user_data(PRODUCTION, SERVICES, data)
    assert "FileSystemId" not in bootstrap.header(application)


def test_the_repository_can_be_cloned_instead(run: Run) -> None:
    """Its own compose file runs then, at exactly the commit that was asked for, by a key that nobody else can read."""
    kind = host_kinds(STAGING, SERVICES)[0]
    about = {"RepositoryUrl": "git@github.com:example/aldeia-chatbot.git", "RepositoryCommit": COMMIT}
    ran = run(user_data(STAGING, SERVICES, kind, **about))

    assert ran.code == 0, ran.log
    assert ran.called(f"^git .*fetch -q --depth 1 git@github.com:example/aldeia-chatbot.git {COMMIT}$")
    assert (ran.app / "docker-compose.production.yml").read_text() == "services: {}\n"
    assert "PRIVATE KEY" not in ran.log


BROKEN = [
    # (the call that fails, the step that is blamed, words of the reason)
    ("curl *agent.deb", "CloudWatch agent", "gave up after 5 tries: curl"),
    ("gpgv *", "CloudWatch agent", "gpgv"),
    ("dpkg -i -E *", "CloudWatch agent", "dpkg"),
    ("amazon-cloudwatch-agent-ctl *", "CloudWatch agent", "amazon-cloudwatch-agent-ctl"),
    ("apt-get * update", "system update", "gave up after 5 tries: apt update"),
    ("apt-get * upgrade", "system update", "gave up"),
    ("apt-get * docker-ce*", "Docker", "gave up"),
    ("curl *docker*", "Docker", "gave up"),
    ("apt-get * nfs-common*", "file system", "gave up"),
    ("git *efs-utils* fetch *", "file system", "gave up after 5 tries: git"),
    ("mount *", "file system", "gave up after 5 tries: mount"),
    ("aws secretsmanager *EnvFile*", "secrets", "EnvFile-a1B2c3 cannot be read, or has no value yet"),
    ("aws secretsmanager *JwtSecrets*", "secrets", "JwtSecrets-a1B2c3 cannot be read"),
    ("aws ecr *", "images", "docker login"),
    ("docker login *", "images", "docker login"),
    ("docker compose * pull *", "images", "gave up after 5 tries: aldeia-compose pull"),
    ("docker compose * up *", "containers", "the containers did not become healthy"),
    ("aws servicediscovery register*", "containers", "did not become healthy"),
]


@pytest.mark.parametrize(("call", "step", "reason"), BROKEN, ids=[call for call, _, _ in BROKEN])
def test_any_failing_step_is_signalled_with_its_reason(
    run: Run, script: str, call: str, step: str, reason: str
) -> None:
    failed(run(script, FAIL=call), step, reason)


BAD_SECRETS = [
    (ENV_FILE, "", "is empty"),
    (ENV_FILE, "  \n", "is empty"),
    (ENV_FILE, "None", "is empty"),
    (ENV_FILE, "GOOD=1\nno variable", "line 2 is not VARIABLE=value"),
    (ENV_FILE, "OPEN='x", "line 1 has a quote that does not end"),
    (DATABASE, "postgres://app:hidden@db", "it is no JSON object with the key DATABASE_URL"),
    (DATABASE, '["hidden"]', "it is no JSON object with the key DATABASE_URL"),
    (DATABASE, '{"OTHER": "hidden"}', "it is no JSON object with the key DATABASE_URL"),
    (JWT, '{"JWT_SECRET": ""}', "the value of JWT_SECRET is empty or no text"),
    (JWT, '{"JWT_SECRET": 7}', "the value of JWT_SECRET is empty or no text"),
]


@pytest.mark.parametrize(("name", "text", "reason"), BAD_SECRETS)
def test_a_bad_secret_stops_the_host(run: Run, script: str, name: str, text: str, reason: str) -> None:
    ran = run(script, secrets={**SECRETS, name: text})

    failed(ran, "secrets", reason)
    assert name.rsplit("_", maxsplit=1)[-1] in ran.log
    assert "hidden" not in ran.log
    assert not ran.called("docker ")


@pytest.mark.parametrize(("which", "step"), [("AGENT_KEY", "CloudWatch agent"), ("DOCKER_KEY", "Docker")])
def test_another_signing_key_is_refused(run: Run, script: str, which: str, step: str) -> None:
    failed(run(script, **{which: "A" * 40}), step, "the signing key in")


def test_another_commit_is_refused(run: Run, script: str) -> None:
    failed(run(script, GIT_COMMIT="f" * 40), "file system", f"gave commit {'f' * 40}, not c87d19f")


def test_the_cli_is_installed_where_the_image_has_none(run: Run, script: str) -> None:
    ran = run(script, without="aws")

    assert ran.code == 0, ran.log
    assert ran.called("^snap install aws-cli --classic --channel=v2/stable$")
    assert ran.called("--status SUCCESS")


def failed(ran: Ran, step: str, reason: str) -> None:
    """The promises of every failure: an exit code, one signal, the step and reason in the log, and no secret left."""
    assert ran.code != 0
    assert re.search(rf"FAILED at '{re.escape(step)}': .*{re.escape(reason)}", ran.log), ran.log
    assert [call for call in ran.calls if "signal-resource" in call and call.endswith("--status FAILURE")]
    assert not ran.called("--status SUCCESS")
    assert list(ran.app.glob(".env*")) == []
    assert list((ran.root / "tmp").iterdir()) == []
    assert "p4ss" not in ran.log


@pytest.mark.parametrize(("environment", "kind"), KINDS, ids=NAMES)
def test_user_data_fits(environment: object, kind: HostKind) -> None:
    """As EC2 gets it, with values of real length in it."""
    assert len(user_data(kind.environment, SERVICES, kind).encode()) < LARGEST_USER_DATA


def test_a_fourth_service_fits_too() -> None:
    worker = Service(
        name="search-worker",
        image=EcrImage("aldeia/search-worker"),
        port=3003,
        host="search",
        health=HealthCheck(path="/health", probe=Probe.NODE),
        environment={"CHROMA_URL": PrivateUrl("chromadb")},
        secrets={"DATABASE_URL": SecretKey("database/other", "DATABASE_URL")},
        task=Task(cpu=256, memory=512, scaling=Scaling.fixed(1)),
    )
    services = (*SERVICES, worker)
    for _, kind in kinds(ENVIRONMENTS, services):
        assert len(user_data(kind.environment, services, kind).encode()) < LARGEST_USER_DATA


def test_shellcheck_finds_nothing(tmp_path: Path) -> None:
    """With all optional checks, in every script as it is rendered and as a host gets it."""
    texts = {f"{kind.title}-{kind.environment.name}": user_data(kind.environment, SERVICES, kind) for _, kind in KINDS}
    for environment in ENVIRONMENTS:
        texts |= {f"{environment.name}-{name}": text for name, text in bootstrap.files(environment, SERVICES).items()}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        [Path(sys.executable).with_name("shellcheck"), "-o", "all", "-s", "bash", *sorted(tmp_path.iterdir())],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
