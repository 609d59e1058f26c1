"""docs/rules.md: every rule with its reason, a template that breaks it and one that keeps it, written from the rules themselves.

In: the rules, as cfn-lint finds them in this directory. Out: one text of Markdown.
"""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from cfnlint.rules._rules import Rules

from generator.rules._rule import Rule

DIRECTORY = Path(__file__).parent
SECTIONS = {
    "ecs": "Services and task definitions",
    "scaling": "Scaling of services",
    "state": "Data that must survive",
    "network": "Load balancers, security groups, addresses",
    "iam": "Trust and permissions",
    "ec2": "Hosts and auto scaling groups",
    "ecr": "Image repositories",
    "limits": "Limits of CloudFormation",
}
_HEAD = """\
# Rules

What cfn-lint lets through and AWS, or the data, does not forgive. The rules are plain cfn-lint rules and work on any template:

```
cfn-lint -a generator/rules -t template.json
```

or, in `.cfnlintrc`, `append_rules: [generator/rules]`. `E` is a deployment that fails, data that is lost or an open door; `W` is a
weakness somebody should decide about; `I` is shown with `-c I` only. A finding that is meant to be is switched off where it stands,
with its id, by the resource's `Metadata: {cfn-lint: {config: {ignore_checks: [W9301]}}}`.

A rule speaks only of what the template tells. The default of a parameter is a value, so is the value in a parameter file given to
cfn-lint; both branches of a condition are looked at, together with the same branch everywhere else; what only deployment knows is
passed over. In the bad examples the faulty line ends with the id.
"""
_LONGEST_LINE = 140
_MOST_LINES = 40


def rules() -> list[Rule]:
    """The rules of this directory, by section and number."""
    found = [rule for rule in Rules.create_from_directory(str(DIRECTORY)).values() if hasattr(rule, "find")]
    order = list(SECTIONS)
    return sorted(found, key=lambda rule: (order.index(section_of(rule)), rule.id[1:]))  # type: ignore[arg-type]


def section_of(rule: Rule) -> str:
    """The folder a rule stands in."""
    return Path(type(rule).find.__code__.co_filename).parent.name


def page() -> str:
    """The whole of docs/rules.md."""
    found = rules()
    parts = [_HEAD, "| id | fact |", "|---|---|"]
    parts += [f"| [{rule.id}](#{rule.id.lower()}) | {rule.shortdesc} |" for rule in found]
    for name, title in SECTIONS.items():
        parts += ["", f"## {title}"]
        for rule in found:
            if section_of(rule) == name:
                parts += ["", *_entry(rule)]
    return "\n".join(parts) + "\n"


def _entry(rule: Rule) -> list[str]:
    lines = [f"### {rule.id}", "", f"**{rule.shortdesc}.** {rule.description}", "", f"Source: <{rule.source_url}>"]
    for title, example in (("Bad", rule.bad), ("Good", rule.good)):
        lines += ["", f"{title}:", "", "```yaml", *_shown(example), "```"]
    return lines


def _shown(example: str) -> list[str]:
    """An example as people read it: those about length are cut."""
    lines = [
        line if len(line) < _LONGEST_LINE else f"{line[:60]}..." + line[-10:]
        for line in dedent(example).strip().splitlines()
    ]
    return lines if len(lines) < _MOST_LINES else [*lines[:4], "  # ... and so on", lines[-1]]
