"""A connection that cannot work is refused at once, in one line that names what to mend."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tqrun.cli.main import run

QUEUES = """
queues:
  q:
    version: 1
    workflow_id: q-${x}
    input: {x: string}
    activities:
      call: {task_queue: elsewhere, start_to_close_timeout: 10s}
"""
TQRUN = (sys.executable, "-m", "tqrun.cli.main")
HOST_AND_PORT = 'is no address of a server; write host:port, for example "localhost:7233"'
CONFIGURATION = "Temporal's client configuration"


@pytest.mark.parametrize(
    ("environment", "options", "told"),
    [
        ({}, ["--address", "localhost:99999"], f'"localhost:99999" {HOST_AND_PORT}'),
        ({}, ["--address", ""], f'"" {HOST_AND_PORT}'),
        ({}, ["--address", "localhost"], f'"localhost" {HOST_AND_PORT}'),
        (
            {"TEMPORAL_TLS_SERVER_CA_CERT_PATH": "/nope"},
            [],
            f"/nope, which {CONFIGURATION} names: No such file or directory",
        ),
        (
            {"TEMPORAL_CONFIG_FILE": "profiles.toml"},
            ["--profile", "lost"],
            f"/lost.pem, which {CONFIGURATION} names: No such file or directory",
        ),
        (
            {"TEMPORAL_TLS_CLIENT_CERT_PATH": "queues.yaml"},
            [],
            "TLS needs both a client certificate and its private key, or neither",
        ),
        (
            {
                "TEMPORAL_TLS_CLIENT_CERT_PATH": "queues.yaml",
                "TEMPORAL_TLS_CLIENT_KEY_PATH": "queues.yaml",
            },
            [],
            f"{CONFIGURATION} cannot be used: the client certificate is not in PEM format",
        ),
        ({"TEMPORAL_CONFIG_FILE": "."}, [], "TEMPORAL_CONFIG_FILE names ., which is a folder"),
        ({"TEMPORAL_CONFIG_FILE": "no"}, [], "TEMPORAL_CONFIG_FILE names no, which does not exist"),
    ],
)
@pytest.mark.parametrize("command", [("launch", "q", "--x", "1"), ("worker", "all")])
def test_it_is_told_in_one_line(
    tmp_path: Path,
    environment: dict[str, str],
    options: list[str],
    told: str,
    command: tuple[str, ...],
) -> None:
    (tmp_path / "queues.yaml").write_text(QUEUES)
    (tmp_path / "profiles.toml").write_text(
        '[profile.lost]\naddress = "localhost:7233"\n'
        '[profile.lost.tls]\nclient_cert_path = "/lost.pem"\nclient_key_path = "/lost.pem"\n'
    )
    done = subprocess.run(
        [*TQRUN, *command, *options],
        cwd=tmp_path,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"error: {told}\n")


@pytest.mark.parametrize(
    "command",
    [["status"], ["apply"], ["launch", "q", "--x", "1"], ["cancel", "q", "--x", "1"]],
    ids=lambda command: command[0],
)
def test_a_warning_keeps_no_command_from_the_server(
    command: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("queues.yaml").write_text(f"{QUEUES}    signals: {{go: {{}}}}\n    steps: [call]\n")
    assert run(["check", "--no-bind"]) == 0
    assert "warning" in capsys.readouterr().out
    assert run([*command, "--address", "localhost"]) == 2
    assert HOST_AND_PORT in capsys.readouterr().err
