"""Stored secrets under old and new keys, in a real database and by the installed program."""

from __future__ import annotations

import asyncio
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import pytest
from psycopg.conninfo import conninfo_to_dict

from telemetra.encryption_keys import parse_key
from telemetra.errors import Fatal, Unreadable
from telemetra.model.connector import Connector
from telemetra.operations.connector_fields import read_config
from telemetra.settings import Settings, variable_name
from telemetra.store.connectors import create_connector, get_connector, list_connectors, update_connector
from telemetra.store.database import Database
from telemetra.store.key_rotation import check_keys, rotate_keys
from telemetra.store.vault import Vault, key_id_of
from tests.support.process import free_port

PROGRAM = Path(sys.executable).with_name("telemetra")
OLD_TEXT, NEW_TEXT = secrets.token_hex(32), secrets.token_hex(32)
OLD, NEW = parse_key(OLD_TEXT), parse_key(NEW_TEXT)
FIELDS: dict[str, Any] = {
    "name": "trades",
    "api_url": "https://example.org/trades",
    "headers": {"X-Key": "hunter2"},
    "query_params": {"token": "hunter2"},
    "auth_type": "Bearer Token",
    "credentials": {"token": "hunter2"},
}


async def make(database: Database, vault: Vault, count: int = 1, **changes: Any) -> list[Connector]:
    config = read_config(FIELDS | changes)
    return [await create_connector(database, vault, "default", config) for _ in range(count)]


async def stored_key_ids(database: Database) -> set[str]:
    rows = await database.fetch_all(
        "SELECT headers_encrypted AS a, query_params_encrypted AS b, credentials_encrypted AS c FROM api_connectors"
    )
    return {key_id_of(bytes(sealed)) for row in rows for sealed in row.values() if sealed is not None}


async def test_rotation_gives_everything_the_newest_key_and_may_be_repeated(database: Database) -> None:
    await make(database, Vault([OLD]), 3)
    await make(database, Vault([OLD]), headers={}, query_params={})
    await make(database, Vault([NEW]), 2)
    await make(database, Vault(), auth_type="None", headers={}, query_params={}, credentials={})
    before = await list_connectors(database, Vault([NEW, OLD]), "default")
    first = await rotate_keys(database, Vault([NEW, OLD]))
    assert (first.encrypted, first.current, first.unreadable) == (4, 3, [])
    assert await stored_key_ids(database) == {NEW.id}
    assert await list_connectors(database, Vault([NEW]), "default") == before
    again = await rotate_keys(database, Vault([NEW]))
    assert (again.encrypted, again.current, again.unreadable) == (0, 7, [])


async def test_a_missing_key_refuses_to_start_and_is_named(database: Database) -> None:
    [connector] = await make(database, Vault([OLD]))
    assert await check_keys(database, Vault([NEW, OLD])) == []
    for vault in (Vault([NEW]), Vault()):
        with pytest.raises(Fatal) as caught:
            await check_keys(database, vault)
        assert f"{OLD.id} for 1 connectors, {connector.connector_id}" in str(caught.value)
        assert "hunter2" not in str(caught.value)
        rotation = await rotate_keys(database, vault)
        assert rotation.encrypted == 0
        assert len(rotation.unreadable) == 1
    assert (await get_connector(database, Vault([OLD]), "default", connector.connector_id)).config == connector.config


async def test_changed_and_swapped_values_are_found_and_do_not_stop_the_others(database: Database) -> None:
    vault = Vault([OLD])
    changed, first, second, field, whole = await make(database, vault, 5)
    await database.execute(
        "UPDATE api_connectors SET credentials_encrypted = set_bit(credentials_encrypted, 150,"
        " 1 - get_bit(credentials_encrypted, 150)) WHERE connector_id = %s",
        (changed.connector_id,),
    )
    await database.execute(
        "UPDATE api_connectors AS a SET credentials_encrypted = b.credentials_encrypted FROM api_connectors AS b"
        " WHERE a.connector_id <> b.connector_id AND ARRAY[a.connector_id, b.connector_id] <@ %s",
        ([first.connector_id, second.connector_id],),
    )
    await database.execute(
        "UPDATE api_connectors SET headers_encrypted = query_params_encrypted WHERE connector_id = %s",
        (field.connector_id,),
    )
    damaged = {changed.connector_id, first.connector_id, second.connector_id, field.connector_id}
    for found in (await check_keys(database, vault), (await rotate_keys(database, Vault([NEW, OLD]))).unreadable):
        assert len(found) == 4
        assert {connector_id for connector_id in damaged if any(connector_id in line for line in found)} == damaged
        assert "hunter2" not in str(found)
    for connector_id in damaged:
        with pytest.raises(Unreadable):
            await get_connector(database, Vault([NEW, OLD]), "default", connector_id)
    assert (await get_connector(database, Vault([NEW]), "default", whole.connector_id)).config == whole.config


