"""What a call asks of its caller is read rightly: calls that a role may not make are found."""

import pytest

from tests.pipeline.cloud import Call
from tests.pipeline.permissions import Judge, arn

EXECUTION = arn("iam", "role/aldeia-shared-delivery-Production", region="")
STAGINGS = arn("iam", "role/aldeia-shared-delivery-Staging", region="")
JUDGE = Judge({"ProductionCloudFormationRoleArn": EXECUTION, "StagingCloudFormationRoleArn": STAGINGS})
STACK = "aldeia-production-fargate"
CREATE = {"StackName": STACK, "RoleARN": EXECUTION, "Tags.member.1.Key": "Project"}

ROWS = [
    (Call("ProductionPlanRole", "cloudformation", "CreateChangeSet", CREATE), []),
    (
        Call("ProductionPlanRole", "cloudformation", "CreateChangeSet", CREATE | {"RoleARN": STAGINGS}),
        ["cloudformation:CreateChangeSet", "iam:PassRole"],
    ),
    (
        Call("ProductionPlanRole", "cloudformation", "CreateChangeSet", {"StackName": STACK}),
        ["cloudformation:CreateChangeSet"],
    ),
    (
        Call("ProductionPlanRole", "cloudformation", "ExecuteChangeSet", {"StackName": STACK}),
        ["cloudformation:ExecuteChangeSet"],
    ),
    (Call("ProductionDeployRole", "cloudformation", "ExecuteChangeSet", {"StackName": STACK}), []),
    (
        Call("StagingDeployRole", "cloudformation", "ExecuteChangeSet", {"ChangeSetName": "arn:x", "stack": STACK}),
        ["cloudformation:ExecuteChangeSet"],
    ),
    (
        Call("ProductionDeployRole", "cloudformation", "DeleteStack", {"StackName": STACK}),
        ["cloudformation:DeleteStack"],
    ),
    (Call("BuildRole", "ecr", "GetAuthorizationToken", {}), []),
    (Call("BuildRole", "ecr", "PutImage", {"repositoryName": "aldeia/backend"}), []),
    (Call("BuildRole", "ecr", "PutImage", {"repositoryName": "payroll"}), ["ecr:PutImage"]),
    (Call("ProductionDeployRole", "ecr", "PutImage", {"repositoryName": "aldeia/backend"}), ["ecr:PutImage"]),
    (Call("BuildRole", "ssm", "GetParameter", {"Name": "/aldeia/staging/data/Id"}), ["ssm:GetParameter"]),
    (
        Call("StagingDeployRole", "ssm", "GetParameters", {"Names": ["/aldeia/staging/a", "/aldeia/production/a"]}),
        ["ssm:GetParameters"],
    ),
    (Call("StagingDeployRole", "ssm", "GetParameters", {"Names": ["/aws/service/ecs/ami"]}), []),
    (Call("StagingDeployRole", "s3", "PUT /x", {"path": "/aldeia-app-artifacts-111122223333/templates/1.json"}), []),
    (Call("StagingDeployRole", "s3", "PUT /x", {"path": "/aldeia-app-artifacts-111122223333/else"}), ["s3:PutObject"]),
    (Call("BuildRole", "sts", "GetCallerIdentity", {}), []),
    (Call("person", "ecr", "DeleteRepository", {"repositoryName": "aldeia/backend"}), []),  # no role of the pipeline
]


@pytest.mark.parametrize(
    ("call", "wanted"), ROWS, ids=lambda each: f"{each.key} {each.operation}" if isinstance(each, Call) else ""
)
def test_what_may_not_be_called_is_found(call, wanted):
    assert [action for _, action, _ in JUDGE.refused([call])] == wanted


def test_a_service_that_nobody_has_thought_of_is_an_error():
    with pytest.raises(NotImplementedError, match="lambda: Invoke"):
        JUDGE.refused([Call("BuildRole", "lambda", "Invoke", {})])
