"""cfripper: security rules over a typed model of a template.

Its model knows fewer properties than CloudFormation and refuses a template with one that it does not know. Those are left out for
it, and each is a finding of its own (`not-read`), so that what it did not see is written down.
"""

import copy
import logging
import re
from typing import Any

from audit import tools
from audit.finding import AuditError, Finding
from audit.inputs import Inputs, Template

# What its model takes AWS::AccountId for.
_ACCOUNT = "123456789012"


def version() -> str:
    return tools.python_version("cfripper")


def judge(inputs: Inputs) -> list[Finding]:
    from cfripper.config.config import Config
    from cfripper.rule_processor import RuleProcessor
    from cfripper.rules import DEFAULT_RULES

    logging.disable(logging.WARNING)  # it warns of every resource type that its model does not know
    found = []
    for template in inputs.templates:
        model, unread = _model(template)
        config = Config(rules=DEFAULT_RULES.keys(), aws_account_id=_ACCOUNT)
        processor = RuleProcessor(*(DEFAULT_RULES[rule](config) for rule in config.rules))
        for failure in processor.process_cf_template(model, config).failures:
            found += [
                Finding("cfripper", failure.rule, template.file, place, _detail(failure), failure.reason)
                for place in sorted(failure.resource_ids or {"template"})
            ]
        found += [
            Finding("cfripper", "not-read", template.file, place, field, f"its model does not know {field}")
            for place, field in unread
        ]
    return found


def _detail(failure: Any) -> str:
    """The action that it is about, where it names one: the last word in quotes."""
    quoted = re.findall(r'"([^"]+)"', failure.reason)
    return quoted[-1] if failure.granularity.name == "ACTION" and quoted else ""


def _model(template: Template) -> tuple[Any, list[tuple[str, str]]]:
    """Its model of the template, resolved, and the (resource, property) that had to be left out."""
    import pycfmodel
    from pydantic import ValidationError

    body = copy.deepcopy(template.body)
    unread: list[tuple[str, str]] = []
    for each in body.get("Parameters", {}).values():
        if "List<" in each["Type"]:  # a published list is told as text, its path; it wants the list
            each.update(Type="CommaDelimitedList", Default="first,second")
    while True:
        try:
            return pycfmodel.parse(body).resolve(), unread
        except ValidationError as fault:
            refused = {each["loc"] for each in fault.errors() if each["type"] == "extra_forbidden"}
            left_out = [gone for loc in sorted(refused, key=str) if (gone := _leave_out(body, loc))]
            if not left_out:
                raise AuditError(f"{template.file}: {str(fault).splitlines()[0]}") from None
            unread += left_out


def _leave_out(body: dict[str, Any], loc: tuple[Any, ...]) -> tuple[str, str] | None:
    """Take away what pydantic names at `loc`: Resources, the resource, the path below it with names of its own classes between."""
    inside, path = body, []
    for word in loc[:-1]:
        if word in inside if isinstance(inside, dict) else isinstance(word, int):
            inside = inside[word]
            path.append(str(word))
    if len(path) < 2 or loc[-1] not in inside:
        return None
    del inside[loc[-1]]
    return path[1], ".".join([*path[3:], str(loc[-1])])
