"""Connects prompts that keys interrupt with the question after them, so that callers who know it can type ahead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.flow.prompted_input import PromptedInput
from dialtone.flow.steps.say import BARGE_IN, Say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.flow.document import Document
    from dialtone.flow.step import Step


def with_questions(document: Document, steps: Mapping[str, Step]) -> dict[str, Step]:
    """The steps, each prompt that keys interrupt with its question. Impossible cases are reported to the document."""
    return {name: _with_question(document, step, steps) for name, step in steps.items()}


def _with_question(document: Document, step: Step, steps: Mapping[str, Step]) -> Step:
    question = _question_after(step, steps)
    if question is None or not isinstance(step, Say):
        return step
    if getattr(question, "sensitive", False):
        reason = f"would lose the first digits of {question.name}, which are kept nowhere"
        remedy = "leave barge_in out, so that the caller hears it to its end"
        document.report(("steps", step.name, BARGE_IN), step.name, reason, remedy)
    return step.before(question)


def _question_after(step: Step, steps: Mapping[str, Step]) -> PromptedInput | None:
    """The question that keys answer during the prompt; only prompts that keys interrupt may come between."""
    seen = {step.name}
    while isinstance(step, Say) and step.barge_in and (following := steps.get(step.next)):
        if isinstance(following, PromptedInput):
            return following if following.barge_in else None
        if following.name in seen:
            return None
        seen.add(following.name)
        step = following
    return None
