"""The server inside a test process, as a context manager."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from local_cloudformation.script import parse
from local_cloudformation.server import LocalServer


class LocalCloudFormation:
    """A server on a free port of the loopback, in threads of this process.

    >>> with LocalCloudFormation({"seconds": {"resource": 0.1}}) as local:
    ...     client = boto3.client("cloudformation", **local.client_options)

    :param script: as in a script file
    :param state: folder for the state; None keeps it in memory
    """

    def __init__(
        self,
        script: Mapping[str, Any] | None = None,
        *,
        state: Path | None = None,
        account: str = "111122223333",
        region: str = "us-east-1",
        port: int = 0,
    ) -> None:
        self.server = LocalServer(
            port=port, account=account, region=region, script=parse(dict(script or {})), state=state
        )
        self.account, self.region = account, region

    def __enter__(self) -> Self:
        self.server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.stop()

    @property
    def endpoint(self) -> str:
        """The address, for `endpoint_url`."""
        return self.server.endpoint

    @property
    def environ(self) -> dict[str, str]:
        """Environment variables that lead any AWS client of a subprocess here."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }

    @property
    def client_options(self) -> dict[str, str]:
        """Keyword arguments that lead a boto3 client here."""
        return {
            "endpoint_url": self.endpoint,
            "region_name": self.region,
            "aws_access_key_id": "local",
            "aws_secret_access_key": "local",
        }

    def script(self, script: Mapping[str, Any] | None = None, **keys: Any) -> None:
        """Replace the script, or some keys of it: `local.script(latency=0.1)`."""
        if script is not None:
            self.server.set_script(parse(dict(script)))
        if keys:
            self.server.set_script(self.server.engine.script.merged(keys))

    def calls(self, operation: str | None = None) -> list[dict[str, Any]]:
        """The log of calls, of one operation or all."""
        return [each for each in self.server.calls.all() if operation in {None, each["operation"]}]

    def reset(self, *, state: bool = True) -> None:
        """Forget the calls, and every stack and the script too unless `state` is False."""
        self.server.reset(state=state)
