"""Why a server could not be connected to: the SDK's error, which is Rust, as a fact and a way out.

The texts are those of tonic, hyper and rustls as the SDK prints them; one that is not known here is
shown by its innermost cause.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from temporalio.service import TLSConfig

from tqrun.errors import UsageError

NEVER = ("invalid target URL", "Invalid URI", "Invalid headers", "KeyMismatch", "ParseError")
"""In what the SDK says about a configuration that no server could make good."""

ELSEWHERE = 'start one with "tqrun dev", or say where it is with --address'
_SERVER_NAME = "TEMPORAL_TLS_SERVER_NAME"
_CA = "TEMPORAL_TLS_SERVER_CA_CERT_PATH"
_CLIENT = "TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH"

_CLOSED = ("BrokenPipe", "connection closed", "ConnectionReset", "close_notify", "UnexpectedEof")


def reason(error: str, settings: Mapping[str, Any]) -> str:
    """What is wrong with the server of *settings*, and what to set, by the SDK's *error*."""
    return (
        _of_certificates(error, settings)
        or _of_credentials(error, settings)
        or _of_protocol(error, settings)
        or f"{_innermost(error)}; {ELSEWHERE}"
    )


def no_namespace(error: str) -> UsageError | None:
    """What to raise where the server says in *error* that it lacks a namespace."""
    if match := re.search(r"Namespace (\S+) (?:was|is) not found", error):
        return UsageError(
            f'the Temporal server has no namespace "{match[1]}"; '
            "register it, or name another with --namespace"
        )
    return None


def silent(settings: Mapping[str, Any]) -> str:
    """The same where the server took the connection and has said nothing."""
    hint = "" if settings.get("tls") else "; it may expect TLS: set TEMPORAL_TLS to true"
    return f"does not answer as a Temporal server{hint}"


def impossible(error: str) -> str:
    """What is wrong with a configuration in which one of `NEVER` is wrong."""
    if "KeyMismatch" in error:
        return "the client certificate and the private key do not belong together"
    if match := re.search(r"\w*(?:Key|Certificate)ParseError", error):
        return f"the TLS files are not what they should be ({match[0]})"
    if "Invalid URI" in error:
        return f"the server name is not a host name; correct {_SERVER_NAME}"
    return _innermost(error)


def _of_certificates(error: str, settings: Mapping[str, Any]) -> str | None:
    if match := re.search(r"expected: (.+?), presented: (\[.*?\])", error):
        names = ", ".join(re.findall(r'\("(.+?)\\?"\)', match[2].replace('\\"', '"')))
        given = re.findall(r'DnsName\("(.+?)"\)', match[1])
        asked = given[0] if given else settings["target_host"].rpartition(":")[0]
        return (
            f"its certificate is for {names or 'no name'}, not for {asked}; "
            f"connect by a name that it has, or set {_SERVER_NAME} to it"
        )
    if "UnknownIssuer" in error:
        tls = settings.get("tls")
        known = isinstance(tls, TLSConfig) and tls.server_root_ca_cert
        by = "the configured CA has not signed" if known else "no authority known here has signed"
        return f"{by} its certificate; set {_CA} to the CA that has"
    if "InvalidCertificate" in error and "Expired" in error:
        return "its certificate has expired; renew it on the server"
    if match := re.search(r"InvalidCertificate\((\w+)", error):
        return f"its certificate is not accepted ({match[1]}); replace it on the server"
    if match := re.search(r"(?:AlertReceived\(|fatal alert: )(\w+)", error):
        return f"it ends the TLS connection ({match[1]}); check {_CLIENT}"
    return None


def _of_credentials(error: str, settings: Mapping[str, Any]) -> str | None:
    status = re.search(r"code: (Unauthenticated|PermissionDenied), message: \"(.*?)\"", error)
    page = re.search(r"status: (40[13] \w+)|HTTP status code (40[13])", error)
    if status is None and page is None:
        return None
    said = f"says {status[2]}" if status else f"answers {page[1] or page[2]}" if page else ""
    if settings.get("api_key"):
        return f"it {said}; check the API key, and that it may use the namespace"
    return f"it {said}; set TEMPORAL_API_KEY, or {_CLIENT}"


def _of_protocol(error: str, settings: Mapping[str, Any]) -> str | None:
    tls = settings.get("tls")
    if "InvalidContentType" in error:
        return "it does not speak TLS, and the client is configured to; set TEMPORAL_TLS to false"
    if "H2NotNegotiated" in error:
        return f"it speaks TLS, but not gRPC; {ELSEWHERE}"
    if match := re.search(r"status: (\d+ [A-Z][A-Za-z ]+)|HTTP status code (\d+)", error):
        return f"it answers {match[1] or match[2]}, as a proxy or a web server does; {ELSEWHERE}"
    if "FRAME_SIZE_ERROR" in error or "PROTOCOL_ERROR" in error:
        hint = "" if tls else "it may expect TLS: set TEMPORAL_TLS to true; else "
        return f"it does not speak gRPC; {hint}{ELSEWHERE}"
    if any(sign in error for sign in _CLOSED):
        if not tls:
            return "it closes the connection; if it expects TLS, set TEMPORAL_TLS to true"
        if isinstance(tls, TLSConfig) and tls.client_cert:
            return f"it closes the connection; it may not accept the certificate of {_CLIENT}"
        return f"it closes the connection; if it asks for a client certificate, set {_CLIENT}"
    return None


def _innermost(error: str) -> str:
    if status := re.search(r'message: "([^"\\]+)", (?:metadata|source: None)', error):
        return status[1][:200]
    quoted = re.findall(r'"([^"\\]+)"', error)
    lines = [*error.splitlines(), "no reason given"]
    return (quoted[-1] if quoted else lines[0])[:200]
