"""Regional services around the VPC: secrets, buckets, backups, keys, logs and alarms.

In: templates. Out: one tile for each service that the environment uses. A new service is one more function in `_TILES`.
"""

from __future__ import annotations

from collections.abc import Callable

from generator.pictures._compute import words
from generator.pictures._scene import Tile
from generator.pictures._templates import Resource, Templates, at


def tiles(templates: Templates) -> list[Tile]:
    """The tiles, in the order in which a picture shows them."""
    return [tile for make in _TILES if (tile := make(templates))]


def _secrets(templates: Templates) -> Tile | None:
    secrets = templates.of("AWS::SecretsManager::Secret")
    return _tile("key", "Secrets Manager", _named(templates, secrets, "Name"), secrets)


def _buckets(templates: Templates) -> Tile | None:
    buckets = templates.of("AWS::S3::Bucket")
    lines = []
    for bucket in buckets:
        name = words(bucket.name.removesuffix("Bucket"))
        kept = "versioned" if bucket.get("VersioningConfiguration", "Status") == "Enabled" else ""
        lines.append(", ".join(filter(None, (name, kept, _retained(bucket)))))
    return _tile("bucket", "S3", lines, buckets)


def _backups(templates: Templates) -> Tile | None:
    backups = templates.of("AWS::Backup::")
    lines = [words(item.name) for item in backups]
    return _tile("clock", "AWS Backup", lines, backups)


def _watching(templates: Templates) -> Tile | None:
    groups, alarms = templates.of("AWS::Logs::LogGroup"), templates.of("AWS::CloudWatch::")
    count = len([alarm for alarm in alarms if alarm.type.endswith("Alarm")])
    lines = [f"{count} alarms"] if count else []
    topics = templates.of("AWS::SNS::")
    if any(topic.type == "AWS::SNS::Subscription" for topic in topics):
        lines[-1:] = [f"{lines[-1]}, told by e-mail"] if lines else []
    if any(alarm.type.endswith("Dashboard") for alarm in alarms):
        lines.append("dashboard")
    days = {templates.number(group.stack, group.get("RetentionInDays")) for group in groups} - {None}
    if days:
        lines.append(f"logs, {max(day for day in days if day)} days")
    budgets = templates.of("AWS::Budgets::", "AWS::Events::")
    return _tile("chart", "CloudWatch", lines, [*groups, *alarms, *topics, *budgets])


def _keys(templates: Templates) -> Tile | None:
    keys = templates.of("AWS::KMS::Key")
    lines = [words(key.name) for key in keys]
    return _tile("key", "KMS", lines, templates.of("AWS::KMS::"))


def _named(templates: Templates, resources: list[Resource], key: str) -> list[str]:
    return [templates.text(resource.stack, resource.get(key)) or resource.name for resource in resources]


def _retained(resource: Resource) -> str:
    return "retained" if at(resource.body, "DeletionPolicy") in ("Retain", "RetainExceptOnCreate") else ""


def _tile(icon: str, name: str, lines: list[str], resources: list[Resource]) -> Tile | None:
    return Tile(icon, name, tuple(lines), frozenset(resource.key for resource in resources)) if lines else None


_TILES: tuple[Callable[[Templates], Tile | None], ...] = (
    _secrets,
    _buckets,
    _backups,
    _keys,
    _watching,
)
