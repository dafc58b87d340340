"""What every answer of the API has to look like."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

VOICE = {
    "id", "engine", "name", "language", "gender", "kind", "available", "tokensPerCharacter", "maxCharacters",
    "turnaround", "previewUrl",
}  # fmt: skip
GENERATION = {
    "id", "dotId", "title", "status", "progress", "awaiting", "dueAt", "replaces", "source", "synthetic", "text",
    "characters", "tokens", "refunded", "voice", "language", "speed", "pitch", "audio", "qr", "playUrl", "error",
    "createdAt", "startedAt", "finishedAt",
}  # fmt: skip
AUDIO = {"url", "expiresAt", "contentType", "bytes", "durationSeconds", "captionsUrl"}
DOT = {
    "id", "code", "slug", "title", "description", "playUrl", "printUrl", "status", "active", "startsAt", "expiresAt",
    "maxPlays", "hasPassword", "tags", "autoplay", "defaultLanguage", "renditions", "link", "design", "totals",
    "createdAt", "updatedAt",
}  # fmt: skip
RENDITION = {"language", "generationId", "voice", "durationSeconds"}
DESIGN = {"foreground", "background", "moduleStyle", "errorCorrection", "logoUploadId", "caption"}

NO_SUCH_ID = "123e4567-e89b-12d3-a456-426614174000"


def data_of(response: HttpResponse, status: int = 200) -> Any:
    """The data of a success, in its envelope."""
    assert response.status_code == status, response.content
    body = response.json()
    assert body.keys() == {"success", "data"}, body
    assert body["success"] is True
    return body["data"]


def rows_of(response: HttpResponse) -> list[Any]:
    """The rows of a list, in its envelope."""
    assert response.status_code == 200, response.content
    body = response.json()
    assert body.keys() == {"success", "data", "meta"}, body
    assert body["success"] is True
    assert body["meta"].keys() == {"limit", "nextCursor", "previousCursor"}
    return body["data"]


def refused(response: HttpResponse, status: int, code: str, *fields: str) -> dict[str, Any]:
    """The error of a refusal, in its envelope; ``fields`` are all that a VALIDATION_ERROR names."""
    assert response.status_code == status, response.content
    assert response["Content-Type"].startswith("application/json")
    body = response.json()
    assert body.keys() == {"success", "error"}, body
    assert body["success"] is False
    error = body["error"]
    assert error["code"] == code, error
    assert error["message"]
    assert response["X-Request-Id"]
    if code == "VALIDATION_ERROR":
        assert sorted(error["details"]) == sorted(fields), error
        assert all(
            messages and all(isinstance(text, str) for text in messages) for messages in error["details"].values()
        )
    return error


def wrong_methods(client: Any, url: str, *allowed: str) -> None:
    """Every other method is answered with 405 and says which there are."""
    for method in {"get", "post", "put", "patch", "delete"} - {name.lower() for name in allowed}:
        response = getattr(client, method)(url, {}, format="json")
        refused(response, 405, "METHOD_NOT_ALLOWED")
        assert {name.strip() for name in response["Allow"].split(",")} - {"OPTIONS", "HEAD"} == set(allowed), method


def strangers(api: Any, charlie: Any, method: str, url: str, body: Any = None) -> None:
    """No credentials and bad ones: 401. Somebody else's: as if it were not there."""
    refused(getattr(api(), method)(url, body, format="json"), 401, "UNAUTHORIZED")
    forged = api()
    forged.credentials(HTTP_AUTHORIZATION="Bearer not.a.token")
    refused(getattr(forged, method)(url, body, format="json"), 401, "UNAUTHORIZED")
    if charlie is not None:
        refused(getattr(api(charlie), method)(url, body, format="json"), 404, "NOT_FOUND")


def both_forms(client: Any, url: str) -> None:
    """With and without a trailing slash it answers the same, without a redirect."""
    with_slash, without = client.get(f"{url}/"), client.get(url)
    assert with_slash.status_code == without.status_code == 200
    assert with_slash.content == without.content


def walk(client: Any, url: str, *, meanwhile: Any = None) -> list[Any]:
    """Every row, page by page; ``meanwhile`` is called between two pages."""
    rows, cursor = [], None
    while True:
        separator = "&" if "?" in url else "?"
        response = client.get(url + (f"{separator}cursor={cursor}" if cursor else ""))
        rows += rows_of(response)
        cursor = response.json()["meta"]["nextCursor"]
        if cursor is None:
            return rows
        if meanwhile:
            meanwhile()
