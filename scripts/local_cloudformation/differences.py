"""Where two resolved values differ, down to the leaves: paths as the service writes them (`/Properties/Roles/0`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local_cloudformation.intrinsics import function_name
from local_cloudformation.values import same

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Difference:
    """A place and its values; None on one side means the place is not there."""

    path: Path
    before: Any
    after: Any

    @property
    def change_type(self) -> str:
        """The `AttributeChangeType`."""
        if self.before is None:
            return "Add"
        return "Remove" if self.after is None else "Modify"


def differences(
    before: Mapping[str, Any], after: Mapping[str, Any], is_document: Callable[[Path], bool]
) -> Iterator[Difference]:
    """Every difference between two mappings.

    :param is_document: whether a path holds free-form JSON, which is compared and shown whole
    """
    for key in sorted({*before, *after}):
        yield from _compare((key,), before.get(key), after.get(key), is_document)


def _compare(path: Path, before: Any, after: Any, is_document: Callable[[Path], bool]) -> Iterator[Difference]:
    if same(before, after):
        return
    if isinstance(before, dict) and isinstance(after, dict) and not is_document(path):
        for key in sorted({*before, *after}):
            yield from _compare((*path, key), before.get(key), after.get(key), is_document)
    elif isinstance(before, list) and isinstance(after, list):
        for position in range(max(len(before), len(after))):
            left = before[position] if position < len(before) else None
            right = after[position] if position < len(after) else None
            yield from _compare((*path, position), left, right, is_document)
    else:
        yield Difference(path, before, after)


def node_at(node: Any, path: Path) -> Any:
    """The expression a path leads to in an unresolved template: it ends at the first intrinsic function on the way."""
    for part in path:
        if isinstance(node, dict):
            if function_name(node) is not None:
                return node
            node = node.get(part)
        elif (
            isinstance(node, list)
            and isinstance(part, int)
            and all(not (isinstance(each, dict) and function_name(each) == "Fn::If") for each in node)
        ):
            node = node[part] if part < len(node) else None
        else:
            return node
    return node
