"""The picture of an environment with what a review changes marked on it.

In: the environment's templates by stack name, and `Review`s. Out: SVG texts. Refuses to know: how a picture is drawn.
A template that cannot be drawn never stops a review: it is said in its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from deploy_stack.review.model import Review

if TYPE_CHECKING:
    from generator.pictures import Mark, Option

Templates = Mapping[str, Mapping[str, Any]]
_MARKS: dict[str, Mark] = {
    "add": "added",
    "import": "added",
    "replace": "replaced",
    "replace?": "replaced",
    "remove": "deleted",
}
_RUNS: dict[Option, str] = {"fargate": "AWS::ECS::Service", "ec2": "AWS::AutoScaling::AutoScalingGroup"}


def pictures(templates: Templates, reviews: Iterable[Review]) -> tuple[tuple[str, ...], str]:
    """Return one SVG for each compute option that the reviews touch, and why there is none where that is so."""
    reviews = tuple(reviews)
    if not reviews:
        return (), ""
    from generator.pictures import draw

    marks: dict[str, Mark] = {
        f"{review.stack}/{change.logical_id}": _MARKS.get(change.verb, "changed")
        for review in reviews
        for change in review.changes
    }
    try:
        shown = _with_removed(templates, reviews)
        return tuple(draw(shown, option, marks) for option in _options(shown, reviews)), ""
    except (AttributeError, KeyError, IndexError, RecursionError, TypeError, ValueError) as error:
        return (), f"the templates cannot be drawn ({type(error).__name__}: {error})"


def _options(templates: Templates, reviews: tuple[Review, ...]) -> list[Option]:
    """The options whose stacks are reviewed; without one, the first that is there: the picture shows the other beside it."""
    there = {option: _stacks_with(templates, kind) for option, kind in _RUNS.items()}
    touched = {each.stack for each in reviews}
    found = [option for option, stacks in there.items() if stacks & touched]
    return found or [option for option, stacks in there.items() if stacks][:1]


def _stacks_with(templates: Templates, kind: str) -> set[str]:
    return {
        name
        for name, template in templates.items()
        if any(each.get("Type") == kind for each in (template.get("Resources") or {}).values())
    }


def _with_removed(templates: Templates, reviews: tuple[Review, ...]) -> dict[str, Mapping[str, Any]]:
    """The templates with what they no longer hold, as CloudFormation remembers it, so that it can be marked as deleted."""
    shown = dict(templates)
    for review in reviews:
        removed = {
            each.logical_id: {**each.before, "Type": each.type} for each in review.changes if each.verb == "remove"
        }
        if removed:
            template = shown.get(review.stack) or {}
            shown[review.stack] = {**template, "Resources": {**removed, **(template.get("Resources") or {})}}
    return shown
