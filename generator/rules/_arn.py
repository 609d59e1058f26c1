"""Whether the resource of an IAM statement covers a resource somebody needs, when parts of both are decided at deployment.

Texts come from `Node.text`: `${name}` stands for what the template does not tell. The answer has three values, because "these two
may be the same thing" is neither a fault nor an assurance.
"""

from __future__ import annotations

import re
from enum import Enum
from fnmatch import fnmatchcase
from functools import lru_cache

TOKEN = re.compile(r"\$\{[^}]*\}|\{\{resolve:[^}]*\}\}")


class Covers(Enum):
    """Does the pattern cover the resource?"""

    NO = 0
    MAYBE = 1
    YES = 2


def covers(pattern: str, wanted: str) -> Covers:
    """Compare a Resource (or Action) pattern, `*` and `?` allowed, with one concrete name."""
    names = {token: chr(0xE000 + i) for i, token in enumerate(dict.fromkeys(TOKEN.findall(pattern + wanted)))}
    exact_pattern, exact_wanted = (
        TOKEN.sub(lambda m: names[m.group()], text).replace("[", "[[]") for text in (pattern, wanted)
    )
    if fnmatchcase(exact_wanted.replace("[[]", "["), exact_pattern):
        return Covers.YES
    one, other = fields(pattern), fields(wanted)
    if len(one) != len(other):
        one, other = [pattern], [wanted]
    loose = all(meet(TOKEN.sub("*", a), TOKEN.sub("*", b)) for a, b in zip(one, other, strict=True))
    return Covers.MAYBE if loose else Covers.NO


def parts(text: str) -> list[str]:
    """`text` split at its colons, those inside of `${}` left alone."""
    found, start = [], 0
    for match in re.finditer(rf"{TOKEN.pattern}|:", text):
        if match.group() == ":":
            found.append(text[start : match.start()])
            start = match.end()
    return [*found, text[start:]]


def fields(text: str) -> list[str]:
    """The six fields of an ARN, or the whole text when it is none; a `*` does not reach over the first five colons."""
    found = parts(text)
    return [*found[:5], ":".join(found[5:])] if len(found) > 5 and found[0] == "arn" else [text]


@lru_cache(maxsize=4096)
def meet(one: str, other: str) -> bool:
    """Whether some text matches both glob patterns."""
    reached = {(0, 0)}
    pending = [(0, 0)]
    while pending:
        i, j = pending.pop()
        if i == len(one) and j == len(other):
            return True
        for step in _steps(one, other, i, j):
            if step not in reached:
                reached.add(step)
                pending.append(step)
    return False


def _steps(one: str, other: str, i: int, j: int) -> list[tuple[int, int]]:
    a, b = one[i : i + 1], other[j : j + 1]
    steps = []
    if a == "*":
        steps += [(i + 1, j)] + ([(i, j + 1)] if b else [])
    if b == "*":
        steps += [(i, j + 1)] + ([(i + 1, j)] if a else [])
    if a and b and (a == b or "?" in (a, b)):
        steps.append((i + 1, j + 1))
    return steps
