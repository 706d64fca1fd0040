"""`${…}`: CEL over JSON values, checked before anything runs and evaluated without side effects.

The only code that knows CEL. An expression reaches no file, network, environment or Python
attribute; what it may call is listed in `functions`.
"""

from tqrun.plan.expressions.evaluation import (
    EvaluationError,
    as_text,
    evaluate,
    is_true,
    render,
)
from tqrun.plan.expressions.facts import Facts, not_null
from tqrun.plan.expressions.functions import Sources, moment
from tqrun.plan.expressions.pieces import references
from tqrun.plan.expressions.template import ExpressionError, Template, compile_template
from tqrun.plan.expressions.types import Schema

__all__ = [
    "EvaluationError",
    "ExpressionError",
    "Facts",
    "Schema",
    "Sources",
    "Template",
    "as_text",
    "compile_template",
    "evaluate",
    "is_true",
    "moment",
    "not_null",
    "references",
    "render",
]
