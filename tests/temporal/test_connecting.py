"""A server that cannot be connected to: one line says what is wrong with it and what to set."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from tests.temporal.odd_servers import (
    CERTIFICATES,
    closes,
    http1,
    page,
    refuses,
    says_nothing,
    serving,
)
from tqrun.errors import TqrunError, UsageError
from tqrun.temporal import client
from tqrun.temporal.client import Connection, connect

CA = {"TEMPORAL_TLS_SERVER_CA_CERT_PATH": str(CERTIFICATES / "server.pem")}
NAMED = CA | {"TEMPORAL_TLS_SERVER_NAME": "temporal.test"}
WRONG_CA = NAMED | {"TEMPORAL_TLS_SERVER_CA_CERT_PATH": str(CERTIFICATES / "other.pem")}
CERTIFICATE = {
    "TEMPORAL_TLS_CLIENT_CERT_PATH": str(CERTIFICATES / "client.pem"),
    "TEMPORAL_TLS_CLIENT_KEY_PATH": str(CERTIFICATES / "client.pem"),
}
WRONG_KEY = CERTIFICATE | {"TEMPORAL_TLS_CLIENT_KEY_PATH": str(CERTIFICATES / "server.pem")}
KEY = {"TEMPORAL_API_KEY": "s3cret", "TEMPORAL_TLS": "false"}
CLIENT = "TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH"
ELSEWHERE = 'start one with "tqrun dev", or say where it is with --address'
TLS, PLAIN = {"tls": True}, {"tls": False}
ANSWERS = refuses(b"5", b"not found")


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("TEMPORAL_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", os.devnull)


async def failure(address: str) -> TqrunError:
    with pytest.raises(TqrunError) as failed:
        await connect(Connection(address=address), "default")
    return failed.value


@pytest.mark.parametrize(
    ("handler", "server", "environment", "told"),
    [
        (ANSWERS, TLS, {}, "it closes the connection; if it expects TLS, set TEMPORAL_TLS to true"),
        (
            closes,
            PLAIN,
            {},
            "it closes the connection; if it expects TLS, set TEMPORAL_TLS to true",
        ),
        (
            http1,
            PLAIN,
            {},
            "it does not speak gRPC; it may expect TLS: set TEMPORAL_TLS to true; "
            f"else {ELSEWHERE}",
        ),
        (
            ANSWERS,
            PLAIN,
            NAMED,
            "it does not speak TLS, and the client is configured to; set TEMPORAL_TLS to false",
        ),
        (
            ANSWERS,
            TLS,
            CA,
            "its certificate is for temporal.test, not for 127.0.0.1; "
            "connect by a name that it has, or set TEMPORAL_TLS_SERVER_NAME to it",
        ),
        (
            ANSWERS,
            TLS,
            CA | {"TEMPORAL_TLS_SERVER_NAME": "other.test"},
            "its certificate is for temporal.test, not for other.test; "
            "connect by a name that it has, or set TEMPORAL_TLS_SERVER_NAME to it",
        ),
        (
            ANSWERS,
            TLS,
            WRONG_CA,
            "the configured CA has not signed its certificate; "
            "set TEMPORAL_TLS_SERVER_CA_CERT_PATH to the CA that has",
        ),
        (
            ANSWERS,
            TLS,
            {"TEMPORAL_TLS": "true"},
            "no authority known here has signed its certificate; "
            "set TEMPORAL_TLS_SERVER_CA_CERT_PATH to the CA that has",
        ),
        (
            ANSWERS,
            {"tls": True, "client_ca": "other.pem"},
            NAMED,
            f"it closes the connection; if it asks for a client certificate, set {CLIENT}",
        ),
        (
            ANSWERS,
            {"tls": True, "client_ca": "other.pem"},
            NAMED | CERTIFICATE,
            f"it closes the connection; it may not accept the certificate of {CLIENT}",
        ),
        (
            page(b"403"),
            PLAIN,
            KEY,
            "it answers 403 Forbidden; check the API key, and that it may use the namespace",
        ),
        (
            page(b"401"),
            PLAIN,
            {},
            f"it answers 401 Unauthorized; set TEMPORAL_API_KEY, or {CLIENT}",
        ),
        (
            page(b"502"),
            PLAIN,
            KEY,
            f"it answers 502 Bad Gateway, as a proxy or a web server does; {ELSEWHERE}",
        ),
        (
            refuses(b"16", b"bad key"),
            PLAIN,
            KEY,
            "it says bad key; check the API key, and that it may use the namespace",
        ),
        (
            refuses(b"7", b"Request unauthorized."),
            PLAIN,
            KEY,
            "it says Request unauthorized.; check the API key, and that it may use the namespace",
        ),
        (refuses(b"14", b"shard down"), PLAIN, {}, f"shard down; {ELSEWHERE}"),
    ],
)
async def test_it_is_told_what_is_wrong_and_what_to_set(
    monkeypatch: pytest.MonkeyPatch,
    handler: Any,
    server: dict[str, Any],
    environment: dict[str, str],
    told: str,
) -> None:
    for name, text in environment.items():
        monkeypatch.setenv(name, text)
    # A broken handshake is logged by the test's own server.
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    async with serving(handler, **server) as address:
        assert str(await failure(address)) == f"no Temporal server at {address}: {told}"
    asyncio.get_running_loop().set_exception_handler(None)


async def test_a_server_that_says_nothing_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client, "CONNECT_SECONDS", 0.5)
    async with serving(says_nothing) as address:
        told = str(await failure(address))
    hint = "it may expect TLS: set TEMPORAL_TLS to true"
    assert told == f"{address} does not answer as a Temporal server; {hint}"


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        (
            NAMED | WRONG_KEY,
            "the client certificate and the private key do not belong together",
        ),
        (
            NAMED | {"TEMPORAL_TLS_SERVER_NAME": "no name!"},
            "the server name is not a host name; correct TEMPORAL_TLS_SERVER_NAME",
        ),
        ({"TEMPORAL_TLS_SERVER_CA_CERT_DATA": "s3cret"}, "the server's CA certificate is not in"),
        ({"TEMPORAL_API_KEY": "s3cret\n"}, "the API key holds a character that no key has"),
        ({"TEMPORAL_TLS": "s3cret"}, 'TEMPORAL_TLS is "s3cret"; write true or false'),
        (
            {"TEMPORAL_TLS_DISABLE_HOST_VERIFICATION": "true"},
            "TEMPORAL_TLS_DISABLE_HOST_VERIFICATION is set, which Temporal's Python SDK does not",
        ),
    ],
)
async def test_what_no_server_could_make_good_is_refused(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], told: str
) -> None:
    for name, text in environment.items():
        monkeypatch.setenv(name, text)
    async with serving(ANSWERS, tls=True) as address:
        error = await failure(address)
    assert isinstance(error, UsageError)
    assert told in str(error)
    assert "\n" not in str(error)


PROFILE = '[profile.default]\naddress = "localhost:7233"\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f'{PROFILE}api_key "s3cret"\n', ":3:9: not valid TOML"),
        (f"{PROFILE}api_key = s3cret\n", ":3:11: not valid TOML"),
        (f'{PROFILE}api_key = "s3cret\n', ":3:18: not valid TOML"),
        (f'{PROFILE}tls = "s3cret"\n', ":3:7: string where something else is expected"),
        (f'{PROFILE}api_key = "s3cret"\napi_key = "s3cret"\n', ":4:1: duplicate key"),
        (
            f'{PROFILE}adress = "s3cret"\n',
            ":3:1: unknown field `adress`, expected one of `address`, `namespace`, `api_key`, "
            "`tls`, `codec`, `grpc_meta`",
        ),
        (f'{PROFILE}api_key = "s3cret\xff"'.encode("latin-1"), ": the text is not UTF-8"),
    ],
)
def test_a_fault_in_the_file_is_named_by_its_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str | bytes, told: str
) -> None:
    file = tmp_path / "temporal.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", str(file))
    with pytest.raises(UsageError) as refused:
        client.settings(Connection())
    cannot = "Temporal's client configuration cannot be used"
    assert str(refused.value) == f"{cannot}: {file}{told}"


def test_a_setting_of_the_file_that_the_sdk_leaves_out_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "temporal.toml"
    file.write_text(f"{PROFILE}[profile.default.tls]\ndisable_host_verification = true\n")
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", str(file))
    with pytest.raises(UsageError, match=r"disable_host_verification in .* does not support"):
        client.settings(Connection())


def test_variables_that_are_ignored_are_named(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TEMPORAL_ADRESS", "s3cret")
    monkeypatch.setenv("TEMPORAL_CODEC_ENDPOINT", "s3cret")
    monkeypatch.setenv("TEMPORAL_FRONTEND_SERVICE_PORT", "7233")  # as Kubernetes sets for a service
    monkeypatch.setenv("TEMPORAL_GRPC_META_TEAM", "orders")
    client.settings(Connection())
    assert sorted(line.getMessage() for line in caplog.records) == [
        "TEMPORAL_ADRESS is set and ignored; did you mean TEMPORAL_ADDRESS?",
        "TEMPORAL_CODEC_ENDPOINT is set and ignored: Temporal's Python SDK does not read it",
    ]


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ADDRESS", "NAMESPACE", "API_KEY", "TLS", "TLS_SERVER_NAME"):
        monkeypatch.setenv(f"TEMPORAL_{name}", "")
    assert client.settings(Connection()) == {"target_host": "localhost:7233"}
