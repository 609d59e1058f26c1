"""`local-cloudformation`: serve until stopped. One line on stdout when ready."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from typing import Any

import click

from local_cloudformation.script import Script, ScriptError, read


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=4599, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes a free one."
)
@click.option("--account", default="111122223333", show_default=True, help="The account the server plays.")
@click.option("--region", default="us-east-1", show_default=True, help="Region of unsigned requests.")
@click.option("--state", type=click.Path(file_okay=False, path_type=Path), help="Folder to keep the state in.")
@click.option("--script", "script_file", type=click.Path(dir_okay=False, path_type=Path), help="Script file (JSON).")
@click.option("--change-set-seconds", type=click.FloatRange(0), help="How long a change set takes to be made.")
@click.option("--stack-seconds", type=click.FloatRange(0), help="How long a stack's operation takes as a whole.")
@click.option("--resource-seconds", type=click.FloatRange(0), help="How long each resource takes.")
@click.option("--latency", type=click.FloatRange(0), help="Seconds added to every CloudFormation call.")
@click.option("--calls-per-second", type=click.FloatRange(0), help="The account's limit over all clients; 0 is none.")
@click.option("--burst", type=click.IntRange(1), help="Calls that may come at once under that limit.")
@click.option("--fail", "failures", multiple=True, metavar="TYPE-OR-ID=REASON", help="A resource whose creation fails.")
@click.option("--seed", type=int, help="Seed of random faults.")
def main(host: str, port: int, account: str, region: str, state: Path | None, **options: Any) -> None:
    """A small, truthful CloudFormation on this machine, with moto behind it for other services.

    Any AWS client can use it: set AWS_ENDPOINT_URL to the address it prints.
    """
    try:
        script = _script(options)
    except ScriptError as error:
        raise click.ClickException(str(error)) from None
    from local_cloudformation.server import LocalServer  # noqa: PLC0415  (--help needs no server)

    server = LocalServer(host=host, port=port, account=account, region=region, script=script, state=state)
    try:
        server.start()
    except OSError as error:
        raise click.ClickException(f"cannot listen on {host}:{port}: {error.strerror}") from None
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    print(f"ready {server.endpoint} account {account} region {region}", flush=True)
    # Others' services take a second to import: the first client need not wait for it.
    threading.Thread(target=server.moto.load, daemon=True).start()
    stopped.wait()
    server.stop()


def _script(options: dict[str, Any]) -> Script:
    script = read(options["script_file"]) if options["script_file"] else Script()
    seconds = {key: options[f"{key}_seconds"] for key in ("change_set", "stack", "resource")}
    rate = {"calls_per_second": options["calls_per_second"], "burst": options["burst"]}
    given: dict[str, Any] = {
        "seconds": {key: value for key, value in seconds.items() if value is not None},
        "rate": {key: value for key, value in rate.items() if value is not None},
        "failures": [*script.as_dict()["failures"], *map(_failure, options["failures"])],
    }
    given |= {key: options[key] for key in ("latency", "seed") if options[key] is not None}
    return script.merged(given)


def _failure(text: str) -> dict[str, Any]:
    name, separator, reason = text.partition("=")
    if not separator or not name or not reason:
        raise ScriptError(f"--fail {text!r}: write TYPE=REASON or LOGICALID=REASON")
    return {"type" if "::" in name else "logical_id": name, "reason": reason}


if __name__ == "__main__":
    sys.exit(main(prog_name="local-cloudformation"))
