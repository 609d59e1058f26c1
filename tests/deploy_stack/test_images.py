"""`deploy-stack images`: which images, what ECR's scans found, waiting, stopping, tagging; and plans whose image is gone.

ECR is moto's, fed with images as buildx pushes them: an index of the image and its attestation, of which only the image is scanned.
"""

import hashlib
import http.client
import json
import threading
import time

import pytest

OCI = "application/vnd.oci.image"
REPOSITORY = "aldeia/backend"


def _put(ecr, manifest, tag=None):
    text = json.dumps(manifest)
    digest = "sha256:" + hashlib.sha256(text.encode()).hexdigest()
    ecr.put_image(
        repositoryName=REPOSITORY,
        imageManifest=text,
        imageManifestMediaType=manifest["mediaType"],
        imageDigest=digest,
        **({"imageTag": tag} if tag else {}),
    )
    return digest


@pytest.fixture
def push(images, client):
    """Push an image as buildx does with attestations; the digest of the image in its index."""
    ecr = client("ecr")

    def pushed(tag):
        def layer(name):
            config = {"mediaType": f"{OCI}.config.v1+json", "digest": "sha256:" + "a" * 64, "size": 1}
            digest = "sha256:" + hashlib.sha256(f"{tag} {name}".encode()).hexdigest()
            layers = [{"mediaType": f"{OCI}.layer.v1.tar+gzip", "digest": digest, "size": 1}]
            return {"schemaVersion": 2, "mediaType": f"{OCI}.manifest.v1+json", "config": config, "layers": layers}

        image, attestation = _put(ecr, layer("image")), _put(ecr, layer("attestation"))
        listed = [
            {"mediaType": f"{OCI}.manifest.v1+json", "digest": image, "size": 1},
            {
                "mediaType": f"{OCI}.manifest.v1+json",
                "digest": attestation,
                "size": 1,
                "annotations": {"vnd.docker.reference.type": "attestation-manifest"},
            },
        ]
        _put(ecr, {"schemaVersion": 2, "mediaType": f"{OCI}.index.v1+json", "manifests": listed}, tag)
        return image

    return pushed


@pytest.fixture
def scanned(local, client):
    """Let a scan of an image end with these findings and status."""

    def end(digest, status="COMPLETE", description="", **findings):
        result = {
            "repositoryName": REPOSITORY,
            "imageId": {"imageDigest": digest},
            "imageScanStatus": {"status": status, "description": description},
            "imageScanFindings": findings,
        }
        connection = http.client.HTTPConnection(local.endpoint.removeprefix("http://"))
        body = json.dumps({"results": [result], "account_id": local.account, "region": local.region})
        connection.request(
            "POST", "/moto-api/static/ecr/scan-finding-results", body, {"Content-Type": "application/json"}
        )
        assert connection.getresponse().status == 201
        connection.close()
        client("ecr").start_image_scan(repositoryName=REPOSITORY, imageId={"imageDigest": digest})

    return end


def basic(name, severity, **attributes):
    return {
        "name": name,
        "severity": severity,
        "attributes": [{"key": key, "value": value} for key, value in attributes.items()],
    }


CRITICAL = basic("CVE-2026-0001", "CRITICAL", package_name="openssl", package_version="3.0.1")


def test_without_tags_it_shows_what_runs(deployed):
    done = deployed("images", "staging", "--json")

    assert done.code == 0, done.err
    assert [(row["Name"], row["Tag"], row["Scan"]) for row in done.json["Images"]] == [("backend", "v1", None)]


def test_a_tag_that_is_not_there(deploy_stack, images):
    done = deploy_stack("images", "staging", "--image", "backend=v9")

    assert done.code == 1
    assert "there is no image aldeia/backend:v9" in done.err


@pytest.mark.parametrize("text", ["backend", "backend=", "frontend=v1"])
def test_a_name_that_is_none(deploy_stack, images, text):
    done = deploy_stack("images", "staging", "--image", text)

    assert done.code == 2
    assert "expected NAME=TAG; names are backend" in done.err


