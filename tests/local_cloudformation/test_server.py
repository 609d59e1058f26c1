"""The server on real sockets, asked by boto3: faults of the wire, the services behind, the control endpoint."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError
from local_cloudformation.api import OPERATIONS
from local_cloudformation.protocol import service_model

from tests.local_cloudformation.support import parameter, refusal, template, topic

ONE = template(A=topic(DisplayName="a"))


def ask(local, method, path, data=None):
    """A control request: status and parsed answer."""
    body = None if data is None else json.dumps(data).encode()
    request = urllib.request.Request(f"{local.endpoint}/_local/{path}", data=body, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def deploy(client, name, body, **params):
    made = client.create_change_set(
        StackName=name, ChangeSetName="c1", ChangeSetType="CREATE", TemplateBody=json.dumps(body), **params
    )
    client.get_waiter("change_set_create_complete").wait(ChangeSetName=made["Id"], WaiterConfig={"Delay": 0.05})
    client.execute_change_set(ChangeSetName=made["Id"])
    return made


@pytest.fixture
def service_of(local):
    """Clients of the other services."""
    made = []

    def client(name):
        made.append(boto3.client(name, **local.client_options))
        return made[-1]

    yield client
    for each in made:
        each.close()


def test_boto3_waiters_and_paginators(local, client):
    local.script(seconds={"change_set": 0.1, "resource": 0.05})
    deploy(client, "web", template(**{f"T{number}": topic() for number in range(45)}))
    client.get_waiter("stack_create_complete").wait(StackName="web", WaiterConfig={"Delay": 0.1})
    pages = list(client.get_paginator("describe_stack_events").paginate(StackName="web"))
    assert [len(each["StackEvents"]) for each in pages] == [100, 38]
    resources = client.get_paginator("list_stack_resources").paginate(StackName="web")
    assert len([each for page in resources for each in page["StackResourceSummaries"]]) == 45
    client.delete_stack(StackName="web")
    client.get_waiter("stack_delete_complete").wait(StackName="web", WaiterConfig={"Delay": 0.1})


def test_things_go_on_while_nobody_asks(local, client):
    local.script(seconds={"change_set": 0.05, "resource": 0.05})
    made = client.create_change_set(
        StackName="web", ChangeSetName="c1", ChangeSetType="CREATE", TemplateBody=json.dumps(ONE)
    )
    change_set = local.server.store.change_sets[made["Id"]]
    deadline = time.monotonic() + 5
    while change_set.status != "CREATE_COMPLETE" and time.monotonic() < deadline:
        time.sleep(0.02)
    assert change_set.status == "CREATE_COMPLETE"
    assert local.calls("DescribeChangeSet") == []


def test_every_operation_is_done_or_refused_by_name(local, client):
    """Never a false success: what is not in the registry answers NotImplemented with the operation's name."""
    url = f"{local.endpoint}/"
    for name in service_model().operation_names:
        if name in OPERATIONS:
            continue
        request = urllib.request.Request(url, data=f"Action={name}&Version=2010-05-15".encode())
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request)
        with caught.value as answer:
            assert answer.code == 501
            assert f"The operation {name} is not implemented by local-cloudformation" in answer.read().decode()
    assert refusal(client.list_stack_sets) == (
        "NotImplemented",
        "The operation ListStackSets is not implemented by local-cloudformation",
    )


@pytest.mark.parametrize(
    ("fault", "code", "status"),
    [
        ("throttle", "Throttling", 400),
        ("expired-token", "ExpiredToken", 403),
        ("http-500", "InternalFailure", 500),
        ("access-denied", "AccessDenied", 403),
    ],
)
def test_29_a_fault_at_a_chosen_call(local, client, fault, code, status):
    local.script(faults=[{"fault": fault, "operation": "ListStacks", "call": 2}])
    client.list_stacks()
    with pytest.raises(ClientError) as caught:
        client.list_stacks()
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    client.list_stacks()
    assert [each["fault"] for each in local.calls("ListStacks")] == [None, code, None]


