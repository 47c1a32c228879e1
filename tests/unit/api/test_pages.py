from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from api.routers.pages import WEB

LARGEST_BUNDLE = 150_000
FOREIGN = re.compile(rb"""(?:src|href|url|import)\s*[=(]\s*["']?(?:https?:)?//""")


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/static/app.js", "/static/app.css", "/vendor/swagger-ui/swagger-ui.css"]
)
def test_a_page_is_asked_about_each_time(client: TestClient, path: str) -> None:
    got = client.get(path)
    assert (got.status_code, got.headers["cache-control"]) == (200, "no-cache")


@pytest.mark.parametrize("name", ["index.html", "docs.html", "docs.js", "app.css"])
def test_nothing_is_loaded_from_elsewhere(name: str) -> None:
    assert FOREIGN.search((WEB / "static" / name).read_bytes()) is None


@pytest.mark.parametrize("name", ["index.html", "docs.html"])
def test_no_script_or_style_stands_in_a_page(name: str) -> None:
    text = (WEB / "static" / name).read_text(encoding="utf-8")
    assert not re.search(r"<style|<script(?![^>]*src=)|\son\w+=|\sstyle=", text)


def test_the_script_is_small() -> None:
    assert (WEB / "static" / "app.js").stat().st_size < LARGEST_BUNDLE


def test_what_others_wrote_comes_with_its_licence() -> None:
    assert (WEB / "vendor" / "swagger-ui" / "LICENSE").is_file()
    assert (WEB / "static" / "fonts" / "LICENSE").is_file()
    licences = (WEB / "static" / "LICENSES.txt").read_text(encoding="utf-8")
    assert all(name in licences for name in ("preact", "htm", "marked", "dompurify", "eventsource-parser"))


def test_the_lock_names_no_registry() -> None:
    assert "resolved" not in (WEB / "source" / "package-lock.json").read_text(encoding="utf-8")
