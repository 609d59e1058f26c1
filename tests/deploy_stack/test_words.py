"""What a person reads of a value: the script inside of base64, where two long ones differ, words for what is not known yet."""

import json
from base64 import b64encode

import pytest
from deploy_stack.render.words import property_line
from deploy_stack.review.build import resource_changes
from deploy_stack.review.model import KNOWN_AFTER_APPLY, PropertyChange
from deploy_stack.review.verdicts.security import widened

SCRIPT = "#!/bin/bash\n" + "echo begin\n" * 20 + "    mem_limit: {}m\n" + "echo end\n" * 20


def sent(text):
    return b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("path", "before", "after", "told"),
    [
        (
            "LaunchTemplateData.UserData",
            sent(SCRIPT.format(2048)),
            sent(SCRIPT.format(3072)),
            "mem_limit: 2048m echo end",
        ),
        ("UserData", sent("a b"), KNOWN_AFTER_APPLY, "UserData: a b -> (known after apply)"),
        ("UserData", "no base64", "nor this", "UserData: no base64 -> nor this"),
        ("UserData", None, sent("\xff"), "UserData: (unset) -> \xff"),
        ("UserData", None, b64encode(b"\xff\xfe").decode(), "UserData: (unset) -> //4="),
        ("Name", sent("a b"), "c", "Name: YSBi -> c"),
    ],
)
def test_a_script_is_shown_as_a_script(path, before, after, told):
    line = property_line(PropertyChange(path, "Properties", before, after, "Never"))

    assert told in line


def test_a_source_that_is_made_by_the_same_change_is_told_in_words():
    rule = {"IpProtocol": "tcp", "FromPort": 8000, "ToPort": 8000, "SourceSecurityGroupId": KNOWN_AFTER_APPLY}
    (change,) = resource_changes(
        [
            {
                "ResourceChange": {
                    "Action": "Add",
                    "LogicalResourceId": "Ingress",
                    "ResourceType": "AWS::EC2::SecurityGroupIngress",
                    "AfterContext": json.dumps({"Properties": rule}),
                }
            }
        ]
    )

    (opinion,) = widened(change, "UPDATE")

    assert opinion.text == "opens tcp 8000 from a security group of this change"
