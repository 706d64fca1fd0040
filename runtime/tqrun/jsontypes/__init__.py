"""JSON Schema 2020-12 as a judge of values: in bounded work, and without quoting one."""

from tqrun.jsontypes.budget import Budget as Budget
from tqrun.jsontypes.budget import TooMuchWork as TooMuchWork
from tqrun.jsontypes.schema import Fault as Fault
from tqrun.jsontypes.schema import Schema as Schema
