"""What the load balancer tells of stacks: targets and their health, rules and their weights. Asked over the wire, by botocore."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

RULE = {
    "Type": "AWS::ElasticLoadBalancingV2::ListenerRule",
    "Properties": {
        "ListenerArn": "arn:aws:elasticloadbalancing:us-east-1:111122223333:listener/app/web/1/2",
        "Priority": 10,
        "Conditions": [{"Field": "host-header", "HostHeaderConfig": {"Values": ["api.example.com"]}}],
        "Actions": [
            {
                "Type": "forward",
                "ForwardConfig": {
                    "TargetGroups": [
                        {"TargetGroupArn": {"Ref": "Tasks"}, "Weight": {"Ref": "Share"}},
                        {"TargetGroupArn": {"Ref": "Hosts"}, "Weight": 90},
                    ]
                },
            }
        ],
    },
}


def group(kind, port):
    """Return a target group."""
    properties = {"TargetType": kind, "Port": port, "Protocol": "HTTP", "VpcId": "vpc-0123456789abcdef0"}
    return {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup", "Properties": properties}


BODY = {
    "Parameters": {"Share": {"Type": "Number", "Default": 10}, "Count": {"Type": "Number", "Default": 2}},
    "Resources": {
        "Tasks": group("ip", 3001),
        "Hosts": group("instance", 3001),
        "Rule": RULE,
        "Service": {
            "Type": "AWS::ECS::Service",
            "Properties": {
                "DesiredCount": {"Ref": "Count"},
                "LoadBalancers": [{"ContainerName": "web", "ContainerPort": 3001, "TargetGroupArn": {"Ref": "Tasks"}}],
            },
        },
        "Group": {
            "Type": "AWS::AutoScaling::AutoScalingGroup",
            "Properties": {"MinSize": "1", "MaxSize": "1", "TargetGroupARNs": [{"Ref": "Hosts"}]},
        },
    },
}


@pytest.fixture
def stack(local, client):
    """Create the stack and return {logical id: physical id}."""
    client.create_stack(StackName="web", TemplateBody=json.dumps(BODY))
    while client.describe_stacks(StackName="web")["Stacks"][0]["StackStatus"] != "CREATE_COMPLETE":
        pass
    found = client.describe_stack_resources(StackName="web")["StackResources"]
    return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found}


@pytest.fixture
def balancer(local):
    """A client of the load balancer."""
    made = boto3.client("elbv2", **local.client_options)
    yield made
    made.close()


def states(balancer, arn):
    """Return each target's id and state."""
    found = balancer.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    return {each["Target"]["Id"]: each["TargetHealth"]["State"] for each in found}


def test_tasks_and_hosts_are_targets(stack, balancer):
    """As many as the service and the group have, each with an id of its kind."""
    tasks, hosts = states(balancer, stack["Tasks"]), states(balancer, stack["Hosts"])

    assert (len(tasks), set(tasks.values())) == (2, {"healthy"})
    assert all(each.startswith("10.") for each in tasks)
    assert (len(hosts), set(hosts.values())) == (1, {"healthy"})
    assert all(each.startswith("i-") for each in hosts)


def test_targets_that_are_scripted_unhealthy_say_why(stack, balancer, local):
    """By the target group's logical id, with the service's own reason."""
    local.script(targets={"Task*": "unhealthy"})

    found = balancer.describe_target_health(TargetGroupArn=stack["Tasks"])["TargetHealthDescriptions"]

    assert {each["TargetHealth"]["Reason"] for each in found} == {"Target.FailedHealthChecks"}
    assert set(states(balancer, stack["Hosts"]).values()) == {"healthy"}


def test_a_service_that_starts_is_not_healthy_yet(stack, balancer, client, local):
    """Its tasks register while it is created; a group of one host has none in service while that host is replaced."""
    local.script(seconds={"types": {"AWS::AutoScaling::AutoScalingGroup": 30, "AWS::ECS::Service": 30}})
    body = json.loads(json.dumps(BODY))
    body["Resources"]["Group"]["Properties"]["Cooldown"] = "60"
    body["Resources"]["Second"] = body["Resources"]["Service"]
    client.update_stack(StackName="web", TemplateBody=json.dumps(body))

    while len(states(balancer, stack["Tasks"])) < 4:
        pass

    assert sorted(states(balancer, stack["Tasks"]).values()) == ["healthy", "healthy", "initial", "initial"]
    assert set(states(balancer, stack["Hosts"]).values()) == {"initial"}


def test_rules_have_the_weights_of_the_stack(stack, balancer):
    """By listener and by ARN."""
    listener = RULE["Properties"]["ListenerArn"]

    by_listener, by_arn = (
        balancer.describe_rules(**which)["Rules"]
        for which in ({"ListenerArn": listener}, {"RuleArns": [stack["Rule"]]})
    )

    assert by_listener == by_arn
    groups = by_arn[0]["Actions"][0]["ForwardConfig"]["TargetGroups"]
    assert [each["Weight"] for each in groups] == [10, 90]
    assert groups[0]["TargetGroupArn"] == stack["Tasks"]


def test_what_no_stack_made_is_another_services_answer(balancer, local):
    """moto's own refusal, not an empty answer."""
    arn = "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/none/0123456789abcdef"
    with pytest.raises(ClientError, match="TargetGroupNotFound"):
        balancer.describe_target_health(TargetGroupArn=arn)


def test_a_state_that_does_not_exist_is_refused(local):
    """With those that do."""
    with pytest.raises(ValueError, match="'sick' is not one of draining, healthy"):
        local.script(targets={"*": "sick"})