def test_the_scan_of_the_image_in_an_index_counts(deploy_stack, push, scanned):
    scanned(push("v2"), findings=[CRITICAL, basic("CVE-2026-0002", "LOW")])

    done = deploy_stack("images", "staging", "--image", "backend=v2", "--wait-scan", "--markdown", "scan.md")

    assert done.code == 11
    assert "1 CRITICAL, 1 LOW" in done.out
    assert "CRITICAL CVE-2026-0001  openssl 3.0.1" in done.out
    assert "--allow vulnerability:backend/CVE-2026-0001" in done.err


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ((), 0),
        (("--fail-on", "HIGH"), 11),
        (("--fail-on", "HIGH", "--allow", "vulnerability:backend/CVE-2026-0003"), 0),
        (("--fail-on", "HIGH", "--allow", "vulnerability:backend/CVE-2026-0004"), 11),
    ],
)
def test_what_is_let_pass(deploy_stack, push, scanned, options, code):
    scanned(push("v2"), findings=[basic("CVE-2026-0003", "HIGH")])

    assert deploy_stack("images", "staging", "--image", "backend=v2", "--wait-scan", *options).code == code


def test_enhanced_findings(deploy_stack, push, scanned):
    details = {
        "vulnerabilityId": "CVE-2026-0005",
        "vulnerablePackages": [{"name": "zlib", "version": "1.2", "fixedInVersion": "1.3"}],
    }
    row = {"severity": "CRITICAL", "title": "zlib", "packageVulnerabilityDetails": details}
    scanned(push("v2"), "ACTIVE", enhancedFindings=[row])

    done = deploy_stack("images", "staging", "--image", "backend=v2", "--wait-scan")

    assert done.code == 11
    assert "CRITICAL CVE-2026-0005  zlib 1.2 (fixed in 1.3)" in done.out


@pytest.mark.parametrize(
    "case",
    [
        ("UNSUPPORTED_IMAGE", {}, "UNSUPPORTED_IMAGE: no package database"),
        ("FAILED", {}, "FAILED: no package database"),
        # ECR answers so where the caller may not ask Amazon Inspector.
        ("ACTIVE", {"findings": []}, "is inspector2:ListFindings allowed?"),
    ],
)
def test_an_image_that_could_not_be_scanned_does_not_pass(deploy_stack, push, scanned, case):
    status, findings, reason = case
    scanned(push("v2"), status, "no package database", **findings)

    done = deploy_stack("images", "staging", "--image", "backend=v2", "--wait-scan")

    assert done.code == 11
    assert reason in done.out
    assert "--allow unscanned:backend" in done.err


def test_it_waits_for_a_scan(deploy_stack, push, scanned):
    digest = push("v2")
    later = threading.Timer(0.8, lambda: scanned(digest, findings=[]))
    later.start()

    done = deploy_stack("images", "staging", "--image", "backend=v2", "--wait-scan")

    later.join()
    assert (done.code, "waiting for the scan of backend" in done.err) == (0, True)


def test_it_does_not_wait_for_ever(deploy_stack, push):
    push("v2")
    begun = time.monotonic()

    done = deploy_stack("images", "staging", "--image", "backend=v2", "--wait-scan", "--scan-timeout", "0.3")

    assert done.code == 11
    assert "no scan was done within 0.3 s: is scanning on push on for the repository?" in done.out
    assert time.monotonic() - begun < 5


def test_a_release_gets_its_tag_once(deploy_stack, push, client):
    client("ecr").put_image_tag_mutability(repositoryName=REPOSITORY, imageTagMutability="IMMUTABLE")
    push("abc")
    push("def")

    first = deploy_stack("images", "staging", "--image", "backend=abc", "--tag", "v42")
    again = deploy_stack("images", "staging", "--image", "backend=abc", "--tag", "v42")
    other = deploy_stack("images", "staging", "--image", "backend=def", "--tag", "v42")

    assert (first.code, again.code, other.code) == (0, 0, 1)
    assert "aldeia/backend:abc is now v42" in first.err
    assert "aldeia/backend:abc was already v42" in again.err
    assert "aldeia/backend:v42 is another image already, and tags do not move" in other.err


def test_a_plan_whose_image_has_expired_is_stale(deployed, images, client):
    images("v2")
    assert deployed("plan", "staging", "--image", "backend=v2").code == 10
    client("ecr").batch_delete_image(repositoryName=REPOSITORY, imageIds=[{"imageTag": "v2"}])

    done = deployed("apply", "staging")

    assert done.code == 12
    assert "the repository aldeia/backend has no image v2" in done.err


def test_failures_are_annotations_of_a_github_run(deploy_stack, images, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")

    done = deploy_stack("images", "staging", "--image", "backend=v9")

    assert "::error title=deploy-stack::there is no image aldeia/backend:v9%0Apush it first" in done.err
