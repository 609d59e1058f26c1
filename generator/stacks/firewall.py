"""The firewall before the load balancer. Part of stack `edge`.

In: a template with the load balancer in it. Out: the same with a web ACL, its association and its log.
"""

from typing import Any

from troposphere import GetAtt, Ref, Sub, Template, logs, wafv2
from troposphere import elasticloadbalancingv2 as elbv2

from generator.model import Environment, Firewall
from generator.naming import alarm_name, firewall_log_group
from generator.wiring import with_key

# WAF developer guide, "AWS Managed Rules rule groups list": free of charge beyond their place in the web ACL. In the order they
# are asked: an address of ill repute, then a request that is an attack for certain, then one that looks like one. With the limit
# they take 927 of the 1,500 capacity units that the web ACL's price includes.
REPUTATION, BAD_INPUTS, COMMON = (
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesCommonRuleSet",
)

# Seconds over which the requests of one address are added up.
WINDOW = 300


def protect(template: Template, environment: Environment, firewall: Firewall, balancer: elbv2.LoadBalancer) -> None:
    """Put the firewall before `balancer`, and keep a log of what it stops."""
    acl = template.add_resource(
        wafv2.WebACL(
            "WebAcl",
            # Named, since CloudFormation's own name would not show the environment, by which roles are told apart.
            Name=alarm_name(environment, "firewall"),
            Description=f"What does not reach the load balancer of {environment.name}",
            Scope="REGIONAL",
            DefaultAction=wafv2.DefaultAction(Allow=wafv2.AllowAction()),
            Rules=[
                _limit(firewall),
                *(
                    _managed(priority, group, firewall.counted if group == COMMON else ())
                    for priority, group in enumerate((REPUTATION, BAD_INPUTS, COMMON), start=1)
                ),
            ],
            VisibilityConfig=_metrics("firewall"),
        )
    )
    template.add_resource(
        wafv2.WebACLAssociation("WebAclAssociation", ResourceArn=Ref(balancer), WebACLArn=GetAtt(acl, "Arn"))
    )
    _log(template, environment, acl)


def _limit(firewall: Firewall) -> wafv2.WebACLRule:
    """Asked first, so that a flood is cut off before anything looks into it."""
    return wafv2.WebACLRule(
        Name="requests-per-address",
        Priority=0,
        Action=wafv2.RuleAction(Block=wafv2.BlockAction()),
        Statement=wafv2.Statement(
            RateBasedStatement=wafv2.RateBasedStatement(
                AggregateKeyType="IP", EvaluationWindowSec=WINDOW, Limit=firewall.requests_per_address
            )
        ),
        VisibilityConfig=_metrics("requests-per-address"),
    )


def _managed(priority: int, group: str, counted: tuple[str, ...]) -> wafv2.WebACLRule:
    count = wafv2.RuleAction(Count=wafv2.CountAction())
    overrides = [wafv2.RuleActionOverride(Name=name, ActionToUse=count) for name in counted]
    optional: dict[str, Any] = {"RuleActionOverrides": overrides} if overrides else {}
    as_it_says: dict[str, Any] = {"None": {}}
    return wafv2.WebACLRule(
        Name=group,
        Priority=priority,
        OverrideAction=wafv2.OverrideAction(**as_it_says),
        Statement=wafv2.Statement(
            ManagedRuleGroupStatement=wafv2.ManagedRuleGroupStatement(VendorName="AWS", Name=group, **optional)
        ),
        VisibilityConfig=_metrics(group),
    )


def _metrics(name: str) -> wafv2.VisibilityConfig:
    return wafv2.VisibilityConfig(CloudWatchMetricsEnabled=True, MetricName=name, SampledRequestsEnabled=True)


def _log(template: Template, environment: Environment, acl: wafv2.WebACL) -> None:
    """What was blocked or counted, without the two headers that let whoever reads them in."""
    group = template.add_resource(
        logs.LogGroup(
            "FirewallLogGroup",
            LogGroupName=firewall_log_group(environment),
            RetentionInDays=environment.log_retention_days,
            DeletionPolicy="Retain",
            UpdateReplacePolicy="Retain",
            **with_key(template, environment),
        )
    )
    template.add_resource(
        wafv2.LoggingConfiguration(
            "FirewallLog",
            ResourceArn=GetAtt(acl, "Arn"),
            # WAF wants the group without the `:*` that GetAtt gives.
            LogDestinationConfigs=[
                Sub(f"arn:${{AWS::Partition}}:logs:${{AWS::Region}}:${{AWS::AccountId}}:log-group:${{{group.title}}}")
            ],
            RedactedFields=[
                wafv2.LoggingConfigurationFieldToMatch(SingleHeader=wafv2.SingleHeader(Name=name))
                for name in ("authorization", "cookie")
            ],
            LoggingFilter=wafv2.LoggingFilter(
                DefaultBehavior="DROP",
                Filters=[
                    wafv2.Filter(
                        Behavior="KEEP",
                        Requirement="MEETS_ANY",
                        Conditions=[
                            wafv2.Condition(ActionCondition=wafv2.ActionCondition(Action=action))
                            for action in ("BLOCK", "COUNT")
                        ],
                    )
                ],
            ),
        )
    )
