"""What the tests of the stack `monitoring` share: the rendered stack, its alarms by name, and the limits of AWS that it keeps."""

import json
from typing import Any

from generator.environments import ENVIRONMENTS
from generator.model import Environment, Service
from generator.render import to_dict
from generator.services import SERVICES
from generator.stacks import monitoring
from tests.generator.reading import of_type

Json = dict[str, Any]

BOTH = {environment.name: environment for environment in ENVIRONMENTS}
PUBLIC = ("backend", "frontend")
OPTIONS = ("Fargate", "Ec2")
# CloudWatch API reference: PutCompositeAlarm (AlarmRule, underlying alarms), PutDashboard's metrics of one graph.
LONGEST_RULE, MOST_CHILDREN, MOST_LINES = 10_240, 100, 500


def rendered(environment: Environment, services: tuple[Service, ...] = SERVICES) -> Json:
    found: Json = json.loads(json.dumps(to_dict(monitoring.build(environment, services))))
    return found


def alarms(template: Json) -> dict[str, Json]:
    """Metric alarms by name."""
    return {alarm["AlarmName"]: alarm for alarm in of_type(template, "AWS::CloudWatch::Alarm").values()}
