from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from api.security.local import is_loopback, require_loopback
from core.errors import Forbidden
from core.settings import Settings


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "192.168.1.5", "", "localhost.evil.example", "[::2]"]
)
def test_a_request_for_another_host_is_refused(client: TestClient, host: str) -> None:
    refused = client.get("/v1/equipment", headers={"Host": host})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:8080", "[::1]:8080", "127.0.0.2"])
def test_this_machine_may_call(client: TestClient, host: str) -> None:
    assert client.get("/livez", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:9999", "http://localhost:8080"])
def test_another_page_may_not_call(client: TestClient, origin: str) -> None:
    refused = client.post("/v1/chat", json={"message": "?"}, headers={"Origin": origin})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


def test_our_own_page_may_call(client: TestClient) -> None:
    headers = {"Origin": "http://127.0.0.1:8080"}
    assert client.post("/v1/chat", json={"message": "?"}, headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/", "/livez", "/nothing", "/static/app.js", "/docs"])
def test_every_answer_forbids_what_comes_from_elsewhere(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'self'; script-src 'self';")
    assert headers["x-content-type-options"] == "nosniff"


def test_no_cross_origin_grant_is_ever_given(client: TestClient) -> None:
    assert "access-control-allow-origin" not in client.get("/livez").headers


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "copilot.example"])
def test_local_mode_does_not_listen_for_other_machines(host: str) -> None:
    with pytest.raises(Forbidden, match="COPILOT_HOST"):
        require_loopback(Settings(host=host))


def test_loopback_addresses_are_known() -> None:
    assert all(map(is_loopback, ["127.0.0.1", "127.1.2.3", "::1", "localhost"]))