def test_29_throttling_is_an_account_s_limit_over_all_clients(local):
    local.script(rate={"calls_per_second": 5, "burst": 5})
    outcomes: list[str] = []

    def hammer():
        client = boto3.client(
            "cloudformation", config=Config(retries={"total_max_attempts": 1}), **local.client_options
        )
        for _ in range(5):
            try:
                client.list_exports()
                outcomes.append("ok")
            except ClientError as error:
                outcomes.append(error.response["Error"]["Code"])
        client.close()

    threads = [threading.Thread(target=hammer) for _ in range(4)]
    begun = time.monotonic()
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    allowed = 5 + 5 * (time.monotonic() - begun) + 1
    assert outcomes.count("ok") <= allowed
    assert set(outcomes) == {"ok", "Throttling"}
    time.sleep(0.5)
    with_retries = boto3.client("cloudformation", **local.client_options)
    with_retries.list_exports()
    with_retries.close()


def test_22_a_dropped_connection_loses_the_request_or_only_the_answer(local, client):
    for fault, happened in (("drop", False), ("drop-after", True)):
        local.reset()
        local.script({"faults": [{"fault": fault, "operation": "CreateStack", "times": 1}]})
        with pytest.raises(ConnectionClosedError):
            client.create_stack(StackName="web", TemplateBody=json.dumps(ONE), ClientRequestToken="t-1")
        assert bool(client.describe_stacks()["Stacks"]) is happened
        made = client.create_stack(StackName="web", TemplateBody=json.dumps(ONE), ClientRequestToken="t-1")
        assert [each["StackId"] for each in client.describe_stacks()["Stacks"]] == [made["StackId"]]


def test_random_faults_come_from_the_seed(local, client):
    seen = []
    for _ in range(2):
        local.script({"seed": 7, "faults": [{"fault": "throttle", "probability": 0.5}]})
        local.server.calls.clear()
        for _ in range(20):
            try:
                client.list_stacks()
            except ClientError:
                continue
        seen.append([each["fault"] for each in local.calls()])
    assert seen[0] == seen[1]
    assert set(seen[0]) == {None, "Throttling"}


def test_latency_is_added_to_every_call(local, client):
    local.script(latency=0.15)
    begun = time.monotonic()
    client.list_stacks()
    assert time.monotonic() - begun >= 0.15
    assert local.calls("ListStacks")[0]["seconds"] >= 0.15


BEHIND = template(
    Path={
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Type": "String", "Name": "/app/x", "Value": {"Ref": "Images"}},
    },
    Images={"Type": "AWS::ECR::Repository", "Properties": {"RepositoryName": "app/web"}},
    Files={"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "app-files"}},
    Secret={"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": "app/secret", "SecretString": "s"}},
    Errors={
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmName": "errors",
            "ComparisonOperator": "GreaterThanThreshold",
            "EvaluationPeriods": 1,
            "MetricName": "Errors",
            "Namespace": "App",
            "Period": 60,
            "Statistic": "Sum",
            "Threshold": 1,
            "Dimensions": [{"Name": "Service", "Value": "web"}],
        },
    },
)


