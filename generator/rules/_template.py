"""A template as the rules read it: values with the place they stand at and the conditions under which they hold.

In: cfn-lint's parsed `Template`. Out: `Node`s. `Fn::If` opens into its branches (branches that contradict each other are
dropped); other functions are worked out by `_resolver.py`. It refuses to guess: a value that only deployment knows is neither
present with a value nor absent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from cfnlint.context.conditions import Conditions, Unsatisfiable
from cfnlint.helpers import is_function
from cfnlint.template.template import Template

from generator.rules._resolver import Resolver
from generator.rules._text import SUB_NAME, names, referred, text_of

Key = str | int
Path = tuple[Key, ...]

MISSING: Final = "\0missing"


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a template, in one combination of its conditions.

    `value` is plain data, or a function that nobody can work out before deployment (`known` is then false).
    """

    document: Document
    value: Any
    path: Path
    conditions: Conditions

    @property
    def known(self) -> bool:
        """Whether the value can be told from the template alone."""
        return is_function(self.value)[0] is None

    @property
    def string(self) -> str | None:
        """The value as text when it is a known scalar other than a boolean."""
        return (
            str(self.value) if isinstance(self.value, str | int | float) and not isinstance(self.value, bool) else None
        )

    @property
    def number(self) -> float | None:
        """The value as a number; CloudFormation takes numerals in strings as well."""
        try:
            return None if isinstance(self.value, bool) else float(self.value)
        except (TypeError, ValueError):
            return None

    @property
    def flag(self) -> bool | None:
        """The value as a boolean; CloudFormation takes "true" and "false" as well."""
        return {"true": True, "false": False}.get(str(self.value).lower())

    @property
    def text(self) -> str:
        """The value as text in which what is not known stays a name in `${}`."""
        return text_of(self.value)

    @property
    def target(self) -> str | None:
        """The logical id of the resource this value is a reference to."""
        return self.document.target(self.value)

    @property
    def resource(self) -> str:
        """The logical id of the resource this value belongs to."""
        return str(self.path[1]) if len(self.path) > 1 else str(self.path[0])

    def each(self, *keys: Key) -> Iterator[Node]:
        """Every value reached by `keys` ("*" for the items of a list), branch by branch."""
        return (node for node in self.walk(keys) if node.value is not MISSING)

    def absent(self, *keys: Key) -> Iterator[Node]:
        """Where something is missing, for each combination of conditions in which `keys` lead to nothing.

        The place is the innermost value that is there, or the `AWS::NoValue` that takes it away.
        """
        return (node for node in self.walk(keys) if node.value is MISSING)

    def under(self, other: Node) -> Node:
        """This value in the combination of conditions in which `other` was found; two properties are compared in one world only."""
        return replace(self, conditions=other.conditions)

    def first(self, *keys: Key) -> Node | None:
        """The first value reached by `keys`, if any."""
        return next(self.each(*keys), None)

    def follow(self, *types: str) -> Node | None:
        """The resource this value refers to, when it is in the template, of one of `types`, and can exist beside this value."""
        return self.document.resource(self.target, *types, conditions=self.conditions) if self.target else None

    def walk(self, keys: tuple[Key, ...]) -> Iterator[Node]:
        """Every value that `keys` lead to; one whose value is MISSING for each way that ends early."""
        for node in self.document.open(self):
            if not keys or node.value is MISSING:
                yield node
            elif node.known:
                yield from node.step(keys[0], keys[1:])
            elif keys == ("*",) and self.document.is_text(node.value):
                yield node

    def step(self, key: Key, rest: tuple[Key, ...]) -> Iterator[Node]:
        """What `walk` gives for one key of a value that is worked out already, and for the keys behind it."""
        if key == "*":
            # IAM takes one thing where a list of one is meant.
            items = (
                [self]
                if not isinstance(self.value, list)
                else [self._child(item, index) for index, item in enumerate(self.value)]
            )
            for item in items:
                for opened in self.document.open(item):
                    if opened.value is not MISSING:
                        yield from opened.walk(rest)
        elif isinstance(self.value, dict) and key in self.value:
            yield from self._child(self.value[key], key).walk(rest)
        elif isinstance(self.value, dict):
            yield Node(self.document, MISSING, self.path, self.conditions)

    def _child(self, value: Any, key: Key) -> Node:
        return Node(self.document, value, (*self.path, key), self.conditions)


