"""The compiler of steps: one module per family of steps, and what they share."""

from tqrun.plan.steps.compiler import StepCompiler

__all__ = ["StepCompiler"]
