"""Edge of one environment: load balancer, listeners, target groups, names, certificate, firewall."""

from aws_cdk import Duration, Stack
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as targets
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_wafv2 as waf
from parts import bucket, log_group, publish, served


class EdgeStack(Stack):
    def __init__(self, scope, name, *, system, settings, network, **properties):
        super().__init__(scope, name, **properties)
        domain, weight = settings["domain"], settings["fargateWeight"]
        zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id=system["hostedZoneId"], zone_name="aldeia.com"
        )
        names = {name: f"{each['host']}.{domain}" if each["host"] else domain for name, each in served(system).items()}
        self.balancer = self._balancer(settings, network)
        self.listener = self._listener(domain, zone, [each for each in names.values() if each != domain])
        self.target_groups = {}
        for index, (service_name, service) in enumerate(served(system).items(), start=1):
            fargate = self._target_group(network, service, f"{service_name}-fargate", elb.TargetType.IP)
            hosts = self._target_group(network, service, f"{service_name}-ec2", elb.TargetType.INSTANCE)
            self.target_groups[service_name] = {"fargate": fargate, "ec2": hosts}
            self.listener.add_action(
                f"{service_name}-rule",
                priority=10 * index,
                conditions=[elb.ListenerCondition.host_headers([names[service_name]])],
                action=elb.ListenerAction.weighted_forward(
                    [
                        elb.WeightedTargetGroup(target_group=fargate, weight=weight),
                        elb.WeightedTargetGroup(target_group=hosts, weight=100 - weight),
                    ]
                ),
            )
            route53.ARecord(
                self,
                f"{service_name}-record",
                zone=zone,
                record_name=names[service_name],
                target=route53.RecordTarget.from_alias(targets.LoadBalancerTarget(self.balancer)),
            )
        if settings["protected"]:
            self._firewall(settings, network.key)
        publish(self, f"{settings['name']}/edge", self._values())

    def _balancer(self, settings, network):
        balancer = elb.ApplicationLoadBalancer(
            self,
            "LoadBalancer",
            vpc=network.vpc,
            internet_facing=True,
            security_group=network.groups["LoadBalancer"],
            deletion_protection=settings["protected"],
            drop_invalid_header_fields=True,
            desync_mitigation_mode=elb.DesyncMitigationMode.DEFENSIVE,
        )
        balancer.log_access_logs(bucket(self, "AccessLogsBucket", encryption=s3.BucketEncryption.S3_MANAGED))
        balancer.add_redirect()
        return balancer

    def _listener(self, domain, zone, other_names):
        certificate = acm.Certificate(
            self,
            "Certificate",
            domain_name=domain,
            subject_alternative_names=other_names,
            validation=acm.CertificateValidation.from_dns(zone),
        )
        return self.balancer.add_listener(
            "Https",
            port=443,
            ssl_policy=elb.SslPolicy.RECOMMENDED_TLS,
            certificates=[certificate],
            default_action=elb.ListenerAction.fixed_response(
                404, content_type="text/plain", message_body="No such host"
            ),
        )

    def _target_group(self, network, service, name, target_type):
        return elb.ApplicationTargetGroup(
            self,
            name,
            vpc=network.vpc,
            port=service["port"],
            protocol=elb.ApplicationProtocol.HTTP,
            target_type=target_type,
            deregistration_delay=Duration.seconds(30),
            health_check=elb.HealthCheck(
                path=service["path"],
                interval=Duration.seconds(30),
                timeout=Duration.seconds(5),
                healthy_threshold_count=2,
                unhealthy_threshold_count=3,
                healthy_http_codes="200-299",
            ),
        )

    def _firewall(self, settings, key):
        def visibility(name):
            return waf.CfnWebACL.VisibilityConfigProperty(
                cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=True
            )

        def rule(name, priority, **properties):
            return waf.CfnWebACL.RuleProperty(
                name=name, priority=priority, visibility_config=visibility(name), **properties
            )

        rate = waf.CfnWebACL.RateBasedStatementProperty(aggregate_key_type="IP", evaluation_window_sec=300, limit=2000)
        rules = [
            rule(
                "requests-per-address",
                0,
                action=waf.CfnWebACL.RuleActionProperty(block={}),
                statement=waf.CfnWebACL.StatementProperty(rate_based_statement=rate),
            )
        ]
        for priority, each in enumerate(("AmazonIpReputationList", "KnownBadInputsRuleSet", "CommonRuleSet"), 1):
            name = f"AWSManagedRules{each}"
            managed = waf.CfnWebACL.ManagedRuleGroupStatementProperty(name=name, vendor_name="AWS")
            rules.append(
                rule(
                    name,
                    priority,
                    override_action=waf.CfnWebACL.OverrideActionProperty(none={}),
                    statement=waf.CfnWebACL.StatementProperty(managed_rule_group_statement=managed),
                )
            )
        acl = waf.CfnWebACL(
            self,
            "WebAcl",
            name=f"aldeia-{settings['short']}-firewall",
            scope="REGIONAL",
            default_action=waf.CfnWebACL.DefaultActionProperty(allow={}),
            visibility_config=visibility("firewall"),
            rules=rules,
        )
        waf.CfnWebACLAssociation(
            self, "WebAclAssociation", resource_arn=self.balancer.load_balancer_arn, web_acl_arn=acl.attr_arn
        )
        group = log_group(self, "FirewallLogGroup", settings, key, f"aws-waf-logs-aldeia-{settings['short']}")
        waf.CfnLoggingConfiguration(
            self,
            "FirewallLog",
            resource_arn=acl.attr_arn,
            log_destination_configs=[f"arn:aws:logs:{self.region}:{self.account}:log-group:{group.log_group_name}"],
            redacted_fields=[
                waf.CfnLoggingConfiguration.FieldToMatchProperty(single_header={"Name": header})
                for header in ("authorization", "cookie")
            ],
        )

    def _values(self):
        values = {
            "HttpsListenerArn": self.listener.listener_arn,
            "LoadBalancerArn": self.balancer.load_balancer_arn,
            "LoadBalancerFullName": self.balancer.load_balancer_full_name,
        }
        for name, groups in self.target_groups.items():
            for option, group in groups.items():
                values[f"{name}-{option}-TargetGroupArn"] = group.target_group_arn
                values[f"{name}-{option}-TargetGroupFullName"] = group.target_group_full_name
        return values
