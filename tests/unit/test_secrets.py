"""A secret that is cached: how long, what makes it fetched again, and what happens while it cannot be."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from botocore.exceptions import ReadTimeoutError

from dialtone.adapters.secrets import (
    OUTAGE_PAUSE_SECONDS,
    REFRESH_SECONDS,
    REFUSED_PAUSE_SECONDS,
    SECRET_SECONDS,
    CachedSecret,
    FixedSecret,
)
from dialtone.adapters.settings import key_from
from dialtone.domain.deadline import NO_DEADLINE
from dialtone.domain.errors import DialtoneError

SECRET = "dialtone/telnyx-api-key"
DOWN = ReadTimeoutError(endpoint_url="https://secretsmanager.us-east-1.amazonaws.com")


@dataclass
class Safe:
    """Secrets Manager with one secret, which may be replaced, and a clock."""

    text: str = "OLD"
    fault: Exception | None = None
    fetched: int = 0
    now: float = 1_000.0
    within_seconds: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def fetch(self, name: str, within_seconds: float) -> str:
        assert name == SECRET
        with self.lock:
            self.fetched += 1
            self.within_seconds = within_seconds
        if self.fault:
            raise self.fault
        return self.text

    def secret(self) -> CachedSecret[str]:
        return CachedSecret(SECRET, key_from, self.fetch, clock=lambda: self.now)


def test_a_secret_is_fetched_when_it_is_old_not_for_every_use() -> None:
    safe = Safe()
    key = safe.secret()
    assert key() == "OLD"
    safe.text = "NEW"

    safe.now += SECRET_SECONDS - 1
    assert (key(), safe.fetched) == ("OLD", 1)

    safe.now += 1
    assert (key(), safe.fetched) == ("NEW", 2)


def test_its_age_counts_from_the_moment_it_was_asked_for() -> None:
    safe = Safe()

    def slow(name: str, within_seconds: float) -> str:
        safe.now += 2  # replaced while the answer with the old value is under way
        return safe.fetch(name, within_seconds)

    key = CachedSecret(SECRET, key_from, slow, clock=lambda: safe.now)
    asked_at = safe.now
    key()
    safe.text = "NEW"

    safe.now = asked_at + SECRET_SECONDS

    assert key() == "NEW"


def test_a_secret_that_is_forgotten_is_fetched_again() -> None:
    safe = Safe()
    key = safe.secret()
    assert key() == "OLD"
    safe.text = "NEW"

    key.forget()

    assert key() == "NEW"


@pytest.mark.parametrize("fault", [DOWN, None])
def test_while_it_cannot_be_fetched_the_value_at_hand_is_used_on_and_asked_for_now_and_then(
    fault: Exception | None, caplog: pytest.LogCaptureFixture
) -> None:
    safe = Safe()
    key = safe.secret()
    key()
    safe.fault, safe.text = fault, '{"api_key": null}'

    safe.now += SECRET_SECONDS
    with caplog.at_level(logging.WARNING):
        assert [key(), key(), key()] == ["OLD"] * 3

    assert safe.fetched == 2
    assert SECRET in caplog.text
    assert "used on" in caplog.text
    safe.fault, safe.text = None, "NEW"
    safe.now += OUTAGE_PAUSE_SECONDS
    assert key() == "NEW"


@pytest.mark.parametrize("fault", [DOWN, DialtoneError("the secret holds no text")])
def test_without_a_value_at_hand_what_keeps_it_away_is_raised_and_tried_again_at_the_next_use(fault: Exception) -> None:
    safe = Safe(fault=fault)
    key = safe.secret()
    with pytest.raises(type(fault)):
        key()
    with pytest.raises(type(fault)):
        key.after_refusal("OLD")

    safe.fault = None

    assert key() == "OLD"


def test_a_refused_value_is_fetched_at_once_however_young_it_is() -> None:
    safe = Safe()
    key = safe.secret()
    key()
    safe.text = "NEW"

    assert key.after_refusal("OLD") == "NEW"
    assert (key(), safe.fetched) == ("NEW", 2)


def test_a_new_value_that_is_refused_in_its_turn_is_fetched_at_once_too() -> None:
    safe = Safe()
    key = safe.secret()
    key()
    safe.text = "NEW"
    key.after_refusal("OLD")
    safe.text = "NEWER"

    assert key.after_refusal("NEW") == "NEWER"


def test_a_refused_value_that_was_not_replaced_stays_and_is_not_fetched_for_every_refusal() -> None:
    safe = Safe()
    key = safe.secret()
    key()

    assert [key.after_refusal("OLD") for _ in range(3)] == ["OLD"] * 3
    assert safe.fetched == 2

    safe.text = "NEW"
    safe.now += REFUSED_PAUSE_SECONDS
    assert key.after_refusal("OLD") == "NEW"


def test_a_refused_value_stays_while_secrets_manager_fails(caplog: pytest.LogCaptureFixture) -> None:
    safe = Safe()
    key = safe.secret()
    key()
    safe.fault = DOWN

    with caplog.at_level(logging.WARNING):
        assert key.after_refusal("OLD") == "OLD"

    assert SECRET in caplog.text


@pytest.mark.parametrize("replaced", ["NEW", "OLD"])
def test_threads_that_are_refused_together_fetch_once(replaced: str) -> None:
    safe = Safe()
    key = safe.secret()
    key()
    safe.text = replaced
    together = threading.Barrier(8, timeout=5)

    def refused(_: int) -> str:
        together.wait()
        return key.after_refusal("OLD")

    with ThreadPoolExecutor(8) as threads:
        values = list(threads.map(refused, range(8)))

    assert values == [replaced] * 8
    assert safe.fetched == 2


def test_a_fixed_value_is_never_another() -> None:
    key = FixedSecret("KEY")

    assert (key(), key.after_refusal("KEY")) == ("KEY", "KEY")


def test_a_first_value_is_waited_for_until_the_deadline() -> None:
    safe = Safe()

    safe.secret()(safe.now + 1.5)

    assert safe.within_seconds == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("left", "within"), [(1.5, REFRESH_SECONDS), (REFRESH_SECONDS, REFRESH_SECONDS / 2), (NO_DEADLINE, REFRESH_SECONDS)]
)
@pytest.mark.parametrize("refused", [True, False])
def test_a_new_value_is_waited_for_briefly_while_one_is_at_hand(left: float, within: float, *, refused: bool) -> None:
    safe = Safe()
    key = safe.secret()
    key()
    safe.now += SECRET_SECONDS

    deadline = safe.now + left
    if refused:
        key.after_refusal("OLD", deadline)
    else:
        key(deadline)

    assert safe.within_seconds == pytest.approx(within)


def test_with_no_time_left_the_value_at_hand_is_used_and_the_next_who_asks_fetches_it() -> None:
    safe = Safe()
    key = safe.secret()
    key()
    safe.text = "NEW"
    safe.now += SECRET_SECONDS

    assert (key(safe.now), key.after_refusal("OLD", safe.now), safe.fetched) == ("OLD", "OLD", 1)
    assert key.after_refusal("OLD", safe.now + 60) == "NEW"