def test_what_a_stack_makes_is_there_through_the_services_own_apis(local, client, service_of):
    deploy(client, "web", BEHIND)
    assert client.describe_stacks(StackName="web")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
    assert service_of("ssm").get_parameter(Name="/app/x")["Parameter"]["Value"] == "app/web"
    assert service_of("ecr").describe_images(repositoryName="app/web")["imageDetails"] == []
    s3 = service_of("s3")
    assert [each["Name"] for each in s3.list_buckets()["Buckets"]] == ["app-files"]
    rows = client.describe_stack_resources(StackName="web", LogicalResourceId="Secret")["StackResources"]
    assert service_of("secretsmanager").get_secret_value(SecretId=rows[0]["PhysicalResourceId"])["SecretString"] == "s"
    alarm = service_of("cloudwatch").describe_alarms(AlarmNames=["errors"])["MetricAlarms"][0]
    assert alarm["Dimensions"] == [{"Name": "Service", "Value": "web"}]
    assert service_of("sts").get_caller_identity()["Account"] == "111122223333"

    s3.put_object(Bucket="app-files", Key="kept.txt", Body=b"x")
    less = {"Resources": {name: each for name, each in BEHIND["Resources"].items() if name != "Files"}}
    made = client.create_change_set(StackName="web", ChangeSetName="less", TemplateBody=json.dumps(less))
    events = client.describe_events(ChangeSetName=made["Id"])["OperationEvents"]
    warned = [each for each in events if each.get("ValidationName") == "BUCKET_EMPTINESS_VALIDATION"]
    assert [(each["ValidationFailureMode"], each["LogicalResourceId"]) for each in warned] == [("WARN", "Files")]
    assert client.describe_change_set(ChangeSetName=made["Id"])["Status"] == "CREATE_COMPLETE"
    client.delete_stack(StackName="web")
    stack = client.describe_stacks(StackName="web")["Stacks"][0]
    assert (stack["StackStatus"], stack["StackStatusReason"]) == (
        "DELETE_FAILED",
        "The following resource(s) failed to delete: [Files]. ",
    )
    s3.delete_object(Bucket="app-files", Key="kept.txt")
    client.delete_stack(StackName="web")
    client.get_waiter("stack_delete_complete").wait(StackName="web", WaiterConfig={"Delay": 0.1})
    assert refusal(lambda: service_of("ssm").get_parameter(Name="/app/x"))[0] == "ParameterNotFound"


def test_a_template_by_url_is_read_from_the_bucket(local, client, service_of):
    s3 = service_of("s3")
    s3.create_bucket(Bucket="artifacts")
    s3.put_object(Bucket="artifacts", Key="t/web.json", Body=json.dumps(ONE).encode())
    for url in (
        "https://artifacts.s3.us-east-1.amazonaws.com/t/web.json",
        "https://artifacts.s3.amazonaws.com/t/web.json",
        "https://s3.us-east-1.amazonaws.com/artifacts/t/web.json",
        f"{local.endpoint}/artifacts/t/web.json",
    ):
        assert client.get_template_summary(TemplateURL=url)["ResourceTypes"] == ["AWS::SNS::Topic"]
    missing = refusal(lambda: client.validate_template(TemplateURL="https://artifacts.s3.amazonaws.com/none.json"))
    assert missing == ("ValidationError", "S3 error: Access Denied")


def test_a_rollback_trigger_is_an_alarm_set_by_another_client(local, client, service_of):
    local.script(seconds={"resource": 0.5})
    cloudwatch = service_of("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="errors",
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        MetricName="E",
        Namespace="N",
        Period=60,
        Statistic="Sum",
        Threshold=1,
    )
    arn = cloudwatch.describe_alarms()["MetricAlarms"][0]["AlarmArn"]
    assert arn == "arn:aws:cloudwatch:us-east-1:111122223333:alarm:errors"
    client.create_stack(
        StackName="web",
        TemplateBody=json.dumps(ONE),
        RollbackConfiguration={"RollbackTriggers": [{"Arn": arn, "Type": "AWS::CloudWatch::Alarm"}]},
    )
    cloudwatch.set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="test")
    deadline = time.monotonic() + 10
    while client.describe_stacks(StackName="web")["Stacks"][0]["StackStatus"] != "ROLLBACK_COMPLETE":
        assert time.monotonic() < deadline
        time.sleep(0.05)


