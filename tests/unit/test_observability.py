"""Metrics, logs and traces as an operator meets them."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
import structlog
from pydantic import SecretStr
from structlog.contextvars import bound_contextvars

from telemetra.errors import Fatal
from telemetra.observability import Metrics, configure_logging, current_correlation_id
from telemetra.tracing import Tracer


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The log output as JSON lines; the process's logging is put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logging("INFO", "json", stream)
    yield stream
    root.handlers, root.level = handlers, level
    logging.getLogger("telemetra").setLevel(logging.NOTSET)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_two_sets_of_metrics_share_nothing() -> None:
    one, other = Metrics(), Metrics()
    one.intake_events.labels("accepted", "").inc(3)
    assert b'telemetra_intake_events_total{outcome="accepted",reason=""} 3.0' in one.render()
    assert b"telemetra_intake_events_total{" not in other.render()


def test_the_process_and_the_version_are_shown() -> None:
    text = Metrics().render()
    assert b"process_start_time_seconds" in text
    assert b"telemetra_build_info{version=" in text


def test_log_lines_carry_the_correlation_id(log: io.StringIO) -> None:
    with bound_contextvars(correlation_id="c-1"):
        assert current_correlation_id() == "c-1"
        structlog.get_logger("telemetra.test").info("taken", events=3)
        logging.getLogger("some.library").warning("hm %s", 1)
    assert current_correlation_id() is None
    structlog.get_logger("telemetra.test").info("after")
    own, foreign, after = lines(log)
    assert (own["event"], own["events"], own["correlation_id"]) == ("taken", 3, "c-1")
    assert own["level"] == "info"
    assert own["logger"] == "telemetra.test"
    assert str(own["timestamp"]).endswith("Z")
    assert (foreign["event"], foreign["correlation_id"]) == ("hm 1", "c-1")
    assert "correlation_id" not in after


def test_levels_below_the_chosen_one_are_left_out(log: io.StringIO) -> None:
    structlog.get_logger("telemetra.test").debug("no")
    logging.getLogger("some.library").info("no")
    assert lines(log) == []


def test_secrets_are_never_logged(log: io.StringIO) -> None:
    logger = structlog.get_logger("telemetra.test")
    logger.info("a", password="hunter2", headers={"Authorization": "Bearer hunter2"}, secret=SecretStr("hunter2"))
    logger.info("b", target=SecretStr("hunter2"), url="postgresql://u:hunter2@h/d", urls=["redis://:hunter2@h"])
    logging.getLogger("some.library").warning("cannot reach postgresql://u:hunter2@h/d")
    try:
        raise ValueError("bad postgresql://u:hunter2@h/d")
    except ValueError:
        hunter = "hunter2"  # a local variable of the frame that the traceback shows
        logger.exception("c")
        del hunter
    assert "hunter2" not in log.getvalue()
    assert "ValueError: bad postgresql://u:**********@h/d" in str(lines(log)[3]["exception"])


def test_the_console_form_is_one_readable_line(log: io.StringIO) -> None:
    configure_logging("INFO", "console", log)
    structlog.get_logger("telemetra.test").info("ready", port=8000)
    [line] = log.getvalue().splitlines()
    assert "ready" in line
    assert "port=8000" in line


class Collector(BaseHTTPRequestHandler):
    """Keeps the bodies of what is posted, answers 200."""

    bodies: list[tuple[str, bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies.append((self.path, body))  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Quiet."""


def test_spans_reach_the_collector() -> None:
    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        server.bodies = []  # type: ignore[attr-defined]
        thread = Thread(target=server.serve_forever)
        thread.start()
        tracer = Tracer(f"http://127.0.0.1:{server.server_port}/v1/traces")
        with tracer.span("checkpoint", items=7):
            pass
        with pytest.raises(KeyError), tracer.span("request"):
            raise KeyError("x")
        tracer.close()
        server.shutdown()
        thread.join()
        [(path, _), *_rest] = server.bodies  # type: ignore[attr-defined]
        sent = b"".join(body for _, body in server.bodies)  # type: ignore[attr-defined]
    assert path == "/v1/traces"
    assert b"checkpoint" in sent
    assert b"KeyError" in sent


def test_without_an_endpoint_spans_do_nothing() -> None:
    tracer = Tracer()
    with tracer.span("checkpoint", items=1):
        pass
    tracer.close()


def test_a_missing_extra_is_named_with_its_install_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(Fatal, match=r"OTLP_ENDPOINT needs .*: pip install 'telemetra\[otlp\]'"):
        Tracer("http://127.0.0.1:1")
