"""Which value each parameter of a template gets: an option, the file, the value it had, or the template's default.

In: a `StackSpec`, the options of the command line, and the parameters the stack has now. Out: `Values` as CreateChangeSet
takes them. Refuses to know: AWS calls. A `NoEcho` value is passed on and never kept, printed or hashed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from deploy_stack.exits import DeployError, Exit
from deploy_stack.project import StackSpec
from deploy_stack.templates import digest
from generator.parameters import check_parameters, check_value, is_no_echo, is_ssm_value


@dataclass(frozen=True)
class Overrides:
    """What the command line gives: parameter values by (stack or None, key), image tags by image name."""

    parameters: Mapping[tuple[str | None, str], str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    images: Mapping[str, str] = field(default_factory=dict)

    def for_stack(self, spec: StackSpec) -> dict[str, str]:
        """Return the values that concern this stack, NoEcho ones left out."""
        found = {
            key: value
            for (stack, key), value in self.parameters.items()
            if (stack is None and key in spec.declared) or stack == spec.name
        }
        for image in spec.images:
            if image.name in self.images:
                found[image.parameter] = self.images[image.name]
        return found


@dataclass(frozen=True)
class Values:
    """The parameters of one stack. `previous` are kept as they are in the stack."""

    given: Mapping[str, str]
    secret: Mapping[str, str] = field(repr=False)
    previous: tuple[str, ...] = ()

    def request(self) -> list[dict[str, Any]]:
        """Return the `Parameters` of CreateChangeSet."""
        return [
            *({"ParameterKey": key, "ParameterValue": value} for key, value in sorted(self.given.items())),
            *({"ParameterKey": key, "ParameterValue": value} for key, value in sorted(self.secret.items())),
            *({"ParameterKey": key, "UsePreviousValue": True} for key in sorted(self.previous)),
        ]


def parse_assignments(texts: Iterable[str], option: str) -> dict[tuple[str | None, str], str]:
    """Return `KEY=VALUE` and `STACK.KEY=VALUE` as {(stack or None, key): value}. Raises DeployError (usage)."""
    found: dict[tuple[str | None, str], str] = {}
    for text in texts:
        left, equals, value = text.partition("=")
        stack, dot, key = left.rpartition(".")
        if not equals or not key or (dot and not stack):
            raise DeployError(f"{option} {text}: expected KEY=VALUE or STACK.KEY=VALUE", exit_code=Exit.USAGE)
        found[(stack or None, key)] = value
    return found


def check_overrides(overrides: Overrides, specs: Iterable[StackSpec]) -> list[str]:
    """Return what is wrong with the command line's values: a name nobody takes, or a value out of bounds."""
    specs = tuple(specs)
    errors = []
    for (stack, key), value in overrides.parameters.items():
        takers = [each for each in specs if stack in {None, each.name} and key in each.declared]
        if not takers:
            where = stack or "any of the chosen stacks"
            errors.append(f"--parameter {key}: {where} has no such parameter")
        for spec in takers:
            errors.extend(_override_mistakes(spec, key, value))
    for name, tag in overrides.images.items():
        images = {image.name: image for each in specs for image in each.images}
        if name not in images:
            known = ", ".join(sorted(images)) or "none"
            errors.append(f"--image {name}={tag}: no chosen stack runs such an image; there are {known}")
    errors.extend(
        f"--secret-parameter {key}: no chosen stack has a NoEcho parameter of this name"
        for key in overrides.secrets
        if not any(is_no_echo(each.declared.get(key, {})) for each in specs)
    )
    return errors


def _override_mistakes(spec: StackSpec, key: str, value: str) -> list[str]:
    if is_no_echo(spec.declared[key]) and not value.startswith("{{resolve:"):
        return [f"--parameter {key}: it is NoEcho and would stand in the process list; use --secret-parameter {key}"]
    return [f"--parameter {key}: {text}" for text in check_value(spec.declared[key], value)]


def check_files(spec: StackSpec, overrides: Overrides) -> list[str]:
    """Return what is wrong with the stack's parameters file, as far as it can be told without an account.

    Image tags and NoEcho values may be missing: whether they are needed depends on the stack being there.
    """
    may_wait = {
        *(image.parameter for image in spec.images),
        *(key for key, declaration in spec.declared.items() if is_no_echo(declaration)),
        *overrides.for_stack(spec),
    }
    return check_parameters(spec.template, spec.entries, file=spec.parameters_file, optional=may_wait)


def resolve(spec: StackSpec, overrides: Overrides, current: Mapping[str, Any]) -> Values:
    """Decide each parameter. `current` are the stack's parameters by name, empty for a stack that is not there.

    A value that is not given falls back to the template's default, as the repository says it; image tags, NoEcho values
    and what `move` sets keep what the stack has. `UsePreviousValue` is only sent for parameters of the previous template.
    Raises DeployError that names every parameter that has no value.
    """
    files = {each["ParameterKey"]: each["ParameterValue"] for each in spec.entries}  # type: ignore[attr-defined]
    first = {} if current else spec.create_parameters
    given = {**first, **files, **overrides.for_stack(spec)}
    secret = {key: value for key, value in overrides.secrets.items() if is_no_echo(spec.declared.get(key, {}))}
    images = {image.parameter: image for image in spec.images}
    previous, missing = [], []
    for key, declaration in spec.declared.items():
        if key in given or key in secret:
            continue
        keeps = key in images or key in spec.kept or is_no_echo(declaration)
        if keeps and key in current:
            previous.append(key)
        elif "Default" not in declaration:
            missing.append(_how_to_give(key, images[key].name if key in images else None, declaration))
    if missing:
        raise DeployError(
            f"{spec.stack_name}: no value for {'; '.join(missing)}",
            next_step="the stack is not there yet, so there is no value to keep",
        )
    return Values(given=given, secret=secret, previous=tuple(previous))


def _how_to_give(key: str, image: str | None, declaration: Mapping[str, Any]) -> str:
    if image:
        return f"{key}: give --image {image}=TAG"
    if is_no_echo(declaration):
        return f"{key}: give --secret-parameter {key}"
    return key


def effective(spec: StackSpec, values: Values, current: Mapping[str, Any]) -> dict[str, str]:
    """Return the value each parameter will have, unresolved (an SSM type holds its parameter's name), without NoEcho."""
    found = {}
    for key, declaration in spec.declared.items():
        if is_no_echo(declaration):
            continue
        if key in values.given:
            found[key] = values.given[key]
        elif key in values.previous:
            found[key] = current[key].value
        else:
            found[key] = _default_text(declaration["Default"])
    return found


def ssm_names(spec: StackSpec, chosen: Mapping[str, str]) -> dict[str, str]:
    """Return {parameter: SSM name} for the parameters whose value CloudFormation reads from SSM."""
    return {
        key: chosen[key] for key, declaration in spec.declared.items() if is_ssm_value(declaration) and key in chosen
    }


def values_digest(chosen: Mapping[str, str]) -> str:
    """Return the digest that a plan carries for its parameters; NoEcho values are not in `chosen`."""
    return digest(dict(sorted(chosen.items())))


def _default_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
