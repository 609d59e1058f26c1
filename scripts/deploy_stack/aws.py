"""The AWS side of the process: clients made when needed, one budget of calls, errors sorted into kinds.

In: the standard AWS settings (environment, profile, options of the same name). Out: botocore clients and answers to
"what kind of error is this". Refuses to know: stacks. botocore is used rather than boto3: it is all that is needed, and
its import is the largest fixed cost of a command.
"""

from __future__ import annotations

import functools
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deploy_stack.exits import DeployError, Exit
from deploy_stack.pace import TokenBucket
from deploy_stack.project import Target

if TYPE_CHECKING:
    from botocore.loaders import Loader
    from botocore.session import Session

THROTTLES = frozenset(
    {"Throttling", "ThrottlingException", "ThrottledException", "RequestLimitExceeded", "TooManyRequestsException"}
)
EXPIRED = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "RequestExpired",
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "AuthFailure",
    }
)
DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})

# Seconds; a dropped connection is retried by botocore, a silent one must not hold a watcher for a minute.
CONNECT_TIMEOUT = 5
READ_TIMEOUT = 30
ATTEMPTS = 6


class Aws:
    """One session: its clients, its region, its budget of calls. Safe to use from several threads."""

    def __init__(
        self,
        *,
        region: str,
        profile: str | None = None,
        endpoint_url: str | None = None,
        bucket: TokenBucket | None = None,
    ) -> None:
        self.region = region
        self.bucket = bucket or TokenBucket()
        self._profile = profile
        self._endpoint_url = endpoint_url
        self._clients: dict[str, Any] = {}
        self._lock = threading.RLock()
        self._session: Session | None = None

    def client(self, service: str) -> Any:
        """Return the client of a service, made on first use."""
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._make(service)
            return self._clients[service]

    def warm(self, *services: str) -> None:
        """Make clients in the background, while files are being read."""
        threading.Thread(target=self._warm, args=services, daemon=True, name="warm-clients").start()

    def _warm(self, *services: str) -> None:
        for service in services:
            try:
                self.client(service)
            except Exception:  # the same mistake is reported where the client is used
                return

    def _make(self, service: str) -> Any:
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        try:
            session = self._session = self._session or self._open()
            return session.create_client(
                service,
                region_name=self.region,
                endpoint_url=self._endpoint_url,
                config=Config(
                    connect_timeout=CONNECT_TIMEOUT,
                    read_timeout=READ_TIMEOUT,
                    retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
                    max_pool_connections=20,
                    user_agent_extra="deploy-stack",
                ),
            )
        except BotoCoreError as error:
            raise DeployError(str(error), next_step="check AWS_PROFILE, ~/.aws/config and the endpoint") from None

    def _open(self) -> Session:
        from botocore.session import Session

        session = Session(profile=self._profile)
        session.register_component("data_loader", _loader())
        events = session.get_component("event_emitter")
        # `before-send` runs for every attempt, retries too: the budget counts what the account sees.
        events.register("before-send", self._before_send)
        events.register("needs-retry", self._after_attempt)
        return session

    def _before_send(self, **_: Any) -> None:
        self.bucket.take()

    def _after_attempt(self, response: Any = None, **_: Any) -> None:
        code = (response[1].get("Error") or {}).get("Code", "") if response else ""
        if code in THROTTLES:
            self.bucket.throttled()
        elif response:
            self.bucket.answered()


@functools.cache
def _loader() -> Loader:
    """Return the reader of service models; what it has read once it keeps.

    Before it reads a model, botocore looks into the folders of all its services, 400 and more, to list those that it knows if
    this one is missing: a quarter of the time that a client takes to make. Ours are there.
    """
    from botocore.loaders import Loader

    class OfKnownServices(Loader):
        def list_available_services(self, type_name: str) -> list[str]:
            return [
                each.name for folder in map(Path, self.search_paths) if folder.is_dir() for each in folder.iterdir()
            ]

    return OfKnownServices()


