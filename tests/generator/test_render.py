"""Text of templates: valid, sorted, stable, and the same data as troposphere's own rendering."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from troposphere import Ref, Sub, Tags, ec2, ecs, encode_to_dict, iam

from generator.environments import ENVIRONMENTS
from generator.render import WIDTH, to_dict, to_json
from generator.services import SERVICES
from generator.stacks import ENVIRONMENT_STACKS, SHARED_STACKS
from generator.wiring import begin

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
)


@given(values)
def test_the_text_is_the_value(value: Any) -> None:
    """Any JSON value reads back as itself."""
    text = to_json(value)

    assert json.loads(text) == value
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


@given(st.dictionaries(st.text(), st.integers(), min_size=2))
def test_keys_are_sorted_whatever_the_order_they_came_in(value: dict[str, int]) -> None:
    assert to_json(value) == to_json(dict(reversed(value.items())))


def test_what_fits_stands_on_one_line() -> None:
    long = "x" * WIDTH

    assert to_json({"Key": "Project", "Value": "aldeia"}) == '{"Key": "Project", "Value": "aldeia"}\n'
    assert to_json([long]) == f'[\n  "{long}"\n]\n'
    assert to_json({}) == "{}\n"


@pytest.mark.parametrize("stack", ENVIRONMENT_STACKS, ids=lambda stack: stack.name)
def test_the_data_is_what_troposphere_renders(stack: Any) -> None:
    for environment in ENVIRONMENTS:
        template = stack.build(environment, SERVICES)

        assert to_dict(template) == encode_to_dict(template.to_dict())


@pytest.mark.parametrize("stack", SHARED_STACKS, ids=lambda stack: stack.name)
def test_the_shared_data_is_what_troposphere_renders(stack: Any) -> None:
    template = stack.build(ENVIRONMENTS, SERVICES)

    assert to_dict(template) == encode_to_dict(template.to_dict())


def test_a_missing_required_property_is_found() -> None:
    """Each object still checks itself, as it does under troposphere's own rendering."""
    template = begin("staging", "network", "a test")
    template.add_resource(ecs.TaskDefinition("Task", ContainerDefinitions=[ecs.ContainerDefinition(Name="x")]))

    with pytest.raises(ValueError, match="Image"):
        to_dict(template)


def test_tags_of_the_builder_win_over_the_common_ones() -> None:
    template = begin("staging", "network", "a test")
    template.add_resource(ec2.VPC("Vpc", CidrBlock="10.0.0.0/16", Tags=Tags(Name=Sub("${AWS::StackName}"))))
    template.add_resource(iam.InstanceProfile("Profile", Roles=[Ref("Role")]))

    rendered = to_dict(template)["Resources"]

    tags = {tag["Key"]: tag["Value"] for tag in rendered["Vpc"]["Properties"]["Tags"]}
    assert tags["Name"] == {"Fn::Sub": "${AWS::StackName}"}
    assert tags["Project"] == "aldeia"
    assert "Tags" not in rendered["Profile"]["Properties"]


def test_a_template_is_built_twice_without_a_trace() -> None:
    """Builders share nothing: two builds in one process give the same bytes."""
    stack = ENVIRONMENT_STACKS[0]
    first, second = (to_json(to_dict(stack.build(ENVIRONMENTS[0], SERVICES))) for _ in range(2))

    assert first == second
