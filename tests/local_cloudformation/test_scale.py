"""200 stacks of 100 resources: that it works, and how long it takes (reported, not judged: machines differ)."""

from __future__ import annotations

import json
import sys
import time

import boto3
import pytest
from local_cloudformation import LocalCloudFormation

from tests.local_cloudformation.support import template, topic

STACKS, RESOURCES = 200, 100


def body(stack: int, revision: int) -> str:
    """A hundred resources in ten chains of ten; one of them differs with the revision."""
    resources = {"R0": topic(DisplayName=f"{stack}-{revision}")}
    for number in range(1, RESOURCES):
        before = f"R{number - 1}" if number % 10 else "R0"
        resources[f"R{number}"] = topic(DisplayName={"Ref": before}) if number % 2 else topic(KmsMasterKeyId="k")
    assert len(resources) == RESOURCES
    return json.dumps(template(**resources))


@pytest.mark.slow
def test_two_hundred_stacks_of_a_hundred_resources(tmp_path, record_property, capsys):
    figures: dict[str, float] = {}
    for kind, state in (("memory", None), ("disk", tmp_path)):
        with LocalCloudFormation(state=state) as local:
            client = boto3.client("cloudformation", **local.client_options)
            begun = time.perf_counter()
            for stack in range(STACKS):
                client.create_stack(StackName=f"stack-{stack}", TemplateBody=body(stack, 1))
            figures[f"create, {kind}"] = (time.perf_counter() - begun) / STACKS
            begun = time.perf_counter()
            pages = list(client.get_paginator("describe_stacks").paginate())
            figures[f"describe all, {kind}"] = time.perf_counter() - begun
            stacks = [each for page in pages for each in page["Stacks"]]
            assert {each["StackStatus"] for each in stacks} == {"CREATE_COMPLETE"}
            assert len(stacks) == STACKS
            begun = time.perf_counter()
            made = client.create_change_set(StackName="stack-7", ChangeSetName="c", TemplateBody=body(7, 2))
            shown = client.describe_change_set(ChangeSetName=made["Id"], IncludePropertyValues=True)
            figures[f"change set, {kind}"] = time.perf_counter() - begun
            assert shown["Status"] == "CREATE_COMPLETE"
            begun = time.perf_counter()
            for _ in range(20):
                client.describe_stack_events(StackName="stack-7")
            figures[f"events page, {kind}"] = (time.perf_counter() - begun) / 20
            client.close()
    begun = time.perf_counter()
    with LocalCloudFormation(state=tmp_path) as local:
        figures["start from disk"] = time.perf_counter() - begun
        client = boto3.client("cloudformation", **local.client_options)
        assert len(client.list_stack_resources(StackName="stack-199")["StackResourceSummaries"]) == RESOURCES
        client.close()
    with capsys.disabled():
        for name, seconds in figures.items():
            record_property(name, round(seconds, 4))
            sys.stdout.write(f"\n  {name}: {seconds * 1000:.1f} ms")