class Document:
    """One template: its resources as nodes, its references, its functions worked out at most once."""

    def __init__(self, cfn: Template) -> None:
        self.cfn = cfn
        self.source: dict[str, Any] = cfn.template if isinstance(cfn.template, dict) else {}
        raw = self.source.get("Resources")
        self._resources: dict[str, dict[str, Any]] = {
            name: body
            for name, body in (raw if isinstance(raw, dict) else {}).items()
            if isinstance(body, dict) and isinstance(body.get("Type"), str)
        }
        parameters = self.source.get("Parameters")
        self.parameters: dict[str, dict[str, Any]] = {
            name: body
            for name, body in (parameters if isinstance(parameters, dict) else {}).items()
            if isinstance(body, dict)
        }
        self._resolver = Resolver(cfn, self.parameters)
        self._pinned: dict[tuple[int, str, bool], Conditions | None] = {}
        self.notes: dict[str, Any] = {}

    def resources(self, *types: str) -> Iterator[Node]:
        """The resources of these types (of every type when none is given), each under its own condition."""
        for name, body in self._resources.items():
            if not types or body["Type"] in types:
                node = self.resource(name)
                if node is not None:
                    yield node

    def resource(self, name: str | None, *types: str, conditions: Conditions | None = None) -> Node | None:
        """One resource, or nothing when it is not there, of another type, or never exists under `conditions`."""
        body = self._resources.get(name or "")
        if name is None or body is None or (types and body["Type"] not in types):
            return None
        held: Conditions | None = conditions or self._resolver.conditions
        if isinstance(body.get("Condition"), str) and held is not None:
            held = self.pin(held, body["Condition"], value=True)
        return None if held is None else Node(self, body, ("Resources", name), held)

    def type_of(self, name: str | None) -> str:
        """The resource type behind a logical id, empty when there is none."""
        return str(self._resources.get(name or "", {}).get("Type", ""))

    def node(self, path: Path, conditions: Conditions) -> Node:
        """The value standing at `path`."""
        value: Any = self.source
        for key in path:
            value = value[key]
        return Node(self, value, path, conditions)

    def pin(self, conditions: Conditions, name: str, *, value: bool) -> Conditions | None:
        """The conditions with one more of them decided; nothing when that contradicts the others."""
        key = (id(conditions), name, value)
        if key not in self._pinned:
            try:
                self._pinned[key] = conditions.evolve({name: value})
            except Unsatisfiable:
                self._pinned[key] = None
        return self._pinned[key]

    def open(self, node: Node) -> Iterator[Node]:
        """The node with its function worked out: one node for each value it can have, itself when nobody can tell."""
        name, argument = is_function(node.value)
        if name is None:
            yield node
        elif name == "Fn::If":
            yield from self._branches(node, argument)
        elif name == "Ref" and argument == "AWS::NoValue":
            yield Node(self, MISSING, node.path, node.conditions)
        else:
            for value in self._resolver.values(node.value, node.conditions) or [node.value]:
                yield Node(self, value, node.path, node.conditions)

    def _branches(self, node: Node, argument: Any) -> Iterator[Node]:
        if not (isinstance(argument, list) and len(argument) == 3 and isinstance(argument[0], str)):
            return
        for index, truth in ((1, True), (2, False)):
            conditions = self.pin(node.conditions, argument[0], value=truth)
            if conditions is not None:
                yield from self.open(Node(self, argument[index], (*node.path, "Fn::If", index), conditions))

    def is_text(self, value: Any) -> bool:
        """Whether a function gives one text, not a list."""
        name, argument = is_function(value)
        if name == "Ref":
            return not str(self.parameters.get(str(argument), {}).get("Type", "")).endswith((">", "List"))
        return name in {"Fn::Sub", "Fn::Join", "Fn::GetAtt", "Fn::ImportValue", "Fn::Select"}

    def target(self, value: Any) -> str | None:
        """The logical id a Ref, Fn::GetAtt or Fn::Sub of one name refers to, when it is a resource of this template."""
        found = referred(value)
        return found if found in self._resources else None

    def needs(self, name: str) -> set[str]:
        """The resources that CloudFormation makes before this one: named by reference or DependsOn, and what those need."""
        found: set[str] = set()
        pending = [name]
        while pending:
            body = self._resources.get(pending.pop(), {})
            for other in self._mentions({k: v for k, v in body.items() if k in {"Properties", "DependsOn"}}):
                if other not in found:
                    found.add(other)
                    pending.append(other)
        return found

    def _mentions(self, body: dict[str, Any]) -> set[str]:
        key = f"mentions {id(body.get('Properties'))} {id(body.get('DependsOn'))}"
        if key not in self.notes:
            after = body.get("DependsOn", [])
            named = set(after if isinstance(after, list) else [after])
            self.notes[key] = {
                n for n in named | set(names(body.get("Properties"))) if isinstance(n, str) and n in self._resources
            }
        known: set[str] = self.notes[key]
        return known

    def defaults(self, text: str) -> str:
        """A text of `Node.text` with the parameters that have a default replaced by it."""
        return SUB_NAME.sub(lambda m: str(self._default(m.group(1), m.group(0))), text)

    def _default(self, name: str, otherwise: str) -> Any:
        value = self.parameters.get(name, {}).get("Default", otherwise)
        ssm = str(self.parameters.get(name, {}).get("Type", "")).startswith("AWS::SSM::")
        # An empty default stands for "not given"; the value that is used is another one.
        return otherwise if ssm or value == "" or isinstance(value, list | dict) else value


_latest: list[Document] = []


def document_of(cfn: Template) -> Document:
    """The document of a template. The last one is kept: cfn-lint runs every rule over one template before the next."""
    if not _latest or _latest[0].cfn is not cfn:
        _latest[:] = [Document(cfn)]
    return _latest[0]
