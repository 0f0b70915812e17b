"""Sealed values open with their key in their place, and nowhere else."""

from __future__ import annotations

import base64
import pickle
import secrets
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetra.encryption_keys import EncryptionKey, parse_key, parse_keys
from telemetra.errors import Fatal, Invalid, Unreadable
from telemetra.settings import InvalidSettings, load_settings
from telemetra.store.key_file import KEY_FILE, make_key, read_key
from telemetra.store.vault import Vault, key_id_of, make_vault

OLD, NEW = EncryptionKey(bytes(range(32))), EncryptionKey(bytes(range(100, 132)))
HERE: dict[str, str] = {"connector_id": "conn_0123456789ab", "field": "credentials"}
VALUE = {"secret": "hunter2", "key": "ünï"}


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_what_is_sealed_opens(value: Any) -> None:
    vault = Vault([OLD])
    try:
        sealed = vault.seal(value, **HERE)
    except UnicodeEncodeError:  # a lone surrogate is no JSON text
        return
    assert vault.open(sealed, **HERE) == value


def test_no_two_sealed_values_are_alike_and_none_shows_its_content() -> None:
    vault = Vault([OLD])
    sealed = {vault.seal(VALUE, **HERE) for _ in range(1000)}
    assert len(sealed) == len({each[5:17] for each in sealed}) == 1000
    assert all(b"hunter2" not in each for each in sealed)


