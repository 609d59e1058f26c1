"""Where records rest: in memory alone, or in one SQLite file that survives a kill at any moment.

Each `flush` is one transaction, so what a restart finds is the state after some finished step, never half of one. The file's
write-ahead log is not synced to the disk at every step: it outlives the process, not a power cut.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from local_cloudformation import codec
from local_cloudformation.records import ChangeSet, DriftDetection, Event, Stack

_SCHEMA = """
CREATE TABLE IF NOT EXISTS records (kind TEXT, key TEXT, body TEXT, PRIMARY KEY (kind, key));
CREATE TABLE IF NOT EXISTS templates (digest TEXT PRIMARY KEY, body TEXT);
CREATE TABLE IF NOT EXISTS events (stack TEXT, position INTEGER, body TEXT, PRIMARY KEY (stack, position));
CREATE TABLE IF NOT EXISTS calls (position INTEGER PRIMARY KEY, body TEXT);
"""


class Store:
    """Stacks, change sets, events and retained resources, by id; written through to `folder` when there is one."""

    def __init__(self, folder: Path | None = None) -> None:
        self.stacks: dict[str, Stack] = {}
        self.change_sets: dict[str, ChangeSet] = {}
        self.detections: dict[str, DriftDetection] = {}
        self.events: dict[str, list[Event]] = {}
        # Type and physical id of what stacks left behind (Retain): the names are still taken.
        self.retained: dict[str, dict[str, str]] = {}
        self._written: dict[str, int] = {}
        self._dirty: set[tuple[str, str]] = set()
        self._kept: set[str] = set()
        self._database: sqlite3.Connection | None = None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            self._open(folder / "state.sqlite")

    def _open(self, file: Path) -> None:
        self._database = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=NORMAL")
        self._database.executescript(_SCHEMA)
        templates = dict(self._database.execute("SELECT digest, body FROM templates"))
        self._kept = set(templates)
        by_kind: dict[str, dict[str, Any]] = self._tables()
        for kind, key, body in self._database.execute("SELECT kind, key, body FROM records"):
            by_kind[kind][key] = codec.decode(body, templates.__getitem__)
        for stack, body in self._database.execute("SELECT stack, body FROM events ORDER BY stack, position"):
            self.events.setdefault(stack, []).append(codec.decode(body, templates.__getitem__))
        self._written = {stack: len(found) for stack, found in self.events.items()}

    def _tables(self) -> dict[str, dict[str, Any]]:
        return {
            "stack": self.stacks,
            "change-set": self.change_sets,
            "detection": self.detections,
            "retained": self.retained,
        }

    def touch(self, kind: str, key: str) -> None:
        """Note that a record changed (or went)."""
        self._dirty.add((kind, key))

    def flush(self) -> None:
        """Write what changed since the last time, as one transaction."""
        if self._database is None:
            self._dirty.clear()
            return
        if not self._dirty:
            return
        database, tables = self._database, self._tables()
        database.execute("BEGIN")
        for kind, key in self._dirty:
            record = tables[kind].get(key)
            if record is None:
                database.execute("DELETE FROM records WHERE kind = ? AND key = ?", (kind, key))
            else:
                body = codec.encode(record, self._keep)
                database.execute("INSERT OR REPLACE INTO records VALUES (?, ?, ?)", (kind, key, body))
            if kind == "stack":
                database.executemany("INSERT OR REPLACE INTO events VALUES (?, ?, ?)", self._new_events(key))
        database.execute("COMMIT")
        self._dirty.clear()

    def _keep(self, digest: str, text: str) -> None:
        if self._database is not None and digest not in self._kept:
            self._database.execute("INSERT OR REPLACE INTO templates VALUES (?, ?)", (digest, text))
            self._kept.add(digest)

    def _new_events(self, stack_id: str) -> Iterable[tuple[str, int, str]]:
        found = self.events.get(stack_id, [])
        start = self._written.get(stack_id, 0)
        self._written[stack_id] = len(found)
        return [(stack_id, start + at, codec.encode(each, self._keep)) for at, each in enumerate(found[start:])]

    def record_call(self, body: str) -> None:
        """Keep a call to another service, to be played again after a restart."""
        if self._database is not None:
            self._database.execute("INSERT INTO calls (body) VALUES (?)", (body,))

    def recorded_calls(self) -> list[str]:
        """Calls to other services, in order."""
        if self._database is None:
            return []
        return [body for (body,) in self._database.execute("SELECT body FROM calls ORDER BY position")]

    def clear(self) -> None:
        """Forget everything."""
        for table in self._tables().values():
            table.clear()
        self.events.clear()
        self._written.clear()
        self._dirty.clear()
        self._kept.clear()
        if self._database is not None:
            self._database.executescript(
                "DELETE FROM records; DELETE FROM templates; DELETE FROM events; DELETE FROM calls;"
            )

    def close(self) -> None:
        """Write and let go of the file."""
        self.flush()
        if self._database is not None:
            self._database.close()
