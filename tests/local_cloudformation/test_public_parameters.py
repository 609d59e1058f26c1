"""Public parameters are answered to any client, alone or among parameters of one's own."""

import boto3
from local_cloudformation import LocalCloudFormation

UBUNTU = "/aws/service/canonical/ubuntu/server/22.04/stable/current/amd64/hvm/ebs-gp2/ami-id"


def test_public_and_own_parameters_come_in_one_answer() -> None:
    with LocalCloudFormation() as local:
        ssm = boto3.client("ssm", **local.client_options)
        ssm.put_parameter(Name="/mine", Value="1", Type="String")

        found = ssm.get_parameters(Names=[UBUNTU, "/mine", "/nobodys"])
        again = ssm.get_parameter(Name=UBUNTU)["Parameter"]

    values = {parameter["Name"]: parameter["Value"] for parameter in found["Parameters"]}
    assert values["/mine"] == "1"
    assert values[UBUNTU].startswith("ami-")
    assert found["InvalidParameters"] == ["/nobodys"]
    assert again["Value"] == values[UBUNTU]
