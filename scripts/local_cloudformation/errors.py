"""Errors with CloudFormation's own codes and texts. The server turns them into XML; the offline functions let them rise."""

from __future__ import annotations


class ServiceError(Exception):
    """An answer CloudFormation would refuse a request with: `code` and `message` as on the wire, `status` of HTTP."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class ValidationError(ServiceError):
    """The code nearly every refused request and template carries."""

    def __init__(self, message: str) -> None:
        super().__init__("ValidationError", message)


class NotImplementedHereError(ServiceError):
    """Something the real service does and this one does not: said plainly, never passed over."""

    def __init__(self, what: str) -> None:
        super().__init__("NotImplemented", f"{what} is not implemented by local-cloudformation", 501)
