"""A running server as the command line sees it: JSON over HTTP, and its problems as the errors of errors.py."""

from __future__ import annotations

from typing import Any

import httpx

from telemetra.errors import Fatal, Invalid, InvalidFields, NotFound, TelemetraError, Unavailable

TIMEOUT_SECONDS = 30.0


class Server:
    """Raises `Unavailable` when nobody answers, `Fatal` when it is no Telemetra, else what the server's problem is."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The decoded answer."""
        try:
            with httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
                return decoded(client.request(method, self.url + path, **_content(body)), self.url)
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise _unreachable(self.url, error) from None


class AsyncServer:
    """The same for a loop; `client` is the caller's to close."""

    def __init__(self, url: str, client: httpx.AsyncClient) -> None:
        self.url = url.rstrip("/")
        self._client = client

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        try:
            return decoded(await self._client.request(method, self.url + path, **_content(body)), self.url)
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise _unreachable(self.url, error) from None


def is_telemetra(url: str) -> bool:
    """Whether a Telemetra server answers there now."""
    try:
        answer = httpx.get(f"{url}/", timeout=3.0, trust_env=False)
        return bool(answer.status_code == 200 and answer.json().get("status") == "running")
    except (httpx.TransportError, ValueError, AttributeError):
        return False


def decoded(answer: httpx.Response, url: str) -> Any:
    """The JSON of an answer; the error that a problem stands for."""
    try:
        document = answer.json()
    except ValueError:
        raise Fatal(f"{url} is no Telemetra server: it answered {answer.status_code} and no JSON") from None
    if answer.is_success:
        return document
    raise _error(document if isinstance(document, dict) else {}, answer.status_code)


def _error(problem: dict[str, Any], status: int) -> TelemetraError:
    detail = str(problem.get("detail") or f"the server answered {status}")
    code = str(problem.get("error_code") or "error")
    if status == 404:
        return NotFound(detail)
    if status in (429, 503):
        return Unavailable(detail)
    if not 400 <= status < 500:
        return Fatal(detail)
    fields = [each for each in problem.get("errors") or () if isinstance(each, dict)]
    errors = [Invalid(str(each.get("detail")), code=str(each.get("code")), field=each.get("field")) for each in fields]
    if len(errors) > 1:
        return InvalidFields(errors)
    return errors[0] if errors else Invalid(detail, code=code)


def _content(body: Any) -> dict[str, Any]:
    return {} if body is None else {"json": body}


def _unreachable(url: str, error: Exception) -> TelemetraError:
    reason = str(error) or type(error).__name__
    return Unavailable(
        f"no server answers on {url} ({reason}): start one with `telemetra serve`, or name it with --url"
    )
