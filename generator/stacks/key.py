"""The environment's own key. Part of stack `network`: the first one, since every later stack encrypts with it.

In: a template. Out: the same with the key, its alias, and its ARN published. Who encrypts what with it is each stack's own.
"""

from troposphere import GetAtt, Ref, Template, kms

from generator.model import Environment
from generator.naming import key_alias
from generator.policies.key import key_policy
from generator.wiring import KEY_ARN, publish


def customer_managed_key(template: Template, environment: Environment) -> None:
    """A symmetric key that KMS rotates each year. It stays when the stack goes: what it encrypted would be lost with it."""
    key = template.add_resource(
        kms.Key(
            "Key",
            Description=f"Everything that {environment.name} stores",
            EnableKeyRotation=True,
            KeyPolicy=key_policy(environment),
            PendingWindowInDays=30,
            DeletionPolicy="Retain",
            UpdateReplacePolicy="Retain",
        )
    )
    template.add_resource(kms.Alias("KeyAlias", AliasName=key_alias(environment), TargetKeyId=Ref(key)))
    publish(template, KEY_ARN, GetAtt(key, "Arn"), "Key that everything stored is encrypted with")
