"""The whole system as an AWS CDK app: six stacks for each environment, two that they share. The same app as ../cdk_js."""

import json
from pathlib import Path

import aws_cdk as cdk
from edge import EdgeStack
from fargate import FargateStack
from foundation import DataStack, NetworkStack
from hosts import Ec2Stack
from operations import DeliveryStack, MonitoringStack, RegistryStack

system = json.loads((Path(__file__).parent.parent / "system.json").read_text())
app = cdk.App()
env = cdk.Environment(account=system["account"], region=system["region"])


def add(kind, environment, stack, **around):
    made = kind(app, f"aldeia-{environment}-{stack}", system=system, env=env, **around)
    for key, value in {
        "Environment": environment,
        "ManagedBy": "cdk",
        "Project": "aldeia",
        "Stack": stack,
    }.items():
        cdk.Tags.of(made).add(key, value)
    return made


registry = add(RegistryStack, "shared", "registry")
add(DeliveryStack, "shared", "delivery")
for name, description in system["environments"].items():
    settings = {"name": name, **description}
    network = add(NetworkStack, name, "network", settings=settings)
    data = add(DataStack, name, "data", settings=settings, network=network)
    edge = add(EdgeStack, name, "edge", settings=settings, network=network)
    around = {"settings": settings, "network": network, "data": data, "edge": edge}
    fargate = add(FargateStack, name, "fargate", registry=registry, **around)
    ec2 = add(Ec2Stack, name, "ec2", registry=registry, **around)
    add(MonitoringStack, name, "monitoring", fargate=fargate, ec2=ec2, **around)
app.synth()
