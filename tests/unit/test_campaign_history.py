"""The course of a campaign over time."""

import pytest

from dialtone.domain.campaigns.history import MOST_COLUMNS, Course
from dialtone.domain.campaigns.outcomes_and_redials import BUSY, INVALID, PERSON
from dialtone.domain.campaigns.progress import Progress
from dialtone.domain.compact_json import compact, expanded

MINUTE = 60
BEGINS = 1_790_000_040


def test_each_minute_has_its_dials_answers_and_failures() -> None:
    progress = Progress().with_dials(3, 1.0, BEGINS + 5).with_call(2, 1, PERSON, BEGINS + 50)
    progress = progress.with_call(3, 1, INVALID, BEGINS + 61).with_call(4, 1, BUSY, BEGINS + 170)

    assert progress.course == Course(BEGINS, 1, ((3, 1, 0), (0, 0, 1), (0, 0, 0)))
    assert Progress.from_json(expanded(compact(progress.to_json()))) == progress


def test_what_is_reported_from_before_the_first_dial_counts_with_the_first_column() -> None:
    course = Course().with_counts(BEGINS, dials=1).with_counts(BEGINS - 300, answered=1)

    assert course == Course(BEGINS, 1, ((1, 1, 0),))


@pytest.mark.parametrize("hours", [1, 2, 50, 24 * 400])
def test_a_long_course_has_few_columns_and_loses_nothing(hours: int) -> None:
    course = Course()
    step = max(1, hours // 50) * 10 * MINUTE
    for at in range(BEGINS, BEGINS + hours * 3_600, step):
        course = course.with_counts(at, dials=2, failed=1)

    assert 1 < len(course.columns) <= MOST_COLUMNS
    assert course.columns[0][0] > 0
    total = len(range(BEGINS, BEGINS + hours * 3_600, step))
    assert [sum(column) for column in zip(*course.columns, strict=True)] == [2 * total, 0, total]
    assert len(course.columns) * course.minutes * MINUTE >= hours * 3_600 - step


def test_a_progress_that_an_earlier_version_stored_has_no_course_yet() -> None:
    stored = Progress(dials=9).to_json()
    del stored["course"]

    assert Progress.from_json(stored).with_dials(1, 1.0, BEGINS).course == Course(BEGINS, 1, ((1, 0, 0),))
