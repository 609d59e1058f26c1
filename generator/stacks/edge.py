"""Stack `edge`: the public way in: certificate, load balancer, firewall, host rules, DNS, target groups of both options.

Each public service has two target groups, one for Fargate tasks (`ip`) and one for EC2 hosts (`instance`), behind one rule
that weighs them. `FargateWeight` is the share of Fargate in percent; CloudFormation has no arithmetic, so the share of EC2 comes
from a mapping. A service without a public host has no rule: the default answer is 404, and ChromaDB is never reachable here.
"""

from troposphere import FindInMap, GetAtt, Ref, Sub, Template, certificatemanager, route53, s3
from troposphere import elasticloadbalancingv2 as elbv2

from generator.buckets import private_bucket
from generator.model import Compute, Environment, Service
from generator.naming import logical_id
from generator.policies.edge import load_balancer_logs
from generator.stacks.firewall import protect
from generator.wiring import SUBNETS, WEIGHT, begin, fact, publish, take

NAME = "edge"

# Percent of the requests that go to Fargate: whole, half, and small steps at both ends.
WEIGHTS = (0, 1, 5, 10, 25, 50, 75, 90, 95, 99, 100)

# TLS 1.3 and 1.2 with forward secrecy only (Elastic Load Balancing guide, "Security policies"; the recommended one).
TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"


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
    if public:
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
    """Two target groups and the rule that weighs them."""
    fargate = _target_group(template, environment, service, Compute.FARGATE)
    ec2 = _target_group(template, environment, service, Compute.EC2)
    weights = {fargate: Ref(WEIGHT), ec2: FindInMap("Ec2Weight", Ref(WEIGHT), "Percent")}
    template.add_resource(
        elbv2.ListenerRule(
            logical_id(service.name, "listener rule"),
            ListenerArn=Ref(listener),
            Priority=priority * 10,
            Conditions=[
                elbv2.Condition(
                    Field="host-header",
                    HostHeaderConfig=elbv2.HostHeaderConfig(Values=[environment.host_name(service)]),
                )
            ],
            Actions=[
                elbv2.ListenerRuleAction(
                    Type="forward",
                    ForwardConfig=elbv2.ForwardConfig(
                        TargetGroups=[
                            elbv2.TargetGroupTuple(TargetGroupArn=Ref(group), Weight=weight)
                            for group, weight in weights.items()
                        ]
                    ),
                )
            ],
        )
    )


def _target_group(
    template: Template, environment: Environment, service: Service, compute: Compute
) -> elbv2.TargetGroup:
    name = logical_id(service.name, compute, "target group")
    group: elbv2.TargetGroup = template.add_resource(
        elbv2.TargetGroup(
            name,
            TargetType="ip" if compute is Compute.FARGATE else "instance",
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
    what = f"{service.name} on {'Fargate' if compute is Compute.FARGATE else 'EC2'}"
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
