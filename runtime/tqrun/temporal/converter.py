"""How values become payloads: as Pydantic does it, for every client, worker and replayer.

The SDK makes a new payload converter for every workflow task, and Pydantic's builds a serializer
and a type adapter each time; here all of them share one.
"""

from __future__ import annotations

from dataclasses import replace

from temporalio.contrib.pydantic import PydanticPayloadConverter, pydantic_data_converter
from temporalio.converter import CompositePayloadConverter

_SHARED = tuple(PydanticPayloadConverter().converters.values())


class _PayloadConverter(CompositePayloadConverter):
    def __init__(self) -> None:
        super().__init__(*_SHARED)


DATA_CONVERTER = replace(pydantic_data_converter, payload_converter_class=_PayloadConverter)
