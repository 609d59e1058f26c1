"""Buckets as this platform makes them: encrypted, versioned, closed to the public, retained.

In: a template and a name. Out: the bucket in it. Policies are the stacks' own.
"""

from typing import Any

from troposphere import AWSHelperFn, Sub, Template, s3

from generator.model import PROJECT, Environment


def backups_bucket(environment: Environment) -> AWSHelperFn:
    """`aldeia-prod-backups-<account>` (document, ECS Task IAM Role: aldeia-prod-backups; names are unique in the world)."""
    return Sub(f"{PROJECT}-{environment.short}-backups-${{AWS::AccountId}}")


def private_bucket(
    template: Template, name: str, *, days: int, expire: bool = False, key: Any = None, **properties: Any
) -> s3.Bucket:
    """A bucket whose old versions go after `days`; with `expire` the objects themselves go after as many days.

    Objects are encrypted with `key`, a key's ARN, or with S3's own. Access logs of a load balancer can only have S3's own (Elastic
    Load Balancing guide, "Access logs": server-side encryption with Amazon S3 managed keys).
    """
    encryption: dict[str, Any] = {
        "ServerSideEncryptionByDefault": s3.ServerSideEncryptionByDefault(SSEAlgorithm="AES256")
    }
    if key is not None:
        encryption = {
            "ServerSideEncryptionByDefault": s3.ServerSideEncryptionByDefault(
                SSEAlgorithm="aws:kms", KMSMasterKeyID=key
            ),
            "BucketKeyEnabled": True,  # one request to KMS for many objects
        }
    own: dict[str, Any] = {"ExpirationInDays": days} if expire else {}
    bucket: s3.Bucket = template.add_resource(
        s3.Bucket(
            name,
            BucketEncryption=s3.BucketEncryption(
                ServerSideEncryptionConfiguration=[s3.ServerSideEncryptionRule(**encryption)]
            ),
            OwnershipControls=s3.OwnershipControls(
                Rules=[s3.OwnershipControlsRule(ObjectOwnership="BucketOwnerEnforced")]
            ),
            PublicAccessBlockConfiguration=s3.PublicAccessBlockConfiguration(
                BlockPublicAcls=True, BlockPublicPolicy=True, IgnorePublicAcls=True, RestrictPublicBuckets=True
            ),
            VersioningConfiguration=s3.VersioningConfiguration(Status="Enabled"),
            LifecycleConfiguration=s3.LifecycleConfiguration(
                Rules=[
                    s3.LifecycleRule(
                        Id="expire",
                        Status="Enabled",
                        NoncurrentVersionExpiration=s3.NoncurrentVersionExpiration(NoncurrentDays=days),
                        AbortIncompleteMultipartUpload=s3.AbortIncompleteMultipartUpload(DaysAfterInitiation=7),
                        **own,
                    )
                ]
            ),
            DeletionPolicy="Retain",
            UpdateReplacePolicy="Retain",
            **properties,
        )
    )
    return bucket
