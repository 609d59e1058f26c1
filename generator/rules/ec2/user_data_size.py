"""User data fits."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

from generator.rules._arn import TOKEN
from generator.rules._hosts import launch_settings, user_data
from generator.rules._rule import Finding, Rule
from generator.rules._template import Document, Node

_LIMIT = 16384


class UserDataSize(Rule):
    """16,384 bytes, before base64."""

    id = "E9504"
    shortdesc = "User data has at most 16,384 bytes"
    description = (
        "EC2 refuses more. Counted is what stands there after Fn::Sub, parameter defaults put in; what only "
        "deployment knows counts as nothing, so what is found is too long in any case."
    )
    source_url = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html"
    subjects = ("resources", "ec2", "limits")

    bad = """
        Mappings:
          Script: {Long: {Text: "%s"}}
        Resources:
          Template:
            Type: AWS::EC2::LaunchTemplate
            Properties:
              LaunchTemplateData:
                MetadataOptions: {HttpTokens: required}
                UserData: {"Fn::Base64": !FindInMap [Script, Long, Text]}  # E9504
        """ % ("x" * 16385)
    good = """
        Resources:
          Template:
            Type: AWS::EC2::LaunchTemplate
            Properties:
              LaunchTemplateData:
                MetadataOptions: {HttpTokens: required}
                UserData:
                  Fn::Base64: |
                    #!/bin/bash
                    aws s3 cp s3://example-artifacts/bootstrap.sh - | bash
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """User data whose known part alone is too long."""
        for settings in launch_settings(document):
            for node in user_data(settings):
                size = self._size(node)
                if size > _LIMIT:
                    yield (
                        node,
                        f"{node.resource}: user data has {size:,} bytes; at most {_LIMIT:,} are "
                        "allowed. Fetch the script from S3 or make it smaller",
                    )

    def _size(self, node: Node) -> int:
        if isinstance(node.value, dict) and "Fn::Base64" in node.value:
            inner = Node(node.document, node.value["Fn::Base64"], (*node.path, "Fn::Base64"), node.conditions)
            return min(
                (len(TOKEN.sub("", node.document.defaults(each.text)).encode()) for each in inner.each()), default=0
            )
        if not isinstance(node.value, str):
            return 0
        try:
            return len(base64.b64decode(node.value, validate=True))
        except (binascii.Error, ValueError):
            return 0
