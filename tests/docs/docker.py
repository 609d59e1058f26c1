"""A docker for a shell: it keeps what is tagged in a file beside itself, and really puts what is pushed into the registry."""

import json
import sys
from pathlib import Path

import botocore.session

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
REGISTRY = "111122223333.dkr.ecr.us-east-1.amazonaws.com"


def main(verb: str, *rest: str) -> None:
    tags = Path(sys.argv[0]).with_suffix(".tags")
    known = set(tags.read_text().split()) if tags.exists() else set()
    if verb == "login":
        assert len(sys.stdin.read()) > 10, "a password"
    elif (verb, *rest[:3]) == ("buildx", "imagetools", "create", "--tag"):
        assert len(rest) == 5, rest  # from registry to registry, every architecture
        push(rest[3])
    elif verb == "build":
        assert rest[:3] == ("--platform", "linux/amd64", "--tag"), rest
        assert Path(rest[4]).is_dir(), rest
        known.add(rest[3])
    elif verb == "push":
        assert rest[0] in known, rest
        push(rest[0])
    else:
        sys.exit(f"docker: no such command: {verb}")
    tags.write_text(" ".join(known))


def push(image: str) -> None:
    registry, _, path = image.partition("/")
    assert registry == REGISTRY, registry
    name, _, tag = path.partition(":")
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": {"digest": f"sha256:{tag}"}, "layers": []}
    client = botocore.session.Session().create_client("ecr")
    client.put_image(repositoryName=name, imageTag=tag, imageManifest=json.dumps(manifest))


if __name__ == "__main__":
    main(*sys.argv[1:])
