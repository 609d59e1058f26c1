"""YAML with CloudFormation's short forms (`!Ref x`, `!GetAtt a.b`): they become the full forms of JSON while being read."""

from __future__ import annotations

from typing import Any

import yaml

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class TemplateLoader(_Base):  # type: ignore[misc]
    """A safe loader that knows CloudFormation's tags, keeps dates as text and refuses a key given twice."""


def _construct(loader: Any, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    return {name: value}


def _mapping(loader: Any, node: yaml.MappingNode) -> dict[Any, Any]:
    loader.flatten_mapping(node)
    seen: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in seen:
            raise yaml.MarkedYAMLError(problem="duplicate key", problem_mark=key_node.start_mark)  # type: ignore[no-untyped-call]
        seen[key] = loader.construct_object(value_node, deep=True)
    return seen


def _text(loader: Any, node: yaml.ScalarNode) -> Any:
    return loader.construct_scalar(node)


TemplateLoader.add_multi_constructor("!", _construct)
TemplateLoader.add_constructor("tag:yaml.org,2002:map", _mapping)
TemplateLoader.add_constructor("tag:yaml.org,2002:timestamp", _text)
