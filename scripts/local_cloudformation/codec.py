"""Records to JSON and back. Every dataclass carries its name; templates are kept once, by digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

from local_cloudformation import model, parameters, physical, records, template, values

_CLASSES: dict[str, Any] = {
    each.__name__: each
    for each in (
        model.Deployed,
        model.Resource,
        parameters.Parameter,
        physical.Physical,
        records.ChangeSet,
        records.DriftDetection,
        records.Event,
        records.Operation,
        records.Row,
        records.Stack,
        records.Task,
        values.Environment,
    )
}
_TUPLES = {"depends_on", "after", "retain", "skip", "notification_arns"}
_KIND = "!"


def digest(text: str) -> str:
    """The key a template is kept under."""
    return hashlib.sha256(text.encode()).hexdigest()


def encode(record: Any, keep: Callable[[str, str], None]) -> str:
    """A record as JSON text.

    :param keep: called with digest and text of each template in it
    """
    return json.dumps(_plain(record, keep), separators=(",", ":"))


def decode(text: str, template_text: Callable[[str], str]) -> Any:
    """A record from its JSON text."""
    return json.loads(text, object_hook=lambda found: _object(found, template_text))


def _plain(value: Any, keep: Callable[[str, str], None]) -> Any:
    if isinstance(value, template.Template):
        text = value.original
        keep(digest(text), text)
        return {_KIND: "Template", "digest": digest(text)}
    if is_dataclass(value) and not isinstance(value, type):
        # Not asdict: it would turn the inner records into nameless dictionaries.
        return {
            _KIND: type(value).__name__,
            **{each.name: _plain(getattr(value, each.name), keep) for each in fields(value)},
        }
    if isinstance(value, dict):
        return {key: _plain(each, keep) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each, keep) for each in value]
    return value


def _object(found: dict[str, Any], template_text: Callable[[str], str]) -> Any:
    kind = found.pop(_KIND, None)
    if kind is None:
        return found
    if kind == "Template":
        return template.Template.of(template_text(found["digest"]))
    for name in _TUPLES & found.keys():
        if kind != "Stack":
            found[name] = tuple(found[name])
    return _CLASSES[kind](**found)
