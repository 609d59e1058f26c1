"""GitHub's expressions, as far as our workflows use them (GitHub docs, "Evaluate expressions in workflows and actions").

In: text and contexts. Out: values. An operator, function or context that is not known here is an error, never a guess; a property
that is not there is null, as on GitHub.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

_TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|([A-Za-z_][\w-]*)|(\d+)|(&&|\|\||==|!=|[!().,]))")

Contexts = Mapping[str, Any]
Functions = Mapping[str, Callable[[], bool]]


class ExpressionError(ValueError):
    """An expression that GitHub, or this reader of it, does not understand."""


def evaluate(text: str, contexts: Contexts, functions: Functions | None = None) -> Any:
    """The value of an expression, with or without its `${{ }}`."""
    inner = re.fullmatch(r"\s*\$\{\{(.*)\}\}\s*", text, re.DOTALL)
    reader = _Reader(inner[1] if inner else text, contexts, functions or {})
    value = reader.either()
    if reader.rest:
        raise ExpressionError(f"{text}: nothing is known of {reader.rest}")
    return value


def fill(value: Any, contexts: Contexts) -> Any:
    """A value of the workflow with every `${{ }}` in it worked out; texts become texts."""
    if isinstance(value, dict):
        return {key: fill(item, contexts) for key, item in value.items()}
    if isinstance(value, list):
        return [fill(item, contexts) for item in value]
    if not isinstance(value, str):
        return value
    return re.sub(r"\$\{\{(.*?)\}\}", lambda found: as_text(evaluate(found[1], contexts)), value)


def holds(text: str, contexts: Contexts, functions: Functions) -> bool:
    """Whether an `if` holds. Without a word about the status it also asks for success (GitHub docs, "Status check functions")."""
    asks = re.search(r"\b(always|cancelled|failure|success)\(\)", text)
    value = truth(evaluate(text, contexts, functions)) if text else True
    return value and (bool(asks) or functions["success"]())


def truth(value: Any) -> bool:
    """False, 0, '' and null are false."""
    return value not in (False, 0, "", None)


def as_text(value: Any) -> str:
    """A value as it stands in a text."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


class _Reader:
    """Reads one expression from left to right."""

    def __init__(self, text: str, contexts: Contexts, functions: Functions) -> None:
        self.contexts, self.functions = contexts, functions
        self.rest: list[str] = []
        position = 0
        while position < len(text.rstrip()):
            found = _TOKEN.match(text, position)
            if not found:
                raise ExpressionError(f"{text}: nothing is known of {text[position:]}")
            self.rest.append(found[0].strip())
            position = found.end()

    def either(self) -> Any:
        value = self.both()
        while self.take("||"):
            other = self.both()
            value = value if truth(value) else other
        return value

    def both(self) -> Any:
        value = self.equal()
        while self.take("&&"):
            other = self.equal()
            value = other if truth(value) else value
        return value

    def equal(self) -> Any:
        value = self.single()
        while self.rest[:1] in (["=="], ["!="]):
            operator, other = self.rest.pop(0), self.single()
            value = (_same(value, other)) is (operator == "==")
        return value

    def single(self) -> Any:
        if self.take("!"):
            return not truth(self.single())
        if self.take("("):
            value = self.either()
            self.need(")")
            return value
        if not self.rest:
            raise ExpressionError("the expression ends too early")
        word = self.rest.pop(0)
        if word.startswith("'"):
            return word[1:-1].replace("''", "'")
        if word.isdigit():
            return int(word)
        if word in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[word]
        return self.function(word) if self.take("(") else self.property(word)

    def function(self, word: str) -> bool:
        self.need(")")
        if word not in self.functions:
            raise ExpressionError(f"{word}(): there is no such function here")
        return self.functions[word]()

    def property(self, word: str) -> Any:
        if word not in self.contexts:
            raise ExpressionError(f"{word}: there is no such context here; there are {', '.join(self.contexts)}")
        value = self.contexts[word]
        while self.take("."):
            name = self.rest.pop(0)
            value = value.get(name) if isinstance(value, Mapping) else None
        return value

    def take(self, token: str) -> bool:
        if self.rest[:1] != [token]:
            return False
        self.rest.pop(0)
        return True

    def need(self, token: str) -> None:
        if not self.take(token):
            raise ExpressionError(f"expected {token} before {' '.join(self.rest) or 'the end'}")


def _same(one: Any, other: Any) -> bool:
    """Texts are compared without case; what is of different kinds is compared as numbers, and null is 0."""
    if isinstance(one, str) and isinstance(other, str):
        return one.lower() == other.lower()
    if type(one) is type(other):
        return bool(one == other)
    return _number(one) == _number(other)


def _number(value: Any) -> float:
    if value is None or value == "":
        return 0.0
    try:
        return float(value)
    except ValueError:
        return float("nan")