CLUSTER = {
    **template(
        Cluster={"Type": "AWS::ECS::Cluster", "Properties": {"ClusterName": "app"}},
        Task={
            "Type": "AWS::ECS::TaskDefinition",
            "Properties": {
                "Family": "web",
                "ContainerDefinitions": [{"Name": "web", "Image": {"Fn::Sub": "app/web:${Tag}"}}],
            },
        },
        Web={
            "Type": "AWS::ECS::Service",
            "Properties": {"ServiceName": "web", "Cluster": {"Ref": "Cluster"}, "TaskDefinition": {"Ref": "Task"}},
        },
    ),
    "Parameters": {"Tag": {"Type": "String"}},
}
PULL = "CannotPullContainerError: pull image manifest has been retried 1 time(s): app/web:broken: not found"


def test_28_an_image_that_does_not_start_leaves_stopped_tasks(local, client, service_of):
    rule = {
        "type": "AWS::ECS::Service",
        "on": "*",
        "image": "*:broken",
        "reason": "ECS Deployment Circuit Breaker was triggered",
        "stopped_reason": PULL,
    }
    local.script(failures=[rule])
    deploy(client, "good", CLUSTER, Parameters=[{"ParameterKey": "Tag", "ParameterValue": "v1"}])
    assert client.describe_stacks(StackName="good")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
    ecs = service_of("ecs")
    shown = ecs.describe_services(cluster="app", services=["web"])["services"][0]
    assert (shown["runningCount"], shown["desiredCount"]) == (1, 1)
    client.update_stack(
        StackName="good",
        UsePreviousTemplate=True,
        Parameters=[{"ParameterKey": "Tag", "ParameterValue": "broken"}],
    )
    assert client.describe_stacks(StackName="good")["Stacks"][0]["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    arns = ecs.list_tasks(cluster="app", serviceName="web", desiredStatus="STOPPED")["taskArns"]
    task = ecs.describe_tasks(cluster="app", tasks=arns)["tasks"][0]
    assert (task["stoppedReason"], task["lastStatus"], task["stopCode"]) == (PULL, "STOPPED", "TaskFailedToStart")
    assert task["containers"][0]["image"] == "app/web:broken"
    assert PULL in ecs.describe_services(cluster="app", services=["web"])["services"][0]["events"][0]["message"]


def test_the_control_endpoint(local, client):
    assert ask(local, "GET", "health") == (200, {"ready": True})
    status, script = ask(local, "POST", "script", {"latency": 0.01, "seconds": {"resource": 1}})
    assert (status, script["latency"], script["seconds"]["resource"], script["seconds"]["change_set"]) == (
        200,
        0.01,
        1,
        0.0,
    )
    status, answer = ask(local, "PUT", "script", {"failures": [{"reason": "r", "onn": "create"}]})
    assert status == 400
    assert answer["error"].startswith("failures[0]: unknown key 'onn'; known are reason, on, stack")
    assert ask(local, "GET", "script")[1]["latency"] == 0.01
    ask(local, "PUT", "script", {})
    client.create_stack(StackName="web", TemplateBody=json.dumps(ONE))
    assert [each["operation"] for each in ask(local, "GET", "calls")[1]] == ["CreateStack"]
    assert ask(local, "GET", "calls")[1][0]["stack"] == "web"
    state = ask(local, "GET", "state")[1]
    assert [(each["name"], each["status"]) for each in state["stacks"]] == [("web", "CREATE_COMPLETE")]
    ask(local, "POST", "reset")
    assert ask(local, "GET", "calls")[1] == []
    assert len(ask(local, "GET", "state")[1]["stacks"]) == 1
    ask(local, "POST", "reset?state=true")
    assert ask(local, "GET", "state")[1]["stacks"] == []
    assert ask(local, "GET", "nothing")[0] == 404


def test_regions_do_not_see_each_other(local, client):
    client.create_stack(StackName="web", TemplateBody=json.dumps(template(P=parameter("v"))))
    options = {**local.client_options, "region_name": "eu-west-1"}
    elsewhere = boto3.client("cloudformation", **options)
    assert elsewhere.describe_stacks()["Stacks"] == []
    made = elsewhere.create_stack(StackName="web", TemplateBody=json.dumps(ONE))
    assert ":eu-west-1:111122223333:stack/web/" in made["StackId"]
    elsewhere.close()
