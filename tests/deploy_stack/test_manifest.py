"""What a manifest asks for beyond the change: the role CloudFormation acts as, and values of the first deployment alone."""


def parameters(cfn, stack):
    """Return a stack's parameters."""
    found = cfn.describe_stacks(StackName=stack)["Stacks"][0]["Parameters"]
    return {each["ParameterKey"]: each["ParameterValue"] for each in found}


def with_first_deployment(found):
    """Give the template a parameter that its first deployment alone sets."""
    found["Parameters"]["FirstDeployment"] = {"Type": "String", "Default": "false", "AllowedValues": ["true", "false"]}
    found.setdefault("Conditions", {})["IsFirst"] = {"Fn::Equals": [{"Ref": "FirstDeployment"}, "true"]}
    found["Outputs"]["First"] = {"Condition": "IsFirst", "Value": "yes"}


def test_a_value_of_the_first_deployment_is_given_once(deploy_stack, project, images, cfn):
    """Created with true; the next deployment takes the template's default again."""
    project.template("app", with_first_deployment)
    project.manifest("app", CreateParameters={"FirstDeployment": "true"})

    first = deploy_stack("deploy", "staging", "--image", "backend=v1", "--yes")
    created = parameters(cfn, "aldeia-staging-app")["FirstDeployment"]
    second = deploy_stack("deploy", "staging", "app", "--yes")

    assert (first.code, second.code) == (0, 0), first.err + second.err
    assert created == "true"
    assert parameters(cfn, "aldeia-staging-app")["FirstDeployment"] == "false"


def test_cloudformation_acts_as_the_role_of_the_environment(deploy_stack, project, client, cfn):
    """The ARN that the manifest's path holds goes with the change set."""
    arn = "arn:aws:iam::111122223333:role/aldeia-shared-delivery-StagingCloudFormationRole"
    client("ssm").put_parameter(Name="/aldeia/shared/delivery/Role", Value=arn, Type="String")
    project.manifest("network", ServiceRole="/aldeia/shared/delivery/Role")

    result = deploy_stack("deploy", "staging", "network", "--yes")

    assert result.code == 0, result.err
    assert cfn.describe_stacks(StackName="aldeia-staging-network")["Stacks"][0]["RoleARN"] == arn


def test_a_role_that_is_not_there_is_named_before_anything_is_made(deploy_stack, project, cfn):
    """No change set, no stack, and the command that makes the role."""
    project.manifest("network", ServiceRole="/aldeia/shared/delivery/Nobody")

    result = deploy_stack("deploy", "staging", "network", "--yes")

    assert result.code == 1
    assert "/aldeia/shared/delivery/Nobody does not exist" in result.err
    assert "deploy-stack deploy shared" in result.err
    assert cfn.describe_stacks()["Stacks"] == []
