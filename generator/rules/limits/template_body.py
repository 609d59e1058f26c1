"""A template can be sent as it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from generator.rules._rule import Finding, Rule
from generator.rules._template import Document

_BODY = 51200


class TemplateBody(Rule):
    """51,200 bytes go in the call, more goes through a bucket."""

    id = "I9701"
    shortdesc = "A template fits into the request"
    description = (
        "TemplateBody takes 51,200 bytes; a longer template needs a bucket (TemplateURL, up to 1 MB, which "
        "cfn-lint's E1002 knows). Counted is the template as compact JSON, the smallest form it can be sent in."
    )
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"
    subjects = ("limits",)

    bad = """
        Description: a template with a long description  # I9701
        Metadata: {Notes: "%s"}
        Resources:
          Topic: {Type: AWS::SNS::Topic}
        """ % ("x" * 51200)
    good = """
        Description: a template with a short description
        Resources:
          Topic: {Type: AWS::SNS::Topic}
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Templates that are too long in their smallest form."""
        if self._surely_short(document.cfn.filename):
            return
        size = len(json.dumps(document.source, separators=(",", ":"), default=str).encode())
        if size > _BODY:
            resources = next(document.resources(), None)
            if resources is not None:
                yield (
                    document.node((), resources.conditions),
                    f"the template has {size:,} bytes without blanks; TemplateBody takes {_BODY:,}, more must go through S3",
                )

    def _surely_short(self, filename: str | None) -> bool:
        # A JSON file is never shorter than the same without its blanks; this spares writing most templates again.
        path = Path(filename or "")
        return path.suffix in {".json", ".template"} and path.is_file() and path.stat().st_size <= _BODY