async def test_rotation_while_others_read_and_write(database: Database) -> None:
    both = Vault([NEW, OLD])
    made = await make(database, Vault([OLD]), 40)
    done = asyncio.Event()
    reads = writes = 0

    async def read() -> None:
        nonlocal reads
        while not done.is_set():
            for connector in await list_connectors(database, both, "default"):
                assert connector.config.credentials["token"].startswith("hunter2")
                reads += 1

    async def write() -> None:
        nonlocal writes
        while not done.is_set():
            for number, connector in enumerate(made[:10]):
                config = read_config(FIELDS | {"credentials": {"token": f"hunter2-{number}"}})
                await update_connector(database, Vault([OLD]), "default", connector.connector_id, config)
                writes += 1

    async def rotate() -> None:
        for _ in range(5):
            await rotate_keys(database, both)
        done.set()

    await asyncio.wait_for(asyncio.gather(read(), write(), rotate()), 60)
    assert reads > 40
    assert writes > 10
    await rotate_keys(database, both)
    assert await stored_key_ids(database) == {NEW.id}
    after = {each.connector_id: each.config for each in await list_connectors(database, Vault([NEW]), "default")}
    for number, connector in enumerate(made):
        # What was written meanwhile is there: the rotation has put back no older value.
        token = f"hunter2-{number}" if number < 10 else "hunter2"
        assert after[connector.connector_id].credentials == {"token": token}


async def test_an_update_between_reading_and_writing_wins(database: Database) -> None:
    """The vault is asked while the row is read and not yet written: there the connector is changed."""
    [connector] = await make(database, Vault([OLD]))
    changed = read_config(FIELDS | {"credentials": {"token": "newer"}})
    pending = [update_connector(database, Vault([OLD]), "default", connector.connector_id, changed)]

    class Overtaken(Database):
        async def execute(self, *arguments: Any) -> int:
            while pending:
                await pending.pop()
            return await super().execute(*arguments)

    overtaken = Overtaken(database.conninfo, min_size=1, max_size=2)
    await overtaken.open()
    rotation = await rotate_keys(overtaken, Vault([NEW, OLD]))
    await overtaken.close()
    assert (rotation.encrypted, pending) == (1, [])
    assert (await get_connector(database, Vault([NEW]), "default", connector.connector_id)).config == changed


def environment(database: Database, **more: str) -> dict[str, str]:
    ours = {variable_name(name) for name in Settings.model_fields}
    parts = {name: quote(str(value), safe="") for name, value in conninfo_to_dict(database.conninfo).items()}
    url = "postgresql://{user}@/{dbname}?host={host}&port={port}".format(**parts)
    return {name: value for name, value in os.environ.items() if name not in ours} | {"DATABASE_URL": url} | more


async def run(directory: Path, variables: dict[str, str], *words: str) -> tuple[int, str]:
    return await asyncio.to_thread(run_and_watch, directory, variables, *words)


def run_and_watch(directory: Path, variables: dict[str, str], *words: str) -> tuple[int, str]:
    """Exit code and output of the program; its command line and its children's are looked at while it runs."""
    with subprocess.Popen(
        [PROGRAM, *words], cwd=directory, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        shown = []
        while process.poll() is None:
            try:
                watched = psutil.Process(process.pid)
                shown += [str(each.cmdline()) for each in (watched, *watched.children(recursive=True))]
            except psutil.Error:
                break
            time.sleep(0.02)
        output, _ = process.communicate(timeout=60)
    assert shown
    for text in (output, *shown):
        assert not [secret for secret in (OLD_TEXT, NEW_TEXT, "hunter2") if secret in text]
    return process.returncode, output


async def test_the_command_rotates_and_a_server_without_the_key_does_not_start(
    database: Database, tmp_path: Path
) -> None:
    await make(database, Vault([OLD]), 2)
    code, output = await run(tmp_path, environment(database), "rotate-keys")
    assert (code, output) == (1, "telemetra: there is no key: set ENCRYPTION_KEYS, the newest key first\n")
    wrong = environment(database, ENCRYPTION_KEY=NEW_TEXT)
    code, output = await run(tmp_path, wrong, "serve", "--port", str(free_port()))
    assert code == 1
    assert "telemetra: stored credentials cannot be decrypted, a key is missing: " + OLD.id in output
    code, output = await run(tmp_path, wrong, "rotate-keys")
    assert code == 1
    assert "0 connectors encrypted with the newest key, 0 had it already, 2 cannot be read." in output
    both = environment(database, ENCRYPTION_KEYS=f"{NEW_TEXT},{OLD_TEXT}")
    code, output = await run(tmp_path, both, "rotate-keys")
    assert (code, output) == (
        0,
        "2 connectors encrypted with the newest key, 0 had it already, 0 cannot be read.\n",
    )
    assert await check_keys(database, Vault([NEW])) == []


async def test_check_config_names_bad_keys_and_hosts_and_never_shows_them(database: Database, tmp_path: Path) -> None:
    bad = environment(database, ENCRYPTION_KEYS=f"{NEW_TEXT},hunter2", EGRESS_ALLOW="a.lan,http://hunter2")
    code, output = await run(tmp_path, bad, "check-config")
    assert code == 2
    assert [line.split(" is ")[0] for line in output.splitlines()] == [
        "telemetra: ENCRYPTION_KEYS: entry 2",
        "telemetra: EGRESS_ALLOW: entry 2",
    ]
