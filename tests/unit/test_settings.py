"""Settings: where they come from, and that everything wrong is named."""

from pathlib import Path

import pytest

from telemetra.settings import InvalidSettings, Settings, is_loopback, load_settings, variable_name
from telemetra.settings_fields import SECTIONS


@pytest.fixture(autouse=True)
def clean_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory and none of our variables."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(variable_name(name), raising=False)
    return tmp_path


def problems(**overrides: object) -> list[str]:
    with pytest.raises(InvalidSettings) as caught:
        load_settings(**overrides)
    return caught.value.problems


def test_precedence_is_option_environment_file_default(clean_place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().port == 8000
    (clean_place / ".env").write_text("PORT=8001\n")
    assert load_settings().port == 8001
    monkeypatch.setenv("PORT", "8002")
    assert load_settings().port == 8002
    assert load_settings(port=8003).port == 8003
    assert load_settings(port=None).port == 8002


def test_an_empty_variable_counts_as_unset(clean_place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "")
    monkeypatch.setenv("REDIS_URL", "")
    (clean_place / ".env").write_text("DATABASE_URL=\n")
    settings = load_settings()
    assert settings.port == 8000
    assert settings.database_url is None


def test_a_variable_may_be_named_otherwise_than_its_field(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATERMARK_DELAY", "7")
    assert load_settings().watermark_delay_seconds == 7
    assert load_settings(watermark_delay_seconds=8).watermark_delay_seconds == 8


def test_sizes_take_units(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTAKE_MAX_BODY_BYTES", "9MiB")
    assert load_settings().intake_max_body_bytes == 9 * 2**20


def test_origins_are_a_comma_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORS_ORIGINS", "http://localhost:3000, https://a.example/")
    assert load_settings().cors_origins == ("http://localhost:3000", "https://a.example")


@pytest.mark.parametrize("origin", ["*", "localhost:3000", "http://a.example/path", "ftp://a.example", "https://"])
def test_what_is_no_origin_is_refused(origin: str) -> None:
    [line] = problems(cors_origins=origin)
    assert line.startswith("CORS_ORIGINS: ")


@pytest.mark.parametrize(
    ("written", "suggested"),
    [
        ("PROT", "PORT"),
        ("TELEMETRA_PORT", "PORT"),
        ("watermark_dealy", "WATERMARK_DELAY"),
        ("DATABSE_URL", "DATABASE_URL"),
    ],
)
def test_unknown_names_in_the_file_are_refused(clean_place: Path, written: str, suggested: str) -> None:
    (clean_place / ".env").write_text(f"{written}=1\n")
    assert problems() == [f"{written.upper()}: no such setting; did you mean {suggested}?"]


def test_unknown_names_with_our_prefix_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEMETRA_XYZZY", "1")
    assert problems() == ["TELEMETRA_XYZZY: no such setting"]


def test_an_unknown_option_is_refused() -> None:
    [line] = problems(prot=1)
    assert line.startswith("PROT: ")


def test_settings_of_parts_to_come_are_refused(clean_place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://localhost")
    (clean_place / ".env").write_text("KAFKA_BROKERS=localhost:9092\n")
    assert problems() == [
        "REDIS_URL: this version has no Redis yet; remove the setting",
        "KAFKA_BROKERS: this version has no Kafka yet; remove the setting",
    ]


def test_all_problems_are_listed_at_once(clean_place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (clean_place / ".env").write_text("PROT=1\n")
    monkeypatch.setenv("WATERMARK_DELAY", "-1")
    monkeypatch.setenv("PORT", "http")
    assert {line.partition(":")[0] for line in problems()} == {"PROT", "WATERMARK_DELAY", "PORT"}


@pytest.mark.parametrize(
    ("field", "overrides"),
    [
        ("HOST", {"host": "0.0.0.0"}),
        ("HOST", {"host": "example.org"}),
        ("DB_POOL_MIN", {"db_pool_min": 30}),
        ("INTAKE_MAX_EVENT_BYTES", {"intake_max_event_bytes": "9MiB"}),
        ("INTAKE_QUEUE_BYTES", {"intake_queue_bytes": "1MiB"}),
        ("STALE_AFTER", {"stale_after_seconds": 601}),
        ("POSTGRES_DB", {"postgres_db": "x"}),
        ("POSTGRES_HOST", {"postgres_host": "b", "database_url": "postgresql://a/x"}),
        ("POSTGRES_PORT", {"postgres_port": 1, "database_url": "postgresql://a/x"}),
        ("POSTGRES_PASSWORD", {"postgres_password": "p", "database_url": "postgresql://u:q@a/x"}),
    ],
)
def test_contradictions_begin_with_the_setting(field: str, overrides: dict[str, object]) -> None:
    [line] = problems(**overrides)
    assert line.startswith(f"{field}: ")


def test_agreeing_database_settings_are_accepted() -> None:
    settings = load_settings(
        database_url="postgresql://u:p%40@db:5433/x",
        postgres_host="db",
        postgres_port=5433,
        postgres_user="u",
        postgres_password="p@",
        postgres_db="x",
    )
    assert settings.external_database_url() == settings.database_url


@pytest.mark.parametrize(
    "url", ["mysql://a/b", "postgresql+asyncpg://a/b", "postgresql://a:99999/b", "postgresql://a:0/b"]
)
def test_what_is_no_database_url_is_refused_and_not_repeated(url: str) -> None:
    [line] = problems(database_url=url)
    assert line.startswith("DATABASE_URL: ")
    assert url not in line


def test_the_external_database_is_made_of_its_parts() -> None:
    assert load_settings().external_database_url() is None
    url = load_settings(postgres_host="::1", postgres_password="p@/:").external_database_url()
    assert url is not None
    assert url.get_secret_value() == "postgresql://telemetra:p%40%2F%3A@[::1]:5432/telemetra"
    socket = load_settings(postgres_host="/run/postgresql").external_database_url()
    assert socket is not None
    assert socket.get_secret_value() == "postgresql://telemetra@%2Frun%2Fpostgresql:5432/telemetra"


def test_secrets_do_not_print(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTGRES_PASSWORD", "hunter2")
    settings = load_settings(postgres_host="db")
    for shown in (repr(settings), str(settings), settings.model_dump_json(), repr(settings.external_database_url())):
        assert "hunter2" not in shown


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().port = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("a", False),
    ],
)
def test_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_every_field_is_described_and_stands_in_one_section() -> None:
    in_sections = [name for section in SECTIONS for name in section.model_fields]
    assert sorted(in_sections) == sorted(Settings.model_fields)
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
