"""Stack `network`: the VPC, its subnets and ways out, and every security group with its rules.

All security groups live here, so that no two other stacks refer to each other for a rule. A service's port is open to the load
balancer if it is public, and to the services that name it in a `PrivateUrl`; nothing else is open to anything.
"""

from collections.abc import Iterator
from typing import Any

from troposphere import GetAtt, GetAZs, Ref, Select, Sub, Template, ec2, iam, logs, servicediscovery

from generator.model import Environment, Nat, Service
from generator.naming import logical_id
from generator.policies.common import trust
from generator.policies.network import write_flow_log
from generator.stacks.endpoints import interface_endpoints
from generator.stacks.key import customer_managed_key
from generator.wiring import begin, publish, with_key

NAME = "network"
ANYWHERE = "0.0.0.0/0"


def build(environment: Environment, services: tuple[Service, ...]) -> Template:
    """The network of `environment`."""
    template = begin(environment.name, NAME, "VPC, subnets, NAT, security groups, private DNS")
    if environment.customer_managed_key:
        customer_managed_key(template, environment)
    vpc = template.add_resource(
        ec2.VPC("Vpc", CidrBlock=environment.network.cidr, EnableDnsHostnames=True, EnableDnsSupport=True)
    )
    public, private = _subnets(template, environment, vpc)
    _ways_out(template, environment, vpc, public, private)
    _flow_log(template, environment, vpc)
    _security_groups(template, environment, services, vpc)
    if environment.interface_endpoints:
        group = GetAtt("EndpointSecurityGroup", "GroupId")
        interface_endpoints(template, environment, vpc, private, group)
    namespace = template.add_resource(
        servicediscovery.PrivateDnsNamespace(
            "PrivateNamespace",
            Name=environment.private_domain,
            Vpc=Ref(vpc),
            Description=f"Private names of the services of {environment.name}",
        )
    )
    publish(template, "VpcId", Ref(vpc), "The VPC")
    publish(template, "PublicSubnetIds", [Ref(subnet) for subnet in public], "Public subnets, one for each zone")
    publish(template, "PrivateSubnetIds", [Ref(subnet) for subnet in private], "Private subnets, one for each zone")
    publish(template, "PrivateNamespaceId", Ref(namespace), f"Cloud Map namespace {environment.private_domain}")
    return template


def _subnets(template: Template, environment: Environment, vpc: ec2.VPC) -> tuple[list[ec2.Subnet], list[ec2.Subnet]]:
    network = environment.network

    def subnets(kind: str, cidrs: tuple[str, ...]) -> list[ec2.Subnet]:
        return [
            template.add_resource(
                ec2.Subnet(
                    f"{kind}Subnet{zone + 1}",
                    VpcId=Ref(vpc),
                    CidrBlock=cidr,
                    AvailabilityZone=Select(zone, GetAZs("")),
                    MapPublicIpOnLaunch=False,
                )
            )
            for zone, cidr in enumerate(cidrs)
        ]

    return subnets("Public", network.public_subnets()), subnets("Private", network.private_subnets())


def _ways_out(
    template: Template, environment: Environment, vpc: ec2.VPC, public: list[ec2.Subnet], private: list[ec2.Subnet]
) -> None:
    gateway = template.add_resource(ec2.InternetGateway("InternetGateway"))
    attachment = template.add_resource(
        ec2.VPCGatewayAttachment("InternetGatewayAttachment", VpcId=Ref(vpc), InternetGatewayId=Ref(gateway))
    )
    table = template.add_resource(ec2.RouteTable("PublicRouteTable", VpcId=Ref(vpc)))
    template.add_resource(
        ec2.Route(
            "PublicRoute",
            RouteTableId=Ref(table),
            DestinationCidrBlock=ANYWHERE,
            GatewayId=Ref(gateway),
            DependsOn=attachment,
        )
    )
    for subnet in public:
        _associate(template, subnet, table)

    gateways = list(_nat_gateways(template, environment, public, attachment))
    private_tables = []
    for zone, subnet in enumerate(private):
        table = template.add_resource(ec2.RouteTable(f"PrivateRouteTable{zone + 1}", VpcId=Ref(vpc)))
        nat = gateways[zone % len(gateways)]
        template.add_resource(
            ec2.Route(
                f"PrivateRoute{zone + 1}",
                RouteTableId=Ref(table),
                DestinationCidrBlock=ANYWHERE,
                NatGatewayId=Ref(nat),
            )
        )
        _associate(template, subnet, table)
        private_tables.append(table)
    # Image layers come from S3: through the gateway endpoint they cost nothing, through NAT they are billed by the GB.
    template.add_resource(
        ec2.VPCEndpoint(
            "S3Endpoint",
            VpcId=Ref(vpc),
            ServiceName=Sub("com.amazonaws.${AWS::Region}.s3"),
            VpcEndpointType="Gateway",
            RouteTableIds=[Ref(table) for table in private_tables],
        )
    )


def _associate(template: Template, subnet: ec2.Subnet, table: ec2.RouteTable) -> None:
    template.add_resource(
        ec2.SubnetRouteTableAssociation(
            f"{subnet.title}RouteTableAssociation", SubnetId=Ref(subnet), RouteTableId=Ref(table)
        )
    )


def _nat_gateways(
    template: Template, environment: Environment, public: list[ec2.Subnet], attachment: ec2.VPCGatewayAttachment
) -> Iterator[ec2.NatGateway]:
    used = public[:1] if environment.network.nat is Nat.SINGLE else public
    for zone, subnet in enumerate(used, start=1):
        address = template.add_resource(ec2.EIP(f"NatAddress{zone}", Domain="vpc", DependsOn=attachment))
        yield template.add_resource(
            ec2.NatGateway(f"NatGateway{zone}", AllocationId=GetAtt(address, "AllocationId"), SubnetId=Ref(subnet))
        )


