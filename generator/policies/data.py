"""Permissions around the environment's data: who may mount the file system, and how the buckets may be reached."""

from awacs import aws, elasticfilesystem, s3
from troposphere import GetAtt, Sub

from generator.policies.common import document


def only_with_tls_and_access_point() -> aws.PolicyDocument:
    """File system policy: IAM mounts through an access point and TLS; root access and plain NFS are refused.

    EFS user guide, "Using IAM to control file system data access". Any policy replaces the open default, so a client needs an
    Allow too, and those are given to the roles, each for its own access point; nobody is given root access.
    """
    everybody = aws.Principal("*")
    mount = [elasticfilesystem.ClientMount, elasticfilesystem.ClientWrite, elasticfilesystem.ClientRootAccess]
    return document(
        aws.Statement(
            Sid="DenyPlainNfs",
            Effect=aws.Deny,
            Principal=everybody,
            Action=mount,
            Resource=["*"],  # a resource policy: the file system it hangs on
            Condition=aws.Condition([aws.Bool({"aws:SecureTransport": "false"})]),
        ),
        aws.Statement(
            Sid="DenyOutsideAccessPoints",
            Effect=aws.Deny,
            Principal=everybody,
            Action=mount,
            Resource=["*"],
            Condition=aws.Condition([aws.Null({"elasticfilesystem:AccessPointArn": "true"})]),
        ),
    )


def only_with_tls(bucket: str) -> aws.PolicyDocument:
    """Policy of the bucket with this logical id: nothing without TLS (S3 user guide, "Security best practices")."""
    return document(deny_plain_http(bucket))


def deny_plain_http(bucket: str) -> aws.Statement:
    """Take every action on the bucket, and on its objects, away from whoever comes without TLS."""
    return aws.Statement(
        Sid="DenyPlainHttp",
        Effect=aws.Deny,
        Principal=aws.Principal("*"),
        Action=[s3.Action("*")],  # every action: the statement takes away, it grants nothing
        Resource=[GetAtt(bucket, "Arn"), Sub(f"${{{bucket}.Arn}}/*")],
        Condition=aws.Condition([aws.Bool({"aws:SecureTransport": "false"})]),
    )
