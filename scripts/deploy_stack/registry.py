"""Images in ECR: which one a tag names, what the scan found in it, and giving it another tag.

In: an `Aws` session, a repository, a tag or digest. Out: `Image`s and `Scan`s. Refuses to know: who runs them, and what is bad
enough to stop a release.

A tag that buildx pushed with attestations names an index, and ECR scans none: it scans the images that the index lists
(ECR guide, "Scan images for software vulnerabilities"; moby/buildkit#3499). So a scan is asked of those.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from deploy_stack.aws import Aws, as_deploy_error, error_code
from deploy_stack.exits import DeployError

# ECR API reference, FindingSeverity (basic) and Amazon Inspector's severities, the worst first.
SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL", "UNTRIAGED", "UNDEFINED")

_INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
# Docker docs, "Image attestation storage": how buildx marks what is no image.
_ATTESTATION = ("vnd.docker.reference.type", "attestation-manifest")

# ECR API reference, ImageScanStatus. With enhanced scanning a scan stays ACTIVE: it goes on for as long as the image is kept.
_UNDER_WAY = frozenset({"IN_PROGRESS", "PENDING"})
_DONE = frozenset({"COMPLETE", "ACTIVE", "SCAN_ELIGIBILITY_EXPIRED"})


@dataclass(frozen=True)
class Image:
    """An image as a tag names it; `images` are the digests that are scanned: its own, or those of an index."""

    repository: str
    tag: str
    digest: str
    images: tuple[str, ...]
    manifest: str
    media_type: str


@dataclass(frozen=True)
class Vulnerability:
    """One thing that a scan found; `fixed_in` is "" where nobody says."""

    name: str
    severity: str
    package: str = ""
    version: str = ""
    fixed_in: str = ""


@dataclass(frozen=True)
class Scan:
    """What the scan of an image came to. `missing` says why nothing is known; it is "" for a scan that was done."""

    found: tuple[Vulnerability, ...] = ()
    missing: str = ""

    def counts(self) -> dict[str, int]:
        """How many were found of each severity, the worst first."""
        have = [each.severity for each in self.found]
        return {severity: have.count(severity) for severity in SEVERITIES if severity in have}


def find(aws: Aws, repository: str, tag: str) -> Image | None:
    """Return the image of this tag or digest, or None when there is none. Raises DeployError."""
    which = {"imageDigest": tag} if tag.startswith("sha256:") else {"imageTag": tag}
    try:
        answer = aws.client("ecr").batch_get_image(
            repositoryName=repository, imageIds=[which], acceptedMediaTypes=[*_INDEXES, *_MANIFESTS]
        )
    except Exception as error:
        if error_code(error) == "RepositoryNotFoundException":
            raise DeployError(
                f"the repository {repository} does not exist", next_step="deploy-stack deploy shared registry"
            ) from error
        raise as_deploy_error(error, f"looking for {repository}:{tag}") from error
    if not answer["images"]:
        return None
    row = answer["images"][0]
    manifest = json.loads(row["imageManifest"])
    media_type = row.get("imageManifestMediaType") or manifest.get("mediaType") or _MANIFESTS[0]
    digest = row["imageId"]["imageDigest"]
    return Image(
        repository=repository,
        tag=tag,
        digest=digest,
        images=tuple(_listed(manifest)) if "manifests" in manifest else (digest,),
        manifest=row["imageManifest"],
        media_type=media_type,
    )


def _listed(index: dict[str, Any]) -> Iterator[str]:
    key, value = _ATTESTATION
    for each in index["manifests"]:
        if each.get("annotations", {}).get(key) != value:
            yield each["digest"]


def look(aws: Aws, image: Image) -> Scan | None:
    """Return what was found in an image, or None while it is being scanned or waits for it. Raises DeployError."""
    scans = [_look(aws, image.repository, digest) for digest in image.images]
    if None in scans:
        return None
    done = [each for each in scans if each is not None]
    found = {vulnerability: None for each in done for vulnerability in each.found}
    missing = next((each.missing for each in done if each.missing), "")
    worst_first = sorted(found, key=lambda each: (SEVERITIES.index(each.severity), each.name, each.package))
    return Scan(tuple(worst_first), missing)


def _look(aws: Aws, repository: str, digest: str) -> Scan | None:
    found: list[Vulnerability] = []
    request = {"repositoryName": repository, "imageId": {"imageDigest": digest}, "maxResults": 1000}
    while True:
        try:
            page = aws.client("ecr").describe_image_scan_findings(**request)
        except Exception as error:
            if error_code(error) == "ScanNotFoundException":
                return None
            raise as_deploy_error(error, f"asking for the scan of {repository}@{digest}") from error
        status = page.get("imageScanStatus", {})
        if status.get("status") in _UNDER_WAY:
            return None
        if status.get("status") not in _DONE:
            return Scan(missing=f"{status.get('status', 'no status')}: {status.get('description', '')}".rstrip(": "))
        rows = page.get("imageScanFindings", {})
        if status["status"] == "ACTIVE" and "enhancedFindings" not in rows:
            return Scan(missing="the findings of Amazon Inspector are not shown: is inspector2:ListFindings allowed?")
        found += [_basic(row) for row in rows.get("findings", ())]
        found += [each for row in rows.get("enhancedFindings", ()) for each in _enhanced(row)]
        if not page.get("nextToken"):
            return Scan(tuple(found))
        request["nextToken"] = page["nextToken"]


def _basic(row: dict[str, Any]) -> Vulnerability:
    more = {each["key"]: each.get("value", "") for each in row.get("attributes", ())}
    return Vulnerability(
        name=row["name"],
        severity=_severity(row),
        package=more.get("package_name", ""),
        version=more.get("package_version", ""),
        fixed_in=more.get("fixed_in_version", ""),
    )


def _enhanced(row: dict[str, Any]) -> Iterator[Vulnerability]:
    details = row.get("packageVulnerabilityDetails", {})
    name = details.get("vulnerabilityId") or row.get("title", "unnamed")
    for package in details.get("vulnerablePackages") or [{}]:
        yield Vulnerability(
            name=name,
            severity=_severity(row),
            package=package.get("name", ""),
            version=package.get("version", ""),
            fixed_in=package.get("fixedInVersion", ""),
        )


def _severity(row: dict[str, Any]) -> str:
    """A severity that AWS adds one day counts as one that nobody has weighed."""
    severity = str(row.get("severity", "UNDEFINED"))
    return severity if severity in SEVERITIES else "UNDEFINED"


def give_tag(aws: Aws, image: Image, tag: str) -> bool:
    """Give the image another tag; False when it had it already. Raises DeployError when the tag is another image's."""
    there = find(aws, image.repository, tag)
    if there:
        if there.digest != image.digest:
            raise DeployError(f"{image.repository}:{tag} is another image already, and tags do not move")
        return False
    try:
        aws.client("ecr").put_image(
            repositoryName=image.repository,
            imageManifest=image.manifest,
            imageManifestMediaType=image.media_type,
            imageTag=tag,
        )
    except Exception as error:
        raise as_deploy_error(error, f"tagging {image.repository}:{image.tag} as {tag}") from error
    return True
