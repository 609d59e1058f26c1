"""Stack `registry`: where images and templates are kept, once for all environments.

One ECR repository for each that a service is pulled from, and the artifacts bucket. Nothing here is deleted with the stack.
"""

from troposphere import Output, Ref, Sub, Template, ecr, s3

from generator.buckets import private_bucket
from generator.model import PROJECT, Environment, PublicImage, Service
from generator.naming import SHARED, logical_id
from generator.policies.data import only_with_tls
from generator.policies.registry import lifecycle
from generator.wiring import begin, publish

NAME = "registry"

# Old versions of a template stay as long as a change set that was made from one could still be of interest.
ARTIFACT_DAYS = 90


def build(environments: tuple[Environment, ...], services: tuple[Service, ...]) -> Template:
    """The registry, the same for every environment: an image is built once and promoted, never built again."""
    template = begin(SHARED, NAME, "container images and deployment artifacts")
    for repository in repositories(services):
        template.add_resource(
            ecr.Repository(
                logical_id(repository.removeprefix(f"{PROJECT}/"), "repository"),
                RepositoryName=repository,
                ImageScanningConfiguration=ecr.ImageScanningConfiguration(ScanOnPush=True),
                EncryptionConfiguration=ecr.EncryptionConfiguration(EncryptionType="AES256"),
                # A tag that could move would make a reviewed change set run something else than what was reviewed.
                ImageTagMutability="IMMUTABLE",
                LifecyclePolicy=ecr.LifecyclePolicy(LifecyclePolicyText=lifecycle()),
                DeletionPolicy="Retain",
                UpdateReplacePolicy="Retain",
            )
        )
    _artifacts_bucket(template)
    for service in services:
        _mirror_command(template, service)
    return template


def repositories(services: tuple[Service, ...]) -> tuple[str, ...]:
    """Names of the repositories that services are pulled from, each once, sorted: `aldeia/backend` ..."""
    return tuple(sorted({service.repository for service in services if service.repository}))


def _artifacts_bucket(template: Template) -> None:
    # Document, EC2 IAM Role: aldeia-app-artifacts; bucket names are unique in the world, so the account's number follows.
    bucket = private_bucket(
        template,
        "ArtifactsBucket",
        days=ARTIFACT_DAYS,
        BucketName=Sub(f"{PROJECT}-app-artifacts-${{AWS::AccountId}}"),
    )
    template.add_resource(
        s3.BucketPolicy("ArtifactsBucketPolicy", Bucket=Ref(bucket), PolicyDocument=only_with_tls("ArtifactsBucket"))
    )
    publish(
        template, "ArtifactsBucketName", Ref(bucket), "Bucket of templates too large for a request, and of releases"
    )


def _mirror_command(template: Template, service: Service) -> None:
    """An output that says how a pinned public image gets into its repository here.

    A pull-through cache rule would do it unasked, but for Docker Hub it needs somebody's Docker Hub token in Secrets Manager,
    and it names the repository itself, not as documented. A pinned version is copied once; buildx copies the whole index,
    every architecture, so the digest stays the publisher's.
    """
    image = service.image
    if not isinstance(image, PublicImage) or not image.mirror:
        return
    host = "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}"
    template.add_output(
        Output(
            logical_id(service.name, "mirror command"),
            Description=f"Run once, logged in to ECR, before the first deployment of {service.name} {image.version}",
            Value=Sub(
                f"docker buildx imagetools create --tag {host}/{image.mirror}:{image.version} {image.name}:{image.version}"
            ),
        )
    )