def choose_region(target: Target, option: str | None, profile: str | None) -> str:
    """Return the region to work in: the target's. Raises DeployError when the settings name another one.

    A region that is set nowhere is no mistake: the environment says where it lives.
    """
    asked = option or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    where = "--region" if option else "AWS_REGION"
    if not asked and (profile or os.environ.get("AWS_PROFILE")):
        from botocore.exceptions import BotoCoreError
        from botocore.session import Session

        try:
            asked = Session(profile=profile).get_config_variable("region")
        except BotoCoreError as error:
            raise DeployError(str(error)) from None
        where = "the profile"
    if asked and asked != target.region:
        raise DeployError(
            f"{where} says {asked}, and target.json says {target.region}: nothing was done",
            next_step=f"unset the region, or correct target.json if the environment really moved to {asked}",
        )
    return target.region


def error_code(error: BaseException) -> str:
    """Return the service's code of an error ("ValidationError"), or "" for one that no service sent."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def error_text(error: BaseException) -> str:
    """Return the service's message of an error, or the error's own words."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Message", error)) if isinstance(response, dict) else str(error)


def is_missing_stack(error: BaseException) -> bool:
    """Tell whether an answer says that the stack is not there: code and both texts, never a part of another error."""
    text = error_text(error)
    return error_code(error) == "ValidationError" and (
        (text.startswith("Stack with id ") and text.endswith(" does not exist"))
        or (text.startswith("Stack [") and text.endswith("] does not exist"))
        or (text.startswith("Stack '") and text.endswith("' does not exist"))
    )


def is_passing(error: BaseException) -> bool:
    """Tell whether an error says nothing about the stack: throttling, a lost connection, a server's bad moment."""
    from botocore.exceptions import ClientError, HTTPClientError

    if isinstance(error, HTTPClientError) or is_unreachable(error):
        return True
    if not isinstance(error, ClientError):
        return type(error).__name__ == "ResponseParserError"  # an HTML page instead of an answer
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return error_code(error) in THROTTLES or status >= 500


def is_unreachable(error: BaseException) -> bool:
    """Tell whether nothing could be asked: no network, no name, a closed lid. botocore calls that no HTTPClientError."""
    from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError

    return isinstance(error, (EndpointConnectionError, ConnectTimeoutError))


def is_throttle(error: BaseException) -> bool:
    """Tell whether AWS asks for fewer calls."""
    return error_code(error) in THROTTLES


def is_expired(error: BaseException) -> bool:
    """Tell whether the credentials ended: nothing is known of the stack any more."""
    return error_code(error) in EXPIRED or type(error).__name__ in {
        "UnauthorizedSSOTokenError",
        "SSOTokenLoadError",
        "TokenRetrievalError",
        "CredentialRetrievalError",
    }


def as_deploy_error(error: BaseException, doing: str) -> DeployError:
    """Return an AWS error as one sentence that says what was being done and what may help."""
    code, text = error_code(error), error_text(error)
    step = ""
    if is_expired(error):  # the same words for every stack: they are said once
        doing, step = "AWS does not take these credentials", "they have expired: sign in again and repeat the command"
    elif code in DENIED:
        step = "the role lacks this permission"
    elif type(error).__name__ == "NoCredentialsError":
        step = "set AWS_PROFILE, or the credentials in the environment"
    elif is_unreachable(error):
        step = (
            "nothing was asked of AWS: is the network there, and AWS_ENDPOINT_URL, where it is set, the right address?"
        )
    elif is_passing(error):
        step = "nothing is known to be wrong with the stack: repeat the command"
    return DeployError(f"{doing}: {code + ': ' if code else ''}{text}", exit_code=Exit.ERROR, next_step=step)


def patiently(call: Callable[[], Any], *, patience: float, sleep: Callable[[float], object]) -> Any:
    """Return `call()`, trying again for `patience` seconds while the error is a passing one. Reads only."""
    deadline = time.monotonic() + patience
    wait = 0.5
    while True:
        try:
            return call()
        except Exception as error:
            if not is_passing(error) or time.monotonic() > deadline:
                raise
        sleep(wait)
        wait = min(wait * 2, 15.0)
