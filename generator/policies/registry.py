"""Documents of the registry stack: what a repository keeps.

A lifecycle policy is no IAM document, but it is one of the same kind: JSON that a service takes as a string and judges later
than CloudFormation does. Repository policies are not needed: every reader and writer is a role of the same account.
"""

import json
from typing import Any

# Container Registry, Configuration: "Keep last 10 images, delete untagged after 7 days".
KEEP_IMAGES = 10
UNTAGGED_DAYS = 7


def lifecycle() -> str:
    """What ECR deletes: all but the last ten images, but never one of the last ten releases; untagged ones after a week.

    The document's only tag rule is for `v`, which matches none of the commit tags that its pipeline pushes; so one rule is for
    every tag. The rule for `v` stands above it. ECR guide, "How the lifecycle policy works": an image that a rule's tags match
    is never expired by a rule of lower priority. So what production runs, tagged as a release, outlives any number of builds.
    """
    tagged = {"tagStatus": "tagged", "countType": "imageCountMoreThan", "countNumber": KEEP_IMAGES}
    rules = [
        _rule(2, f"Keep last {KEEP_IMAGES} images", tagged | {"tagPatternList": ["*"]}),
        _rule(1, f"Keep last {KEEP_IMAGES} releases", tagged | {"tagPatternList": ["v*"]}),
        _rule(
            3,
            f"Delete untagged images after {UNTAGGED_DAYS} days",
            {
                "tagStatus": "untagged",
                "countType": "sinceImagePushed",
                "countUnit": "days",
                "countNumber": UNTAGGED_DAYS,
            },
        ),
    ]
    return json.dumps({"rules": rules}, sort_keys=True, separators=(",", ":"))


def _rule(priority: int, description: str, selection: dict[str, Any]) -> dict[str, Any]:
    return {
        "rulePriority": priority,
        "description": description,
        "selection": selection,
        "action": {"type": "expire"},
    }
