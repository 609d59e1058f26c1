"""Permissions of the CloudFormation execution roles on what protects an environment: its key, its firewall, its quiet nights.

Out: a document, the same for every environment, as those of `execution.py`. A key has a random id, so it is known by its tags. No
role of the pipeline may disable a key or have it deleted: the key outlives its stack, and people decide about it.
"""

from awacs import aws, cloudwatch, kms, logs, wafv2
from troposphere import Region, Sub

from generator.model import PROJECT
from generator.policies.common import allow, arn, document
from generator.policies.scope import OWN, OWN_SHORT, OWN_TAG


def protection() -> aws.PolicyDocument:
    """Make and tend the environment's key, encrypt with it, make its firewall, and let its alarms be quiet at night."""
    return document(*_key(), *_firewall(), _nights())


def _key() -> tuple[aws.Statement, ...]:
    keys, alias = arn("kms", "key/*"), arn("kms", f"alias/{PROJECT}-{OWN}")
    aliases: list[aws.Action] = [kms.CreateAlias, kms.DeleteAlias, kms.UpdateAlias]
    return (
        # A new key has no id yet; it is born with these tags (KMS guide, "Controlling access to tags").
        allow("MakeKey", [kms.CreateKey, kms.TagResource], ["*"], _tagged("Request")),
        allow(
            "TendKey",
            [
                *aliases,
                kms.DescribeKey,
                kms.DisableKeyRotation,
                kms.EnableKeyRotation,
                kms.GetKeyPolicy,
                kms.GetKeyRotationStatus,
                kms.ListResourceTags,
                kms.PutKeyPolicy,
                kms.UntagResource,
                kms.UpdateKeyDescription,
            ],
            [keys],
            _tagged("Resource"),
        ),
        allow("NameKey", aliases, [alias]),  # an alias has no tags, and asks for the permission on both
        allow("FindKeyAliases", [kms.ListAliases], ["*"]),  # takes no resource
        # EFS guide, "How Amazon EFS uses KMS"; Secrets Manager guide, "Secret encryption and decryption".
        allow(
            "EncryptWithKey",
            [kms.CreateGrant, kms.Decrypt, kms.GenerateDataKey, kms.GenerateDataKeyWithoutPlaintext],
            [keys],
            aws.StringEquals(
                {
                    **_TAGS["Resource"],
                    "kms:ViaService": [
                        Sub(f"{service}.${{AWS::Region}}.${{AWS::URLSuffix}}")
                        for service in ("elasticfilesystem", "secretsmanager")
                    ],
                }
            ),
        ),
    )


_TAGS = {
    where: {f"aws:{where}Tag/Project": PROJECT, f"aws:{where}Tag/Environment": OWN_TAG}
    for where in ("Request", "Resource")
}


def _tagged(where: str) -> aws.StringEquals:
    return aws.StringEquals(_TAGS[where])


def _firewall() -> tuple[aws.Statement, ...]:
    """Service authorization reference, AWS WAF V2: a web ACL's actions also ask for the rule groups and the balancer it is for."""
    return (
        allow(
            "Firewall",
            [
                wafv2.AssociateWebACL,
                wafv2.CreateWebACL,
                wafv2.DeleteLoggingConfiguration,
                wafv2.DeleteWebACL,
                wafv2.DisassociateWebACL,
                wafv2.GetLoggingConfiguration,
                wafv2.GetWebACL,
                wafv2.GetWebACLForResource,
                wafv2.ListTagsForResource,
                wafv2.PutLoggingConfiguration,
                wafv2.TagResource,
                wafv2.UntagResource,
                wafv2.UpdateWebACL,
            ],
            [
                arn("wafv2", f"regional/webacl/{PROJECT}-{OWN_SHORT}-*/*"),
                arn("wafv2", "regional/managedruleset/*/*"),
                arn("elasticloadbalancing", "loadbalancer/app/*/*"),
            ],
        ),
        # WAF lets its log into the group in the caller's name (CloudWatch Logs guide, "Logs sent to CloudWatch Logs").
        allow(
            "FirewallLog",
            [logs.CreateLogDelivery, logs.DeleteLogDelivery, logs.DescribeResourcePolicies, logs.PutResourcePolicy],
            ["*"],
            aws.StringEquals({"aws:RequestedRegion": Region}),
        ),
    )


def _nights() -> aws.Statement:
    """CloudWatch API reference, PutAlarmMuteRule: asks for the rule and for each alarm that it mutes."""
    return allow(
        "MuteAlarms",
        [cloudwatch.DeleteAlarmMuteRule, cloudwatch.GetAlarmMuteRule, cloudwatch.PutAlarmMuteRule, *_TAG_MUTE_RULE],
        [arn("cloudwatch", f"{kind}:{PROJECT}-{OWN_SHORT}-*") for kind in ("alarm-mute-rule", "alarm")],
    )


_TAG_MUTE_RULE: list[aws.Action] = [cloudwatch.ListTagsForResource, cloudwatch.TagResource, cloudwatch.UntagResource]
