"""Private ways to services of AWS. Part of stack `network`.

In: a template with the VPC and the endpoints' security group in it. Out: the same with one interface endpoint for each service that
the environment names, in every private subnet, under the service's public name.
"""

from collections.abc import Iterable
from typing import Any

from troposphere import Ref, Sub, Template, ec2

from generator.model import Environment
from generator.naming import logical_id
from generator.policies.network import own_account_only


def interface_endpoints(
    template: Template, environment: Environment, vpc: ec2.VPC, subnets: Iterable[ec2.Subnet], group: Any
) -> None:
    """The endpoints of `environment`; `group` is the id of their security group."""
    for endpoint in environment.interface_endpoints:
        template.add_resource(
            ec2.VPCEndpoint(
                logical_id(endpoint.name.lower(), "endpoint"),
                VpcId=Ref(vpc),
                ServiceName=Sub(f"com.amazonaws.${{AWS::Region}}.{endpoint.value}"),
                VpcEndpointType="Interface",
                # Programs ask for the public name, and get a private address.
                PrivateDnsEnabled=True,
                SubnetIds=[Ref(subnet) for subnet in subnets],
                SecurityGroupIds=[group],
                PolicyDocument=own_account_only(endpoint),
            )
        )
