"""Whether a policy covers a resource is yes, no, or not to be told."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.rules._arn import Covers, covers, fields, meet
from generator.rules._images import lacks_curl, parse_image, store_of

ARN = "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:"
GLOBS = st.text("ab*?", max_size=6)


@pytest.mark.parametrize(
    ("pattern", "wanted", "expected"),
    [
        ("*", "anything", Covers.YES),
        (ARN + "staging/*", ARN + "staging/jwt-??????", Covers.YES),
        (ARN + "production/*", ARN + "staging/jwt-??????", Covers.NO),
        (ARN + "staging/jwt", ARN + "staging/jwt-??????", Covers.NO),
        (ARN + "${Name}-??????", ARN + "staging/jwt-??????", Covers.MAYBE),
        ("arn:aws:secretsmanager:us-east-1:*:secret:production/*", ARN + "staging/jwt-??????", Covers.NO),
        ("arn:aws:secretsmanager:us-east-1:*:secret:staging/*", ARN + "staging/jwt-??????", Covers.MAYBE),
        ("${Secret}", "${Secret}", Covers.YES),
        ("${Secret}", "${Other}", Covers.MAYBE),
        ("arn:aws:ecr:*:*:repository/a", "arn:aws:ssm:*:*:repository/a", Covers.NO),
    ],
)
def test_covering(pattern, wanted, expected):
    assert covers(pattern, wanted) is expected


@given(GLOBS, GLOBS)
def test_two_patterns_meet_whichever_comes_first(one, other):
    assert meet(one, other) == meet(other, one)


@given(GLOBS, st.text("ab", max_size=6))
def test_a_pattern_meets_exactly_the_texts_it_matches(pattern, text):
    assert meet(pattern, text) == fnmatchcase(text, pattern)


def test_fields_of_an_arn_keep_what_stands_in_braces():
    assert fields("arn:${AWS::Partition}:logs:${AWS::Region}:1:log-group:/a:*") == [
        "arn",
        "${AWS::Partition}",
        "logs",
        "${AWS::Region}",
        "1",
        "log-group:/a:*",
    ]
    assert fields("${Secret}:key::") == ["${Secret}:key::"]


@pytest.mark.parametrize(
    ("text", "host", "repository", "tag", "digest"),
    [
        ("nginx", "", "nginx", "", ""),
        ("chromadb/chroma:1.5.9", "", "chromadb/chroma", "1.5.9", ""),
        ("localhost:5000/a/b:c", "localhost:5000", "a/b", "c", ""),
        ("public.ecr.aws/docker/library/node:22-slim", "public.ecr.aws", "docker/library/node", "22-slim", ""),
        ("example/a@sha256:00", "", "example/a", "", "sha256:00"),
        (
            "${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com/aldeia/backend:1",
            "${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com",
            "aldeia/backend",
            "1",
            "",
        ),
        (
            "${AWS::AccountId}.dkr.ecr.eu-west-1.amazonaws.com/aldeia/backend:${Tag}",
            "${AWS::AccountId}.dkr.ecr.eu-west-1.amazonaws.com",
            "aldeia/backend",
            None,
            "",
        ),
        ("${Image}", "", "${Image}", None, ""),
        ("${Images.RepositoryUri}", "", "${Images.RepositoryUri}", "", ""),
    ],
)
def test_image_names(text, host, repository, tag, digest):
    image = parse_image(text)

    assert (image.host, image.repository, image.tag, image.digest) == (host, repository, tag, digest)


@pytest.mark.parametrize(
    ("text", "title", "directory"),
    [
        ("chromadb/chroma:0.6.3", "ChromaDB", "/chroma/chroma"),
        ("chromadb/chroma:1.5.9", "ChromaDB", "/data"),
        ("chromadb/chroma:latest", "ChromaDB", "/data"),
        ("${AWS::AccountId}.dkr.ecr.us-east-1.amazonaws.com/aldeia/chromadb:1.5.9", "ChromaDB", "/data"),
        ("postgres:16-alpine", "PostgreSQL", "/var/lib/postgresql/data"),
        ("postgres:18", "PostgreSQL", "/var/lib/postgresql"),
        ("mysql:8", "MySQL", "/var/lib/mysql"),
    ],
)
def test_stores_are_known_by_the_last_part_of_their_name(text, title, directory):
    image = parse_image(text)
    store = store_of(image)

    assert store is not None
    assert store.title == title
    assert image.version is not None
    assert store.directory(image.version) == directory


@pytest.mark.parametrize(
    ("text", "lacking"),
    [
        ("chromadb/chroma:1.5.9", True),
        ("chromadb/chroma:0.6.3", False),
        ("node:22-slim", True),
        ("node:22-alpine", True),
        ("node:22", False),
        ("public.ecr.aws/docker/library/python:3.12-slim-bookworm", True),
        ("nginx:alpine", False),
        ("gcr.io/distroless/nodejs22-debian12", True),
        ("example/node:22-slim", False),
        ("node:${Tag}", False),
    ],
)
def test_images_known_to_have_no_curl(text, lacking):
    assert bool(lacks_curl(parse_image(text))) is lacking
