"""Which of the recordings asked for on a leg a saved one is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialtone.domain.recording_identity import (
    MAX_FILE_NAME_CHARACTERS,
    SavedFile,
    file_name,
    identify,
    is_named,
    names_in,
    number_named,
)
from dialtone.domain.recordings import CERTAIN, FAILED, LIKELY, UNCERTAIN, Recording
from tests.staged_call import LEG, SESSION, moment

STAMP = "1763647437"
WHOLE = Recording(SESSION, LEG, 1, 0, moment(0), "record-from-answer", channels="dual", file_name=file_name(LEG, 1))
MESSAGE = Recording(SESSION, LEG, 2, 3, moment(3), "record_start", channels="single", file_name=file_name(LEG, 2))
BOTH = (WHOLE, MESSAGE)


def saved(seconds: float | None, channels: str = "", *names: str, formats: frozenset[str] = frozenset()) -> SavedFile:
    return SavedFile("" if seconds is None else moment(seconds), channels, formats, names)


def address(name: str) -> str:
    return f"https://s3.amazonaws.com/telephony-recorder-prod/5c1f9d2e/2026-11-20/{name}.wav?X-Amz-Signature=9f/0c.4"


# The name


def test_a_recording_is_asked_for_under_the_name_of_its_ledger_entry() -> None:
    assert file_name(LEG, 1) == f"{LEG}-01" == WHOLE.name
    assert len(file_name(LEG, 999)) <= MAX_FILE_NAME_CHARACTERS


@given(st.text(min_size=1, max_size=300), st.integers(1, 9_999))
def test_a_name_is_one_that_telnyx_takes_whatever_the_leg_is_called(leg: str, number: int) -> None:
    name = file_name(leg, number)

    assert 1 <= len(name) <= MAX_FILE_NAME_CHARACTERS
    assert is_named(name, names_in([address(f"{name}-{STAMP}")]))


def test_names_of_two_recordings_and_of_two_legs_differ() -> None:
    long = "x" * 60
    names = {file_name(leg, number) for leg in (LEG, long, f"{long}y") for number in range(1, 300)}

    assert len(names) == 3 * 299


@pytest.mark.parametrize(
    ("found", "number"),
    [
        (f"{LEG}-02-{STAMP}", 2),
        (f"{LEG}-02-1789409715516710", 2),
        (f"{LEG}-02_{STAMP}", 2),
        (f"{LEG}-02", 2),
        (f"{LEG}-17-{STAMP}", 17),
        (f"{LEG}-{STAMP}", 0),
        (f"{LEG}-021-{STAMP}", 0),
        (f"{LEG}-02{STAMP}", 0),
        (LEG, 0),
        ("recording", 0),
    ],
)
def test_the_number_is_read_back_from_the_files_name_and_from_nothing_alike(found: str, number: int) -> None:
    assert number_named(LEG, 20, names_in([address(found)])) == number


def test_addresses_without_a_name_name_nothing() -> None:
    assert names_in(["", "https://recordings.example/", "?x=/y.wav"]) == ()
    assert number_named(LEG, 5, ()) == 0


# What identifies


@pytest.mark.parametrize("began", [-60, 0, 3.2, 9_000])
@pytest.mark.parametrize("asked", [WHOLE, MESSAGE, MESSAGE._replace(status=FAILED)])
def test_the_files_name_decides_whatever_else_is_said(asked: Recording, began: float) -> None:
    recordings = [each for each in BOTH if each.number != asked.number] + [asked]

    match = identify(recordings, LEG, saved(began, "dual", f"{asked.name}-{STAMP}"))

    assert (match.recording, match.identity) == (asked, CERTAIN)


def test_one_with_telnyxs_own_name_that_began_before_the_request_is_not_ours() -> None:
    match = identify([MESSAGE], LEG, saved(0, "single", f"{LEG}-{STAMP}"))

    assert (match.recording, match.identity) == (None, CERTAIN)


def test_one_with_telnyxs_own_name_beside_ours_from_the_answer_is_not_ours() -> None:
    match = identify([WHOLE], LEG, saved(0.2, "dual", f"{LEG}-{STAMP}"))

    assert (match.recording, match.identity, match.may_be) == (None, LIKELY, None)


def test_one_with_telnyxs_own_name_that_began_after_a_message_was_asked_for_is_doubtful() -> None:
    match = identify(BOTH, LEG, saved(3.2, "single", f"{LEG}-{STAMP}"))

    assert (match.recording, match.identity, match.may_be) == (None, UNCERTAIN, MESSAGE)


def test_one_that_an_earlier_version_asked_for_has_telnyxs_own_name() -> None:
    unnamed = MESSAGE._replace(file_name="")

    match = identify([unnamed], LEG, saved(3.2, "single", f"{LEG}-{STAMP}"))

    assert (match.recording, match.identity) == (unnamed, LIKELY)


# Without a name


@pytest.mark.parametrize(
    ("began", "channels", "asked"),
    [(0.1, "dual", WHOLE), (3.2, "single", MESSAGE), (0.1, "", WHOLE), (3.2, "", MESSAGE), (2.9, "dual", WHOLE)],
)
def test_it_is_the_one_asked_for_last_before_it_began(began: float, channels: str, asked: Recording) -> None:
    match = identify(BOTH, LEG, saved(began, channels, "recording"))

    assert (match.recording, match.identity) == (asked, LIKELY)


def test_two_clocks_may_differ_by_a_little() -> None:
    assert identify([MESSAGE], LEG, saved(2.5)).recording == MESSAGE


@pytest.mark.parametrize("began", [1.5, -1.9, 3 + 130, 3_600])
def test_one_that_began_shortly_before_the_request_or_long_after_is_doubtful(began: float) -> None:
    match = identify([MESSAGE], LEG, saved(began))

    assert (match.recording, match.identity, match.may_be) == (None, UNCERTAIN, None)


def test_one_that_began_well_before_the_first_request_is_not_ours() -> None:
    match = identify([MESSAGE], LEG, saved(-10))

    assert (match.recording, match.identity) == (None, LIKELY)
    assert identify([], LEG, saved(-10)).identity == CERTAIN


@pytest.mark.parametrize("began", [3.2, None])
def test_of_two_alike_asked_for_at_the_same_moment_neither_is_guessed(began: float | None) -> None:
    other = MESSAGE._replace(number=3, turn=4, file_name=file_name(LEG, 3))

    match = identify([MESSAGE, other], LEG, saved(began, "single"))

    assert (match.recording, match.identity, match.may_be) == (None, UNCERTAIN, other)
    assert MESSAGE.name in match.reason
    assert other.name in match.reason


@pytest.mark.parametrize("file", [saved(3.2, "dual"), saved(3.2, "single", formats=frozenset({"wav"}))])
def test_one_of_another_form_than_was_asked_for_is_doubtful(file: SavedFile) -> None:
    asked = MESSAGE._replace(format="mp3")

    match = identify([asked], LEG, file)

    assert (match.recording, match.identity, match.may_be) == (None, UNCERTAIN, asked)


def test_without_a_beginning_the_channels_tell_two_apart() -> None:
    assert identify(BOTH, LEG, saved(None, "single")).recording == MESSAGE
    assert identify(BOTH, LEG, saved(None, "dual")).recording == WHOLE
    assert identify(BOTH, LEG, saved(None)).identity == UNCERTAIN


def test_one_that_fits_what_failed_is_not_said_to_be_nobodys() -> None:
    match = identify([MESSAGE._replace(status=FAILED)], LEG, saved(3.2, "single"))

    assert (match.recording, match.identity) == (None, UNCERTAIN)


# A name of the flow's own


def test_a_name_of_the_flow_s_own_begins_the_file_s_name_and_is_known_again() -> None:
    name = file_name(LEG, 2, "orders-by-phone-of-the-main-office")

    asked = MESSAGE._replace(file_name=name)
    match = identify((WHOLE, asked), LEG, saved(None, "", f"{name}-{STAMP}"))

    assert name.startswith("orders-by-phone-of-the-main-off")
    assert len(name) <= MAX_FILE_NAME_CHARACTERS
    assert (match.recording, match.identity) == (asked, CERTAIN)
    assert name not in {file_name(LEG, number, "orders-by-phone-of-the-main-office") for number in (1, 3)}


def test_a_name_of_the_flow_s_own_is_known_when_its_entry_is_closed() -> None:
    assert number_named(LEG, 3, [f"{file_name(LEG, 2, 'orders')}-{STAMP}"]) == 2
    assert number_named(LEG, 3, ["orders-12345678"]) == 0