def test_a_flipped_bit_anywhere_is_refused() -> None:
    vault = Vault([OLD])
    sealed = vault.seal(VALUE, **HERE)
    for place in range(len(sealed) * 8):
        broken = bytearray(sealed)
        broken[place // 8] ^= 1 << place % 8
        with pytest.raises(Unreadable) as caught:
            vault.open(bytes(broken), **HERE)
        assert "hunter2" not in str(caught.value)


def test_a_cut_or_lengthened_value_is_refused() -> None:
    vault = Vault([OLD])
    sealed = vault.seal(VALUE, **HERE)
    for broken in (*(sealed[:length] for length in range(len(sealed))), sealed + b"\0"):
        with pytest.raises(Unreadable):
            vault.open(broken, **HERE)


@pytest.mark.parametrize(
    "place",
    [
        {"connector_id": "conn_0123456789ac", "field": "credentials"},
        {"connector_id": "conn_0123456789ab", "field": "headers"},
        {"connector_id": "conn_0123456789abc", "field": "redentials"},
    ],
)
def test_a_value_of_another_place_is_refused(place: dict[str, str]) -> None:
    sealed = Vault([OLD]).seal(VALUE, **HERE)
    with pytest.raises(Unreadable, match="belongs to another field") as caught:
        Vault([OLD]).open(sealed, **place)
    assert place["field"] in str(caught.value)
    assert place["connector_id"] in str(caught.value)


def test_a_key_that_is_not_there_is_named_by_its_id() -> None:
    sealed = Vault([OLD]).seal(VALUE, **HERE)
    with pytest.raises(Unreadable) as caught:
        Vault([NEW]).open(sealed, **HERE)
    assert caught.value.key_id == OLD.id == key_id_of(sealed)
    assert f"the key {OLD.id}, which is not in ENCRYPTION_KEYS (known: {NEW.id})" in str(caught.value)


def test_the_first_key_seals_and_all_open() -> None:
    sealed = Vault([OLD]).seal(VALUE, **HERE)
    both = Vault([NEW, OLD])
    assert both.open(sealed, **HERE) == VALUE
    assert key_id_of(both.seal(VALUE, **HERE)) == NEW.id


def test_without_a_key_nothing_is_stored() -> None:
    with pytest.raises(Invalid, match="ENCRYPTION_KEYS") as caught:
        Vault().seal(VALUE, **HERE)
    assert (caught.value.code, caught.value.field) == ("no_encryption_key", "credentials")


def test_nothing_of_a_key_shows() -> None:
    for shown in (repr(OLD), str(OLD), f"{OLD}", repr(Vault([OLD])), str(vars(Vault([OLD])))):
        assert OLD.reveal().hex() not in shown
        assert repr(OLD.reveal())[2:-1] not in shown
    with pytest.raises(TypeError):
        pickle.dumps(OLD)


def test_a_key_is_written_in_three_ways() -> None:
    key = secrets.token_bytes(32)
    written = (base64.b64encode(key), base64.urlsafe_b64encode(key), base64.b64encode(key).rstrip(b"="))
    assert {parse_key(text.decode()).reveal() for text in written} == {key}
    assert parse_key(key.hex()).reveal() == parse_key(key.hex().upper()).reveal() == key
    assert parse_key("a-sentence-of-thirty-two-letters").reveal() == b"a-sentence-of-thirty-two-letters"
    assert parse_key("ünsere-32-zeichen-als-utf8-text").reveal() == "ünsere-32-zeichen-als-utf8-text".encode()


@pytest.mark.parametrize(
    "text", ["hunter2", "32-character-encryption-key", "x" * 33, "0" * 64, "a" * 32, "ü" * 32, "A" * 43]
)
def test_what_is_no_key_is_refused_and_not_repeated(text: str) -> None:
    for name in ("ENCRYPTION_KEY", "ENCRYPTION_KEYS"):
        with pytest.raises(InvalidSettings) as caught:
            load_settings(**{name.lower(): text})
        [line] = caught.value.problems
        assert line.startswith(f"{name}: ")
        assert text not in line


def test_the_place_of_a_bad_key_is_said() -> None:
    good = secrets.token_hex(32)
    for text, told in ((f"{good},hunter2", "entry 2 is no key"), (f"{good},{good}", "entry 2 stands there twice")):
        with pytest.raises(ValueError, match=told):
            parse_keys(text)
    with pytest.raises(ValueError, match="no key"):
        parse_keys(" , ")


def test_the_one_key_alone_is_the_only_key() -> None:
    one, other = secrets.token_hex(32), secrets.token_hex(32)
    assert [key.id for key in load_settings(encryption_key=one).vault_keys()] == [parse_key(one).id]
    both = load_settings(encryption_key=one, encryption_keys=f"{other}, {one}").vault_keys()
    assert [key.id for key in both] == [parse_key(other).id, parse_key(one).id]
    with pytest.raises(InvalidSettings, match="ENCRYPTION_KEY: is not among ENCRYPTION_KEYS"):
        load_settings(encryption_key=one, encryption_keys=other)
    assert one not in repr(load_settings(encryption_key=one)) + load_settings(encryption_key=one).model_dump_json()


def test_the_embedded_database_makes_its_key_when_one_is_needed(tmp_path: Path) -> None:
    path = tmp_path / "data" / KEY_FILE
    vault = make_vault(load_settings(data_dir=tmp_path / "data"))
    assert vault.key_ids == ()
    assert not path.exists()
    sealed = vault.seal(VALUE, **HERE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    written = path.read_bytes()
    again = make_vault(load_settings(data_dir=tmp_path / "data"))
    assert again.open(sealed, **HERE) == VALUE
    assert again.seal(VALUE, **HERE)[1:5] == sealed[1:5]
    assert path.read_bytes() == written
    assert [each.name for each in path.parent.iterdir()] == [KEY_FILE]


def test_keys_that_are_set_win_over_the_file(tmp_path: Path) -> None:
    make_key(tmp_path / KEY_FILE)
    settings = load_settings(data_dir=tmp_path, encryption_key=OLD.reveal().hex())
    assert make_vault(settings).key_ids == (OLD.id,)


def test_an_external_database_makes_no_key(tmp_path: Path) -> None:
    vault = make_vault(load_settings(data_dir=tmp_path, database_url="postgresql://db/x"))
    with pytest.raises(Invalid, match="ENCRYPTION_KEYS"):
        vault.seal(VALUE, **HERE)
    assert list(tmp_path.iterdir()) == []


def test_many_who_make_the_key_at_once_have_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(make_key, [tmp_path / KEY_FILE] * 16))
    assert {key.id for key in keys} == {keys[0].id}


@pytest.mark.parametrize(("mode", "told"), [(0o640, "may be read by others"), (0o604, "may be read by others")])
def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path, mode: int, told: str) -> None:
    path = tmp_path / KEY_FILE
    make_key(path)
    path.chmod(mode)
    with pytest.raises(Fatal, match=told):
        read_key(path)


def test_a_key_file_without_a_key_is_refused_and_not_repeated(tmp_path: Path) -> None:
    path = tmp_path / KEY_FILE
    path.write_text("hunter2")
    path.chmod(0o600)
    with pytest.raises(Fatal, match="is no key") as caught:
        read_key(path)
    assert "hunter2" not in str(caught.value)
    with pytest.raises(Fatal, match="is no key"):
        make_key(path)
    assert path.read_text() == "hunter2"
