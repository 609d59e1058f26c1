"""Values an expression can have beside plain ones, and the place a stack lives in.

`UNKNOWN` stands for what only an executed change set can tell (the id of a resource that does not exist yet); every function
given an unknown part answers unknown. `NO_VALUE` is `AWS::NoValue`: it removes the key it is given to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final


class _Special:
    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name

    def __deepcopy__(self, memo: dict[int, Any]) -> _Special:
        return self


UNKNOWN: Final = _Special("UNKNOWN")
NO_VALUE: Final = _Special("NO_VALUE")

_URL_SUFFIXES = {"aws-cn": "amazonaws.com.cn"}


class StandIn(list[str]):
    """A list nobody knows offline: one word that stands for it, and for each of its items that word with a position."""

    def item(self, position: int) -> str:
        """What stands for one item."""
        return f"{self[0]}[{position}]"


@dataclass(frozen=True)
class Environment:
    """Where a stack lives: what the pseudo parameters say."""

    account: str = "111122223333"
    region: str = "us-east-1"
    stack_name: str = "stack"
    stack_id: str = ""
    notification_arns: tuple[str, ...] = ()

    @property
    def partition(self) -> str:
        """`aws`, `aws-cn` or `aws-us-gov`, from the region."""
        if self.region.startswith("cn-"):
            return "aws-cn"
        return "aws-us-gov" if self.region.startswith("us-gov-") else "aws"

    @property
    def url_suffix(self) -> str:
        """`amazonaws.com`, or China's."""
        return _URL_SUFFIXES.get(self.partition, "amazonaws.com")

    @property
    def pseudo_parameters(self) -> dict[str, Any]:
        """Values of `AWS::...`."""
        return {
            "AWS::AccountId": self.account,
            "AWS::NotificationARNs": list(self.notification_arns),
            "AWS::NoValue": NO_VALUE,
            "AWS::Partition": self.partition,
            "AWS::Region": self.region,
            "AWS::StackId": self.stack_id,
            "AWS::StackName": self.stack_name,
            "AWS::URLSuffix": self.url_suffix,
        }


PSEUDO_PARAMETERS = frozenset(Environment().pseudo_parameters)


def text_of(value: Any) -> str:
    """A scalar as CloudFormation writes it into text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def has_unknown(value: Any) -> bool:
    """Whether any part of a value is only known after the change set is executed."""
    if isinstance(value, dict):
        return any(map(has_unknown, value.values()))
    if isinstance(value, list):
        return any(map(has_unknown, value))
    return value is UNKNOWN


def same(left: Any, right: Any) -> bool:
    """Whether CloudFormation sees two values as one: `80` and `"80"`, `true` and `"true"` are no change."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(value, right[key]) for key, value in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict | list) or isinstance(right, dict | list) or UNKNOWN in (left, right):
        return False
    if left is None or right is None:
        return left is right
    return text_of(left) == text_of(right)
