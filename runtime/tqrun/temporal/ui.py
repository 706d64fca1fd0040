"""Where a browser shows a run: its page in the Temporal UI, when that can be known.

A server does not tell where its UI is. What is said here is told by the environment, is Temporal
Cloud's, or was asked of the UI that `temporal server start-dev` has 1000 ports above the server.
"""

from __future__ import annotations

import asyncio
import os
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from urllib.parse import quote

from tqrun.temporal.claims import UI_PORT_OFFSET

VARIABLE = "TEMPORAL_UI_ADDRESS"
CLOUD_UI = "https://cloud.temporal.io"
ASK_SECONDS = 1.0

_CLOUD_HOSTS = (".tmprl.cloud", ".api.temporal.io")
_LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")


async def run_page(address: str, namespace: str, workflow_id: str, run_id: str) -> str | None:
    """The page of a run on the server at *address*, `host:port`; None when it is not known."""
    path = "/".join(("namespaces", quote(namespace, ""), "workflows", quote(workflow_id, "")))
    page = f"{path}/{quote(run_id, '')}"
    told = os.environ.get(VARIABLE, "").rstrip("/")
    if told:
        return f"{told}/{page}" if "://" in told else f"http://{told}/{page}"
    host, _, port = address.rpartition(":")
    if host.endswith(_CLOUD_HOSTS):
        return f"{CLOUD_UI}/{page}"
    if host not in _LOCAL_HOSTS or not port.isdecimal():
        return None
    ui_port = int(port) + UI_PORT_OFFSET
    if not await asyncio.to_thread(_shows, host, ui_port, f"{path}?execution.runId={run_id}"):
        return None
    return f"http://{host}:{ui_port}/{page}"


def _shows(host: str, port: int, path: str) -> bool:
    """Whether a Temporal UI at *port* has the run: on any other port something else may listen."""
    connection = HTTPConnection(host.strip("[]"), port, timeout=ASK_SECONDS)
    try:
        connection.request("GET", f"/api/v1/{path}")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, OverflowError, HTTPException):
        return False
    finally:
        connection.close()
