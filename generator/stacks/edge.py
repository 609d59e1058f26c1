"""Stack `edge`: the public way in: certificate, load balancer, firewall, host rules, DNS, target groups of both options.

Each public service has two target groups, one for Fargate tasks (`ip`) and one for EC2 hosts (`instance`), behind one rule
that weighs them. `FargateWeight` is the share of Fargate in percent; CloudFormation has no arithmetic, so the share of EC2 comes
from a mapping. A service without a public host has no rule: the default answer is 404, and ChromaDB is never reachable here.

Where ECS shifts traffic between two versions of a service, both groups are of Fargate tasks, and the weights are ECS's: what
stands here is how they begin. A second rule, for requests with the test header, leads to the version that is about to come.
"""

from typing import Any

from troposphere import FindInMap, GetAtt, Ref, Sub, Template, certificatemanager, route53, s3
from troposphere import elasticloadbalancingv2 as elbv2

from generator.buckets import private_bucket
from generator.model import Compute, Environment, Service, Shifting
from generator.naming import logical_id
from generator.policies.edge import load_balancer_logs
from generator.stacks.firewall import protect
from generator.wiring import SUBNETS, WEIGHT, begin, fact, publish, take

NAME = "edge"

# Percent of the requests that go to Fargate: whole, half, and small steps at both ends.
WEIGHTS = (0, 1, 5, 10, 25, 50, 75, 90, 95, 99, 100)

# TLS 1.3 and 1.2 with forward secrecy only (Elastic Load Balancing guide, "Security policies"; the recommended one).
TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"

# A request with this header and value goes to the version that is being tested. It is no secret: it hides nothing, it only keeps
# ordinary requests apart.
TEST_HEADER, TEST_VALUE = "X-Aldeia-Test", "true"

_GROUPS = {Compute.FARGATE: "on Fargate", Compute.EC2: "on EC2", "alternate": "on Fargate, for the other version"}


def build(environment: Environment, services: tuple[Service, ...]) -> Template:
    """The load balancer of `environment` and all that it needs to be found and trusted."""
    template = begin(
        environment.name, NAME, "certificate, load balancer, host rules, DNS, target groups of both options"
    )
    public = [service for service in services if service.public]
    zone = fact(
        template,
        "HostedZoneId",
        group="Domain",
        label="Hosted zone",
        Type="AWS::Route53::HostedZone::Id",
        Description=f"Route 53 hosted zone that holds {environment.domain}",
    )
    if any(Compute.EC2 in environment.target_groups(service) for service in public):
        _weight(template, environment)
    balancer = _load_balancer(template, environment)
    if environment.firewall is not None:
        protect(template, environment, environment.firewall, balancer)
    listener = _listeners(template, balancer, _certificate(template, environment, public, zone))
    for priority, service in enumerate(public, start=1):
        _service(template, environment, service, listener, priority)
    for host in sorted({environment.host_name(service) for service in public}):
        _dns(template, environment, host, balancer, zone)
    publish(template, "LoadBalancerArn", Ref(balancer), "The load balancer")
    publish(template, "LoadBalancerFullName", GetAtt(balancer, "LoadBalancerFullName"), "Its name in metrics")
    publish(template, "HttpsListenerArn", Ref(listener), "The listener that the host rules hang on")
    return template


def _weight(template: Template, environment: Environment) -> None:
    fact(
        template,
        WEIGHT,
        group="Traffic",
        label="Percent of requests that go to Fargate",
        AllowedValues=[str(weight) for weight in WEIGHTS],
        Default="100" if environment.compute is Compute.FARGATE else "0",
        Description="Share of Fargate in percent; EC2 gets the rest. 0 and 100 leave one option without requests",
    )
    template.add_mapping("Ec2Weight", {str(weight): {"Percent": 100 - weight} for weight in WEIGHTS})


