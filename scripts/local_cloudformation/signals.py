"""Signals a resource waits for: how many, and how long."""

from __future__ import annotations

import re
from typing import Any

from local_cloudformation.model import Resource
from local_cloudformation.values import same

_DURATION = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?")
_GROUP = "AWS::AutoScaling::AutoScalingGroup"


def needed_signals(resource: Resource, standing: Resource | None) -> int:
    """How many SUCCESS signals complete a creation (`standing` None) or an update in place; 0 for none."""
    if standing is None:
        wanted = _policy(resource, "CreationPolicy").get("ResourceSignal")
        return int(wanted.get("Count", 1)) if isinstance(wanted, dict) else 0
    rolling = _policy(resource, "UpdatePolicy").get("AutoScalingRollingUpdate")
    launches = any(
        not same(standing.properties.get(key), resource.properties.get(key))
        for key in ("LaunchTemplate", "LaunchConfigurationName", "MixedInstancesPolicy")
    )
    if resource.type_name != _GROUP or not isinstance(rolling, dict) or not launches:
        return 0
    if str(rolling.get("WaitOnResourceSignals", "false")).lower() != "true":
        return 0
    return int(resource.properties.get("DesiredCapacity") or resource.properties.get("MinSize") or 1)


def signal_timeout(resource: Resource, action: str) -> float:
    """Seconds a resource waits before it fails: PT5M unless its policy says otherwise."""
    if action == "update":
        rolling = _policy(resource, "UpdatePolicy").get("AutoScalingRollingUpdate") or {}
        return seconds_of(rolling.get("PauseTime", "PT5M"))
    return seconds_of((_policy(resource, "CreationPolicy").get("ResourceSignal") or {}).get("Timeout", "PT5M"))


def seconds_of(duration: str) -> float:
    """An ISO 8601 duration (PT#H#M#S) in seconds."""
    match = _DURATION.fullmatch(str(duration))
    if match is None:
        return 300.0
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return float(hours * 3600 + minutes * 60 + seconds)


def _policy(resource: Resource, name: str) -> dict[str, Any]:
    found = resource.attributes.get(name)
    return found if isinstance(found, dict) else {}
