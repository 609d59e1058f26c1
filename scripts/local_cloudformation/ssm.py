"""Public parameters in the answers of Parameter Store: in front of moto, which holds no Ubuntu image and takes none under /aws.

GetParameter and GetParameters answer for the paths of `public_parameters`; whatever else is asked for in the same call goes on
to moto, and both are one answer. Any other call goes on to moto whole.
"""

from __future__ import annotations

import json
from typing import Any

from local_cloudformation.moto_app import MotoApp
from local_cloudformation.public_parameters import public_parameter

PREFIX = "AmazonSSM."


def answer(moto: MotoApp, operation: str, body: bytes, region: str) -> dict[str, Any] | None:
    """The answer to a Parameter Store call, None when it is not ours to give."""
    if operation not in {"GetParameter", "GetParameters"}:
        return None
    request = json.loads(body or b"{}")
    names = [request["Name"]] if "Name" in request else request.get("Names", [])
    values = {name: value for name in names if (value := public_parameter(name, region)) is not None}
    if not values:
        return None
    found = [_parameter(name, value, region) for name, value in values.items()]
    if operation == "GetParameter":
        return {"Parameter": found[0]}
    others = [name for name in names if name not in values]
    rest: dict[str, Any] = {}
    if others:
        rest = moto.json("ssm", region, f"{PREFIX}GetParameters", {**request, "Names": others})
    return {"Parameters": [*found, *rest.get("Parameters", [])], "InvalidParameters": rest.get("InvalidParameters", [])}


def _parameter(name: str, value: str, region: str) -> dict[str, Any]:
    arn = f"arn:aws:ssm:{region}::parameter{name}"
    return {
        "Name": name,
        "Value": value,
        "Type": "String",
        "DataType": "aws:ec2:image",
        "Version": 1,
        "LastModifiedDate": 1760486400.0,  # a fixed day: the value never changes here
        "ARN": arn,
    }
