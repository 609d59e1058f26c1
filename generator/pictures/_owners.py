"""Which drawn resource an undrawn one belongs to: a task definition to its service, a listener to its load balancer.

In: templates, and the keys of what is drawn. Out: for every other resource the nearest of these that it refers to or is referred to
by, within its stack. Values published for other stacks and rules of security groups belong to nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from generator.pictures._network import GROUP, RULES
from generator.pictures._templates import Templates

_ALONE = ("AWS::SSM::Parameter", GROUP, *RULES)


def owners(templates: Templates, drawn: Iterable[str]) -> dict[str, frozenset[str]]:
    """For each resource the drawn resources that stand nearest to it; a drawn one belongs to itself."""
    beside: dict[str, set[str]] = defaultdict(set)
    for key, resource in templates.resources.items():
        if resource.type not in _ALONE:
            for other in templates.follow(resource.stack, resource.get()):
                if templates.resources[other].stack == resource.stack and templates.resources[other].type not in _ALONE:
                    beside[key].add(other)
                    beside[other].add(key)
    found = {key: frozenset({key}) for key in drawn}
    edge = set(found)
    while edge:
        reached: dict[str, frozenset[str]] = {}
        for key in edge:
            for other in beside[key] - found.keys():
                reached[other] = reached.get(other, frozenset()) | found[key]
        found |= reached
        edge = set(reached)
    return found