def _certificate(
    template: Template, environment: Environment, public: list[Service], zone: Ref
) -> certificatemanager.Certificate:
    others = sorted({environment.host_name(service) for service in public} - {environment.domain})
    certificate: certificatemanager.Certificate = template.add_resource(
        certificatemanager.Certificate(
            "Certificate",
            DomainName=environment.domain,
            SubjectAlternativeNames=others,
            ValidationMethod="DNS",
            DomainValidationOptions=[
                certificatemanager.DomainValidationOption(DomainName=name, HostedZoneId=zone)
                for name in (environment.domain, *others)
            ],
        )
    )
    return certificate


def _load_balancer(template: Template, environment: Environment) -> elbv2.LoadBalancer:
    logs = private_bucket(template, "AccessLogsBucket", days=environment.log_retention_days, expire=True)
    policy = template.add_resource(
        s3.BucketPolicy(
            "AccessLogsBucketPolicy", Bucket=Ref(logs), PolicyDocument=load_balancer_logs("AccessLogsBucket")
        )
    )
    attributes = {
        "access_logs.s3.bucket": Ref(logs),
        "access_logs.s3.enabled": "true",
        "deletion_protection.enabled": "true" if environment.protected else "false",
        "idle_timeout.timeout_seconds": "60",
        "routing.http.desync_mitigation_mode": "defensive",
        "routing.http.drop_invalid_header_fields.enabled": "true",
        # Lets an operator take the traffic out of a zone; costs nothing while nobody does (ALB guide, "Zonal shift").
        "zonal_shift.config.enabled": "true",
    }
    balancer: elbv2.LoadBalancer = template.add_resource(
        elbv2.LoadBalancer(
            "LoadBalancer",
            Type="application",
            Scheme="internet-facing",
            IpAddressType="ipv4",
            Subnets=take(template, environment, "network", "PublicSubnetIds", SUBNETS),
            SecurityGroups=[
                take(template, environment, "network", "LoadBalancerSecurityGroupId", "AWS::EC2::SecurityGroup::Id")
            ],
            LoadBalancerAttributes=[
                elbv2.LoadBalancerAttributes(Key=key, Value=value) for key, value in attributes.items()
            ],
            DependsOn=policy,  # the balancer writes a test object when it is made
        )
    )
    return balancer


def _listeners(
    template: Template, balancer: elbv2.LoadBalancer, certificate: certificatemanager.Certificate
) -> elbv2.Listener:
    """Port 80 redirects; port 443 answers 404 to every host that no rule names."""
    template.add_resource(
        elbv2.Listener(
            "HttpListener",
            LoadBalancerArn=Ref(balancer),
            Port=80,
            Protocol="HTTP",
            DefaultActions=[
                elbv2.Action(
                    Type="redirect",
                    RedirectConfig=elbv2.RedirectConfig(Protocol="HTTPS", Port="443", StatusCode="HTTP_301"),
                )
            ],
        )
    )
    listener: elbv2.Listener = template.add_resource(
        elbv2.Listener(
            "HttpsListener",
            LoadBalancerArn=Ref(balancer),
            Port=443,
            Protocol="HTTPS",
            SslPolicy=TLS_POLICY,
            Certificates=[elbv2.Certificate(CertificateArn=Ref(certificate))],
            DefaultActions=[
                elbv2.Action(
                    Type="fixed-response",
                    FixedResponseConfig=elbv2.FixedResponseConfig(
                        StatusCode="404", ContentType="text/plain", MessageBody="No such host"
                    ),
                )
            ],
        )
    )
    return listener


