"""The JSON Schema of a queues file, for editors: generated from the model and from nothing else.

Draft 7, because it is the newest one that the YAML language server reads in full.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from tqrun.config.input_schema import INPUT_SCHEMA, META_SCHEMA
from tqrun.config.model import QueuesFile
from tqrun.config.values import format_duration


class _Generator(GenerateJsonSchema):
    """Pydantic's generator, but with defaults as a user writes them and no titles of its own."""

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        body = self.generate_inner(schema["schema"])
        default = schema.get("default")
        if isinstance(default, timedelta):
            return body | {"default": format_duration(default)}
        if isinstance(default, float) and default.is_integer():
            return body | {"default": int(default)}
        return body | {"default": default} if isinstance(default, _WRITABLE) else body

    def field_title_should_be_set(self, _: object) -> bool:
        return False


_WRITABLE = (str, int, float, list, dict)


def schema() -> dict[str, Any]:
    """The whole schema."""
    body = QueuesFile.model_json_schema(schema_generator=_Generator)
    definitions = body.pop("$defs") | {"InputSchema": INPUT_SCHEMA}
    head = {"$schema": "http://json-schema.org/draft-07/schema#"}
    title = {"title": "tqrun: Temporal queues as one YAML file"}
    finished: dict[str, Any] = _finished(head | body | title | {"$defs": definitions})
    return finished


def schema_text() -> str:
    """The schema as the repository holds it in `schema/queues.schema.json`."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _finished(part: Any) -> Any:
    """*part* with names of no allowed form refused, and an input's own schema written out."""
    if isinstance(part, list):
        return [_finished(item) for item in part]
    if not isinstance(part, dict):
        return part
    if part == {"$ref": META_SCHEMA}:
        return {"$ref": "#/$defs/InputSchema"}
    finished = {key: _finished(value) for key, value in part.items()}
    if isinstance(finished.get("description"), str):
        finished["description"] = finished["description"].replace("\n", " ")
    if "patternProperties" in finished:
        finished.setdefault("additionalProperties", False)
    return finished
