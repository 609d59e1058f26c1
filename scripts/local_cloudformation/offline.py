"""The changes between two templates without any account: what `deploy-stack diff` shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from local_cloudformation import changes, model
from local_cloudformation.parameters import Parameters, given_as_list, in_force
from local_cloudformation.template import Document, Template
from local_cloudformation.validation import validate
from local_cloudformation.values import Environment

Source = str | Document


def changes_between(
    old_template: Source | None,
    old_parameters: Mapping[str, Any],
    new_template: Source | None,
    new_parameters: Mapping[str, Any],
    *,
    old_tags: Mapping[str, str] | None = None,
    new_tags: Mapping[str, str] | None = None,
    stack_name: str = "stack",
    account: str = "111122223333",
    region: str = "us-east-1",
    include_property_values: bool = True,
) -> list[dict[str, Any]]:
    """The `Changes` list `DescribeChangeSet` would give for an update from one template to another.

    Nothing is read but the arguments and the resource schemas. Physical ids and attributes are made up, always the same
    for the same names. A parameter of an SSM type stands for its path (`{{resolve:ssm:/path}}`) and an import for its
    name, so a change of either shows and a change of what it leads to does not. A parameter without a value and without a
    default shows as `{{parameter:Name}}`.

    :param old_template: text (JSON or YAML) or parsed body; None for "nothing stands yet"
    :param old_parameters: parameter keys and values; defaults fill the rest
    :param new_template: likewise; None for "everything is to go"
    :param old_tags: stack tags; None on both sides leaves tags out of the comparison
    :raises local_cloudformation.ServiceError: when a template or a parameter is not valid
    """
    environment = Environment(account, region, stack_name, _stack_id(account, region, stack_name))
    deployed = model.Deployed()
    if old_template is not None:
        deployed = model.deploy_offline(_desired(old_template, old_parameters, old_tags, environment))
    wanted: Source = {"Resources": {}} if new_template is None else new_template
    plan = changes.plan(deployed, _desired(wanted, new_parameters, new_tags, environment))
    shown = (each.as_api(include_property_values) for each in plan.changes)
    return [each for each in shown if each is not None]


def _desired(
    source: Source, parameters: Mapping[str, Any], tags: Mapping[str, str] | None, environment: Environment
) -> model.Desired:
    template = Template.of(source)
    if template.resources:
        validate(template, environment.region)
    return model.Desired(template, _parameters(template, parameters), environment, dict(tags or {}), _import_by_name)


def _parameters(template: Template, values: Mapping[str, Any]) -> Parameters:
    declared = template.section("Parameters")
    named = {key: value for key, value in values.items() if key in declared}
    absent = [key for key, each in declared.items() if key not in named and "Default" not in each]
    given = given_as_list({**named, **{key: f"{{{{parameter:{key}}}}}" for key in absent}})
    return in_force(template, given, None, _paths_for_values, unchecked=frozenset(absent))


def _paths_for_values(paths: Sequence[str]) -> Mapping[str, str]:
    return {path: f"{{{{resolve:ssm:{path}}}}}" for path in paths}


def _import_by_name(name: str) -> str:
    return f"{{{{import:{name}}}}}"


def _stack_id(account: str, region: str, name: str) -> str:
    return f"arn:{Environment(account, region).partition}:cloudformation:{region}:{account}:stack/{name}/offline"