def _service(
    template: Template, environment: Environment, service: Service, listener: elbv2.Listener, priority: int
) -> None:
    """Two target groups and the rule that weighs them; where ECS shifts traffic, the rule for testers too, and who they are."""
    words = environment.target_groups(service)
    groups = [_target_group(template, environment, service, word) for word in words]
    shifting = isinstance(environment.deployment(service), Shifting)
    # Which group is live changes with every deployment, and CloudFormation writes these weights only when it changes the rule.
    weights = [100, 0] if shifting else [Ref(WEIGHT), FindInMap("Ec2Weight", Ref(WEIGHT), "Percent")]
    host = elbv2.Condition(
        Field="host-header",
        HostHeaderConfig=elbv2.HostHeaderConfig(Values=[environment.host_name(service)]),
    )
    common: dict[str, Any] = {"ListenerArn": Ref(listener), "Actions": [_forward(groups, weights)]}
    if shifting:
        common["Metadata"] = {"Aldeia": {"WeightsBy": "Amazon ECS"}}  # a review stops whoever would write them over
    rule = template.add_resource(
        elbv2.ListenerRule(
            logical_id(service.name, "listener rule"), Priority=priority * 10, Conditions=[host], **common
        )
    )
    if not shifting:
        return
    header = elbv2.Condition(
        Field="http-header",
        HttpHeaderConfig=elbv2.HttpHeaderConfig(HttpHeaderName=TEST_HEADER, Values=[TEST_VALUE]),
    )
    test = template.add_resource(
        elbv2.ListenerRule(
            logical_id(service.name, "test listener rule"),
            Priority=priority * 10 - 5,  # asked before the other rule, which it is a special case of
            Conditions=[host, header],
            **common,
        )
    )
    publish(template, f"{rule.title}Arn", Ref(rule), f"Rule of {service.name}; ECS sets its weights")
    publish(template, f"{test.title}Arn", Ref(test), f"Rule of {service.name} for {TEST_HEADER}: {TEST_VALUE}")


def _forward(groups: list[elbv2.TargetGroup], weights: list[Any]) -> elbv2.ListenerRuleAction:
    shares = [
        elbv2.TargetGroupTuple(TargetGroupArn=Ref(group), Weight=weight)
        for group, weight in zip(groups, weights, strict=True)
    ]
    return elbv2.ListenerRuleAction(Type="forward", ForwardConfig=elbv2.ForwardConfig(TargetGroups=shares))


def _target_group(template: Template, environment: Environment, service: Service, word: str) -> elbv2.TargetGroup:
    name = logical_id(service.name, word, "target group")
    group: elbv2.TargetGroup = template.add_resource(
        elbv2.TargetGroup(
            name,
            TargetType="instance" if word == Compute.EC2 else "ip",
            Protocol="HTTP",
            Port=service.port,
            VpcId=take(template, environment, "network", "VpcId", "AWS::EC2::VPC::Id"),
            HealthCheckPath=service.health.path,
            HealthCheckIntervalSeconds=service.health.interval,
            HealthCheckTimeoutSeconds=service.health.timeout,
            HealthyThresholdCount=2,
            UnhealthyThresholdCount=service.health.retries,
            Matcher=elbv2.Matcher(HttpCode="200-299"),
            TargetGroupAttributes=[
                # Requests under way have half a minute to finish; the default of five slows every deployment.
                elbv2.TargetGroupAttribute(Key="deregistration_delay.timeout_seconds", Value="30"),
            ],
        )
    )
    what = f"{service.name} {_GROUPS[word]}"
    publish(template, f"{name}Arn", Ref(group), f"Target group of {what}")
    publish(template, f"{name}FullName", GetAtt(group, "TargetGroupFullName"), f"Name in metrics of {what}")
    return group


def _dns(template: Template, environment: Environment, host: str, balancer: elbv2.LoadBalancer, zone: Ref) -> None:
    label = host.removesuffix(environment.domain).removesuffix(".") or "site"
    template.add_resource(
        route53.RecordSetType(
            logical_id(label, "record"),
            HostedZoneId=zone,
            Name=host,
            Type="A",
            AliasTarget=route53.AliasTarget(
                DNSName=Sub(f"dualstack.${{{balancer.title}.DNSName}}"),
                HostedZoneId=GetAtt(balancer, "CanonicalHostedZoneID"),
                EvaluateTargetHealth=True,
            ),
        )
    )
