"""A worker as a later release has it: it knows plans of the next format."""

from __future__ import annotations

from tqrun.cli.main import main
from tqrun.plan import model

model.FORMAT += 1
main()