def _flow_log(template: Template, environment: Environment, vpc: ec2.VPC) -> None:
    group = template.add_resource(
        logs.LogGroup(
            "FlowLogGroup",
            RetentionInDays=environment.log_retention_days,
            DeletionPolicy="Retain",
            UpdateReplacePolicy="Retain",
            **with_key(template, environment),
        )
    )
    role = template.add_resource(
        iam.Role(
            "FlowLogRole",
            AssumeRolePolicyDocument=trust("vpc-flow-logs", Sub("arn:${AWS::Partition}:ec2:*:${AWS::AccountId}:*")),
            Policies=[iam.Policy(PolicyName="write-flow-log", PolicyDocument=write_flow_log(GetAtt(group, "Arn")))],
        )
    )
    template.add_resource(
        ec2.FlowLog(
            "FlowLog",
            ResourceType="VPC",
            ResourceId=Ref(vpc),
            TrafficType="REJECT",
            LogDestinationType="cloud-watch-logs",
            LogGroupName=Ref(group),
            DeliverLogsPermissionArn=GetAtt(role, "Arn"),
        )
    )


def _security_groups(template: Template, environment: Environment, services: tuple[Service, ...], vpc: ec2.VPC) -> None:
    """Groups of the load balancer, each service, the hosts, endpoints and the file system, and the rules between them."""
    public = [service for service in services if service.public]
    balancer = _group(
        template,
        vpc,
        "load balancer",
        "Load balancer: the web in, the public services out",
        egress=[
            _rule(environment.network.cidr, service.port, f"to {service.name} wherever it runs") for service in public
        ],
        ingress=[_rule(ANYWHERE, 443, "https from the web"), _rule(ANYWHERE, 80, "http, only to be redirected")],
    )
    host = _group(template, vpc, "host", "EC2 hosts that run the containers with Docker Compose")
    groups = {service.name: _group(template, vpc, service.name, f"{service.name} tasks") for service in services}

    for service in public:
        for target in (groups[service.name], host):
            _allow(template, balancer, target, service.port, f"{service.name} from the load balancer")
    for target, caller, port, why in _private_calls(environment, services, groups, host):
        _allow(template, caller, target, port, why)

    silent = [_rule("127.0.0.1/32", None, "none")]
    if environment.interface_endpoints:
        endpoints = _group(template, vpc, "endpoint", "Interface endpoints of services of AWS", egress=silent)
        for caller in (host, *groups.values()):
            _allow(template, caller, endpoints, 443, "services of AWS")
    if any(service.data for service in services):
        file_system = _group(template, vpc, "file system", "Mount targets of the file system", egress=silent)
        keepers = [groups[service.name] for service in services if service.data]
        if environment.data_host is None:
            keepers.append(host)
        for keeper in keepers:
            _allow(template, keeper, file_system, 2049, "NFS")


def _private_calls(
    environment: Environment,
    services: tuple[Service, ...],
    groups: dict[str, ec2.SecurityGroup],
    host: ec2.SecurityGroup,
) -> Iterator[tuple[ec2.SecurityGroup, ec2.SecurityGroup, int, str]]:
    """(target, caller, port, description) for each service that another calls, whichever option runs either of them."""
    by_name = {service.name: service for service in services}
    called = {name: [caller for caller in services if name in caller.needs()] for name in by_name}
    for name, callers in called.items():
        service = by_name[name]
        # The hosts carry every service of the EC2 option; those with data may have a host, and then the service's group.
        on_host = not (service.data and environment.data_host)
        for caller in callers:
            why = f"{name} from {caller.name}"
            yield groups[name], groups[caller.name], service.port, why
            if service.data and on_host:
                yield host, groups[caller.name], service.port, f"{why}, {name} on the host"
        if callers:
            yield groups[name], host, service.port, f"{name} from {callers[0].name} on a host"


def _group(
    template: Template,
    vpc: ec2.VPC,
    name: str,
    description: str,
    *,
    ingress: list[ec2.SecurityGroupRule] | None = None,
    egress: list[ec2.SecurityGroupRule] | None = None,
) -> ec2.SecurityGroup:
    outgoing = egress or [_rule(ANYWHERE, None, "out: image registry, AWS APIs, the application's own partners")]
    rules: dict[str, Any] = {"SecurityGroupIngress": ingress} if ingress else {}
    group: ec2.SecurityGroup = template.add_resource(
        ec2.SecurityGroup(
            logical_id(name, "security group"),
            GroupDescription=description,
            VpcId=Ref(vpc),
            SecurityGroupEgress=outgoing,
            **rules,
        )
    )
    publish(template, logical_id(name, "security group id"), GetAtt(group, "GroupId"), f"Security group: {description}")
    return group


def _rule(cidr: str, port: int | None, description: str) -> ec2.SecurityGroupRule:
    """One inline rule: TCP on `port`, or everything where port is None."""
    ports = {"IpProtocol": "-1"} if port is None else {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
    return ec2.SecurityGroupRule(CidrIp=cidr, Description=description, **ports)


def _allow(
    template: Template, source: ec2.SecurityGroup, target: ec2.SecurityGroup, port: int, description: str
) -> None:
    names = [str(group.title).removesuffix("SecurityGroup") for group in (target, source)]
    template.add_resource(
        ec2.SecurityGroupIngress(
            logical_id(names[0], str(port), "from", names[1]),
            GroupId=GetAtt(target, "GroupId"),
            SourceSecurityGroupId=GetAtt(source, "GroupId"),
            IpProtocol="tcp",
            FromPort=port,
            ToPort=port,
            Description=description,
        )
    )
