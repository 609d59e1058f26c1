"""`python -m bench.one_review FORM COUNT`: judge a change set of COUNT changes and write it in one form, to nowhere.

In: a form and a number. Out: the size of what was written. The changes are of the types the templates hold, in the shape
DescribeChangeSet gives: of ten, six change in place, two are replaced, one is added and one removed.
"""

import sys
from typing import Any

from deploy_stack.review.build import resource_changes
from deploy_stack.review.reviewing import review

TYPES = (
    "AWS::ECS::Service",
    "AWS::ECS::TaskDefinition",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::IAM::Role",
    "AWS::CloudWatch::Alarm",
    "AWS::SSM::Parameter",
    "AWS::EFS::FileSystem",
)
ACTIONS = (*["Modify"] * 8, "Add", "Remove")


def change(number: int) -> dict[str, Any]:
    """One entry of DescribeChangeSet's Changes."""
    action = ACTIONS[number % len(ACTIONS)]
    replaced = action == "Modify" and number % 5 == 0
    details = [
        {
            "Target": {
                "Attribute": "Properties",
                "Name": name,
                "Path": f"/Properties/{name}",
                "BeforeValue": f"value {number}",
                "AfterValue": f"value {number + 1}",
                "RequiresRecreation": "Always" if replaced else "Never",
            },
            "Evaluation": "Static",
            "ChangeSource": "DirectModification",
        }
        for name in ("Description", "Name", "Port")
    ]
    return {
        "Type": "Resource",
        "ResourceChange": {
            "Action": action,
            "LogicalResourceId": f"Resource{number}",
            "PhysicalResourceId": f"aldeia-production-Resource{number}",
            "ResourceType": TYPES[number % len(TYPES)],
            **({"Replacement": "True" if replaced else "False", "Details": details} if action == "Modify" else {}),
        },
    }


def main(form: str, count: int) -> int:
    """The length of the review in that form."""
    shown = review(
        stack="fargate",
        stack_name="aldeia-production-fargate",
        operation="UPDATE",
        changes=resource_changes(change(number) for number in range(count)),
    )
    return len(_text(form, shown))


def _text(form: str, shown: Any) -> str:
    if form == "table":
        from deploy_stack.render.table import text  # noqa: PLC0415  (a form pays for its own imports only)

        return text(shown)
    if form == "markdown":
        from deploy_stack.render.markdown import markdown  # noqa: PLC0415

        return markdown("production", [shown])
    if form == "html":
        from deploy_stack.render.html_form import Sheet, html  # noqa: PLC0415

        return html(Sheet("production", (shown,)))
    import json  # noqa: PLC0415

    from deploy_stack.render.json_form import review_json  # noqa: PLC0415

    return json.dumps(review_json(shown))


if __name__ == "__main__":
    print(main(sys.argv[1], int(sys.argv[2])))
