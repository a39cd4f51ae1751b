"""The SQLite file: make it, open it, its SQL, and what its errors mean to people."""

from __future__ import annotations

import os
import re
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from importlib import resources
from pathlib import Path

from pyflow.process.places import why_unwritable
from pyflow.spec.errors import MAKE_ROOM, StoreError

VERSION = 2
# How long a writer waits for the others: many runs may write to one database, each for some milliseconds.
BUSY_SECONDS = 60.0


def schema() -> str:
    return (resources.files(__package__) / "schema.sql").read_text(encoding="utf-8")


def upgrade() -> str:
    """From the version before this one."""
    return (resources.files(__package__) / "upgrade.sql").read_text(encoding="utf-8")


def queries() -> Mapping[str, str]:
    """The named queries of queries.sql."""
    text = (resources.files(__package__) / "queries.sql").read_text(encoding="utf-8")
    parts = re.split(r"^-- name: (\w+)\n", text, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def open_writer(path: Path) -> sqlite3.Connection:
    """Open the database, made if it is not there."""
    with errors(path, "written", "store_write"):
        if not path.exists():
            _create(path)
        connection = _connect(path, "rw")
        _bring_up(connection)
        _check(connection, path)
        # A commit survives the death of this process; the end of a run also survives a power cut (sqlite.py says why).
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """Open the database for reading; an empty one in memory if it does not exist."""
    with errors(path, "read", "store_read"):
        if not path.exists():
            connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
            connection.executescript(schema())
            return connection
        connection = _read(path)
        if _version(connection) == VERSION - 1:
            connection.close()
            connection = _upgraded(path)
        _check(connection, path)
        return connection


def _read(path: Path) -> sqlite3.Connection:
    try:
        return _connect(path, "ro")
    except sqlite3.OperationalError:
        # A reader of WAL keeps an index beside the file, and may not write here.
        if os.access(path.parent, os.W_OK):
            raise
        log = _log(path)
        if log.exists() and log.stat().st_size:
            return _snapshot(path)
        # No writer left a log: the file alone is the whole database.
        return _connect(path, "ro&immutable=1")


def _upgraded(path: Path) -> sqlite3.Connection:
    """A reader of a database of the version before: brought up in its place, or else in a copy in memory."""
    if os.access(path.parent, os.W_OK) and os.access(path, os.W_OK):
        with closing(_connect(path, "rw")) as writer:
            _bring_up(writer)
        return _connect(path, "ro")
    connection = _snapshot(path)
    _bring_up(connection)
    return connection


def _bring_up(connection: sqlite3.Connection) -> None:
    """Make a database of the version before one of this version; all or nothing, once, whoever else does the same."""
    if _version(connection) != VERSION - 1:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _version(connection) == VERSION - 1:
            for statement in re.split(r";$", upgrade(), flags=re.MULTILINE):
                connection.execute(statement)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection) -> int:
    return connection.execute("PRAGMA user_version").fetchone()[0]


def _log(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def _snapshot(path: Path) -> sqlite3.Connection:
    """A copy in memory of a database whose last commits are in a log that cannot be read in its place."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    with tempfile.TemporaryDirectory(prefix="pyflow-") as folder:
        copy = Path(folder) / path.name
        for source, target in ((path, copy), (_log(path), _log(copy))):
            if source.exists():
                target.write_bytes(source.read_bytes())
        with closing(_connect(copy, "rw")) as original:
            original.backup(connection)
    return connection


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        # SQLite serialises the calls itself; a notebook or a user interface asks from several threads.
        check_same_thread=False,
    )
    connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    return connection


def _check(connection: sqlite3.Connection, path: Path) -> None:
    version = _version(connection)
    if version != VERSION:
        connection.close()
        raise StoreError(
            f"the metadata {path} has version {version}; this pyflow reads version {VERSION}",
            code="store_version",
            hint="Update pyflow: pip install --upgrade pyflow-rflow",
        )


def _create(path: Path) -> None:
    """Make it whole in a temporary folder: nobody sees a half-made one, and of two makers the first one wins."""
    with tempfile.TemporaryDirectory(prefix=".tmp-", dir=path.parent) as folder:
        made = Path(folder) / path.name
        with closing(sqlite3.connect(made, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(schema())
        with suppress(FileExistsError):
            os.link(made, path)


@contextmanager
def errors(path: Path, verb: str, code: str) -> Iterator[None]:
    """Turn what SQLite and the system report into a StoreError with the path and the reason."""
    try:
        yield
    except (sqlite3.DatabaseError, OSError) as error:
        if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
            raise  # a mistake in pyflow, not in the machine
        reason = str(error.strerror if isinstance(error, OSError) else error)
        # SQLite knows that it failed, not why.
        why = why_unwritable(path.parent) if code == "store_write" else None
        if why is not None and why != reason:
            reason += f" ({why})"
        hint = MAKE_ROOM if why else ""
        raise StoreError(f"the metadata {path} cannot be {verb}: {reason}", code=code, hint=hint) from error
