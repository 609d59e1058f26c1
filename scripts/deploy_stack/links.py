"""Links into the AWS console, right for every partition.

In: ARNs. Out: URLs. Refuses to know: profiles and sessions; partition and region stand in the ARN.
"""

from __future__ import annotations

from urllib.parse import quote

# Fragment formats as the console writes them (2026).
HOSTS = {
    "aws": "{region}.console.aws.amazon.com",
    "aws-cn": "{region}.console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
    "aws-iso": "{region}.console.c2s-home.ic.gov",
    "aws-iso-b": "{region}.console.sc2s-home.sgov.gov",
    "aws-eusc": "{region}.console.amazonaws-eusc.eu",
}


def change_set_link(stack_id: str, change_set_id: str) -> str:
    """Return the review page of a change set."""
    return (
        f"{_home(stack_id)}#/stacks/changesets/changes?stackId={_quoted(stack_id)}&changeSetId={_quoted(change_set_id)}"
    )


def events_link(stack_id: str) -> str:
    """Return the events page of a stack."""
    return f"{_home(stack_id)}#/stacks/events?filteringText=&filteringStatus=active&viewNested=true&stackId={_quoted(stack_id)}"


def stopped_tasks_link(stack_id: str, cluster: str, service: str) -> str:
    """Return the list of an ECS service's stopped tasks."""
    _, region = _place(stack_id)
    return (
        f"https://{_host(stack_id)}/ecs/v2/clusters/{_quoted(cluster)}/services/{_quoted(service)}/tasks"
        f"?status=STOPPED&region={region}"
    )


def url_suffix(partition: str) -> str:
    """Return the domain of a partition's service endpoints, as `AWS::URLSuffix` does."""
    suffixes = {"aws-cn": "amazonaws.com.cn", "aws-iso": "c2s.ic.gov", "aws-iso-b": "sc2s.sgov.gov"}
    return suffixes.get(partition, "amazonaws.eu" if partition == "aws-eusc" else "amazonaws.com")


def partition_of(region: str) -> str:
    """Return the partition that a region belongs to, for ARNs of things that are not there to ask."""
    prefixes = {
        "cn-": "aws-cn",
        "us-gov-": "aws-us-gov",
        "us-iso-": "aws-iso",
        "us-isob-": "aws-iso-b",
        "eusc-": "aws-eusc",
    }
    return next((name for prefix, name in prefixes.items() if region.startswith(prefix)), "aws")


def _home(arn: str) -> str:
    _, region = _place(arn)
    return f"https://{_host(arn)}/cloudformation/home?region={region}"


def _host(arn: str) -> str:
    partition, region = _place(arn)
    return HOSTS.get(partition, HOSTS["aws"]).format(region=region)


def _place(arn: str) -> tuple[str, str]:
    _, partition, _, region, *_ = arn.split(":", 4)
    return partition, region


def _quoted(text: str) -> str:
    return quote(text, safe="")
