"""Temporal's client configuration: the TOML profile and the `TEMPORAL_*` variables.

The SDK reads both. What it leaves out or takes in silence is refused or named here, and no message
shows a line of the file, which may hold a key.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from temporalio.envconfig import ClientConfigProfile
from temporalio.service import TLSConfig

from tqrun.diagnostics import quote
from tqrun.errors import UsageError

_UNVERIFIED = "TEMPORAL_TLS_DISABLE_HOST_VERIFICATION"
_IGNORED = ("TEMPORAL_CODEC_ENDPOINT", "TEMPORAL_CODEC_AUTH")
_READ = (
    *("TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "TEMPORAL_API_KEY", "TEMPORAL_PROFILE"),
    *("TEMPORAL_CONFIG_FILE", "TEMPORAL_TLS", "TEMPORAL_TLS_SERVER_NAME", "TEMPORAL_UI_ADDRESS"),
    *("TEMPORAL_TLS_CLIENT_CERT_PATH", "TEMPORAL_TLS_CLIENT_CERT_DATA"),
    *("TEMPORAL_TLS_CLIENT_KEY_PATH", "TEMPORAL_TLS_CLIENT_KEY_DATA"),
    *("TEMPORAL_TLS_SERVER_CA_CERT_PATH", "TEMPORAL_TLS_SERVER_CA_CERT_DATA"),
)
_NEAR = 0.9
"""How alike a variable and one of the above must be to be taken for a slip of the finger."""
_TRUE, _FALSE = ("true", "1"), ("false", "0")
_PEM = b"-----BEGIN "

_logger = logging.getLogger("tqrun.connection")


def configured(profile: str | None) -> dict[str, Any]:
    """Keyword arguments for `Client.connect`, as profile and environment say.

    Raises:
        UsageError: The file, the profile or a variable cannot be used.
    """
    # An empty variable is one that is not set, as in a manifest with a placeholder.
    environment = {name: text for name, text in os.environ.items() if text}
    _warn_of_ignored(tuple(name for name in environment if name.startswith("TEMPORAL_")))
    file = _file(environment)
    _refuse(environment)
    try:
        loaded = ClientConfigProfile.load(
            profile, config_file_strict=True, override_env_vars=environment
        )
        found: dict[str, Any] = dict(loaded.to_client_connect_config())
    except RuntimeError as error:
        _cannot_be_used(_without_values(file, str(error)))
    except OSError as error:
        message = f"{error.filename}, which Temporal's client configuration names: {error.strerror}"
        raise UsageError(message) from None
    _refuse_in_file(file, profile or environment.get("TEMPORAL_PROFILE", "default"))
    _refuse_credentials(found)
    return found


def _cannot_be_used(why: str) -> NoReturn:
    raise UsageError(f"Temporal's client configuration cannot be used: {why}") from None


def _file(environment: Mapping[str, str]) -> Path:
    """The file that the SDK reads, which need not exist unless it is named."""
    named = environment.get("TEMPORAL_CONFIG_FILE")
    if named is None:
        home = Path.home()
        folder = environment.get("XDG_CONFIG_HOME", home / ".config")
        if sys.platform == "darwin":
            folder = home / "Library" / "Application Support"
        return Path(folder, "temporalio", "temporal.toml")
    if named != os.devnull and not Path(named).is_file():
        # The SDK takes a missing file for an empty one.
        what = "is a folder" if Path(named).is_dir() else "does not exist"
        raise UsageError(f"TEMPORAL_CONFIG_FILE names {named}, which {what}")
    return Path(named)


def _refuse(environment: Mapping[str, str]) -> None:
    """Refuse what the SDK would read otherwise than it is meant."""
    tls = environment.get("TEMPORAL_TLS", "false")
    if tls.lower() not in _TRUE + _FALSE:
        raise UsageError(f"TEMPORAL_TLS is {quote(tls)}; write true or false")
    if environment.get(_UNVERIFIED, "false").lower() not in _FALSE:
        _verified(_UNVERIFIED)


def _verified(setting: str) -> NoReturn:
    raise UsageError(
        f"{setting} is set, which Temporal's Python SDK does not support; remove it, and set "
        "TEMPORAL_TLS_SERVER_NAME to the name in the server's certificate"
    )


def _refuse_in_file(file: Path, profile: str) -> None:
    """Refuse the setting of *profile* that the SDK has read and then left out."""
    if file.is_file():
        section = tomllib.loads(file.read_text(encoding="utf-8")).get("profile", {}).get(profile)
        if (section or {}).get("tls", {}).get("disable_host_verification"):
            _verified(f"disable_host_verification in {file}")


def _refuse_credentials(found: Mapping[str, Any]) -> None:
    key = found.get("api_key", "")
    if not (key.isascii() and key.isprintable()):
        _cannot_be_used("the API key holds a character that no key has, such as a line break")
    tls = found.get("tls")
    if not isinstance(tls, TLSConfig):
        return
    if bool(tls.client_cert) != bool(tls.client_private_key):
        raise UsageError("TLS needs both a client certificate and its private key, or neither")
    for what, text in {
        "server's CA certificate": tls.server_root_ca_cert,
        "client certificate": tls.client_cert,
        "client's private key": tls.client_private_key,
    }.items():
        if text and _PEM not in text:
            _cannot_be_used(f"the {what} is not in PEM format")


def _without_values(file: Path, error: str) -> str:
    """What is wrong in *file*, by line and column; the SDK's *error* shows the line itself."""
    place = re.search(r"TOML parse error at line (\d+), column (\d+)\n", error)
    if place is None:
        return f"{file}: the text is not UTF-8" if "utf-8" in error else error
    reason = error.rstrip().rpartition("\n")[2]
    if kind := re.match(r"invalid type: (\w+)", reason):
        reason = f"{kind[1]} where something else is expected"
    elif not reason.startswith(("unknown field", "duplicate key")):
        reason = "not valid TOML"
    return f"{file}:{place[1]}:{place[2]}: {reason}"


@cache
def _warn_of_ignored(variables: tuple[str, ...]) -> None:
    for name in variables:
        if name in _IGNORED:
            _logger.warning("%s is set and ignored: Temporal's Python SDK does not read it", name)
        elif name not in (*_READ, _UNVERIFIED) and not name.startswith("TEMPORAL_GRPC_META_"):
            for meant in get_close_matches(name, _READ, n=1, cutoff=_NEAR):
                _logger.warning("%s is set and ignored; did you mean %s?", name, meant)
