"""The command by which a container asks itself whether it is healthy, the same in ECS and in Docker Compose.

In: a service. Out: a command in the form both take: `CMD-SHELL` and one string for the image's shell, or `CMD` and the words.
Knows nothing of intervals (`HealthCheck` has them) nor of what each format escapes (Compose doubles every `$`).
"""

from collections.abc import Callable

from generator.model import Probe, Service


def probe_command(service: Service) -> list[str]:
    """What asks `service` for its health path on its own port: exit 0 for an answer that is fine, 1 for all else."""
    return _COMMANDS[service.health.probe](service.port, service.health.path)


def _curl(port: int, path: str) -> list[str]:
    """The document's own form (Option B, Backend Task Definition: healthCheck)."""
    return ["CMD-SHELL", f"curl -f http://localhost:{port}{path} || exit 1"]


def _node(port: int, path: str) -> list[str]:
    # 127.0.0.1, since localhost may resolve to ::1, where a server that listens on 0.0.0.0 does not answer.
    url = f"http://127.0.0.1:{port}{path}"
    return ["CMD", "node", "-e", f"fetch('{url}').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]


def _bash(port: int, path: str) -> list[str]:
    # CMD and not CMD-SHELL: /bin/sh of Debian is dash, which has no /dev/tcp.
    return [
        "CMD",
        "bash",
        "-c",
        f"exec 3<>/dev/tcp/127.0.0.1/{port}"
        f" && printf 'GET {path} HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3"
        " && read -t 3 -r l <&3 && [[ $l == *' 200 '* ]]",
    ]


_COMMANDS: dict[Probe, Callable[[int, str], list[str]]] = {
    Probe.CURL: _curl,
    Probe.NODE: _node,
    Probe.BASH: _bash,
}
