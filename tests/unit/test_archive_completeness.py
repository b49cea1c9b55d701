"""Whether what came can be the recording that Telnyx speaks of."""

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.audio import MP3, WAV, Sound
from archive.completeness import TOLERANCE_MILLIS, Expected, doubt, expected, paused_millis
from dialtone.adapters.telnyx_api import RecordingInfo
from dialtone.domain.commands import Command
from dialtone.domain.recordings import Recording

MINUTE = 60_000
RECORDING = Recording(
    "session",
    "leg",
    1,
    3,
    "2026-09-21T12:00:00.000000Z",
    "record_start",
    channels="dual",
    started_at="2026-09-21T12:00:01.000000Z",
    ended_at="2026-09-21T12:01:01.000000Z",
)
INFO = RecordingInfo("r-1", "leg", "session", "dual", "completed", MINUTE, "", "", {})
RAN = Expected(ran=MINUTE, length=None)
SAYS = Expected(ran=None, length=MINUTE)
BOTH = Expected(ran=MINUTE, length=MINUTE)
DAY = 12 * 60 * MINUTE


def judged(played: int, reported: Expected) -> str:
    """Give what is doubtful about audio that plays for that long."""
    return doubt(Sound(played, 2), WAV, 1_000, reported)


@pytest.mark.parametrize(
    ("played", "reported"),
    [
        (MINUTE, RAN),
        (MINUTE, SAYS),
        (MINUTE, BOTH),
        (MINUTE - TOLERANCE_MILLIS, BOTH),
        (MINUTE + TOLERANCE_MILLIS, BOTH),
        (DAY - 400_000, Expected(ran=DAY, length=None)),  # 1 % of twelve hours is 432 s
        (700, Expected(ran=1_500, length=None)),
        (0, Expected(ran=600, length=None)),  # hung up at once
        (0, Expected(ran=600, length=0)),
        (5_000, Expected(ran=MINUTE, length=None, trimmed=True)),
        (5_000, Expected(ran=MINUTE, length=MINUTE, trimmed=True)),  # a length that is only the recorder's time
        (5_000, Expected(ran=MINUTE, length=5_000, trimmed=True)),
        (0, Expected(ran=MINUTE, length=0, trimmed=True)),  # a caller who said nothing
        (3_000, Expected(ran=8_000, length=None, silence=5_000)),
        (8_000, Expected(ran=8_000, length=8_000, silence=5_000)),
        (20_000, Expected(ran=MINUTE, length=None, paused=40_000)),
        (20_000, Expected(ran=MINUTE, length=20_000, paused=40_000)),
        (20_000, Expected(ran=MINUTE, length=MINUTE, paused=40_000)),
        (MINUTE, Expected(ran=3 * MINUTE, length=None, most=MINUTE)),  # ended by its longest length, before the call
        (1, Expected(ran=None, length=None)),
    ],
)
def test_a_length_that_telnyx_speaks_of_is_likely(played: int, reported: Expected) -> None:
    assert judged(played, reported) == ""


@pytest.mark.parametrize(
    ("played", "reported", "reason"),
    [
        (0, Expected(ran=23 * MINUTE, length=None), "it plays 0.0 s; the recorder ran 1380.0 s: too short"),
        (0, Expected(ran=2_000, length=None), "too short"),
        (0, SAYS, "it plays 0.0 s; Telnyx's API says 60.0 s: too short"),
        (MINUTE - TOLERANCE_MILLIS - 1, RAN, "too short"),
        (MINUTE + TOLERANCE_MILLIS + 1, RAN, "too long"),
        (MINUTE + TOLERANCE_MILLIS + 1, SAYS, "too long"),
        (900, Expected(ran=None, length=2_000), "too short"),
        (5_000, Expected(ran=MINUTE, length=5_000), "too short"),  # Telnyx lost most of it itself
        (5_000, Expected(ran=5_000, length=MINUTE), "too short"),
        (0, Expected(ran=MINUTE, length=None, trimmed=True), "too short"),
        (0, Expected(ran=MINUTE, length=5_000, trimmed=True), "too short"),
        (1_000, Expected(ran=MINUTE, length=40_000, trimmed=True), "too short"),
        (2 * MINUTE, Expected(ran=MINUTE, length=5_000, trimmed=True), "too long"),
        (0, Expected(ran=8_000, length=None, silence=5_000), "too short"),
        (900, Expected(ran=8_000, length=None, silence=5_000), "too short"),
        (17_000, Expected(ran=MINUTE, length=None, paused=40_000), "60.0 s, 40.0 s of it paused: too short"),
        (30_000, Expected(ran=3 * MINUTE, length=None, most=MINUTE), "too short"),
        (30_000, Expected(ran=1_000 * DAY, length=None, most=MINUTE), "too short"),
        (0, Expected(ran=None, length=None), "it holds no sound"),
    ],
)
def test_a_length_that_telnyx_does_not_speak_of_is_doubtful(played: int, reported: Expected, reason: str) -> None:
    assert judged(played, reported).endswith(reason)


@given(
    ran=st.integers(0, DAY), length=st.none() | st.integers(0, DAY), paused=st.integers(0, DAY), trimmed=st.booleans()
)
def test_nothing_is_never_enough_for_what_telnyx_says_was_more(
    ran: int, length: int | None, paused: int, *, trimmed: bool
) -> None:
    reported = Expected(ran=ran, length=length, paused=paused, trimmed=trimmed)
    said_so = (length if trimmed else max(ran, length or 0)) if not trimmed or length is not None else None

    assert bool(judged(0, reported)) == (said_so is None or said_so > 1_000)


@pytest.mark.parametrize(
    ("sound", "audio_format", "reason"),
    [
        (Sound(None), "ogg", "its length cannot be measured: it is neither WAV nor MP3"),
        (Sound(None), "bin", "its length cannot be measured: it is neither WAV nor MP3"),
        (Sound(None), WAV, "its length cannot be measured"),
        (Sound(MINUTE, 1), WAV, "it has 1 channel, and Telnyx says 2"),
        (Sound(MINUTE, 2, stray_bytes=100), MP3, "100 of its 1000 bytes are no audio"),
        (Sound(MINUTE, 2, stray_bytes=99), MP3, ""),
        (Sound(MINUTE, 0), MP3, ""),
        (Sound(MINUTE, 2, missing_bytes=5), WAV, ""),  # a header that lies about audio that is all there
    ],
)
def test_audio_of_the_right_length_can_be_doubtful_otherwise(sound: Sound, audio_format: str, reason: str) -> None:
    assert doubt(sound, audio_format, 1_000, replace(BOTH, channels=2)) == reason


def test_a_header_that_promises_more_counts_where_telnyx_says_nothing() -> None:
    reported = Expected(ran=None, length=None)

    assert doubt(Sound(MINUTE, 2, missing_bytes=5), WAV, 1_000, reported) == "its header promises 5 bytes more"


def test_more_channels_than_said_are_no_loss() -> None:
    assert doubt(Sound(MINUTE, 2), WAV, 1_000, replace(BOTH, channels=1)) == ""


def test_what_is_expected_is_what_the_webhook_the_api_and_the_command_say() -> None:
    asked = RECORDING._replace(trimmed=True, silence_seconds=5, max_seconds=120)

    assert expected(asked, INFO, 7) == Expected(MINUTE, MINUTE, 2, True, 5_000, 120_000, 7)  # noqa: FBT003 -- in their order
    assert expected(RECORDING, None) == Expected(MINUTE, None, 2)
    assert expected(RECORDING, INFO._replace(duration_millis=None)) == Expected(MINUTE, None, 2)


@pytest.mark.parametrize(
    ("began", "ended"), [("", ""), ("2026-09-21T12:00:01Z", ""), ("2026-09-21T12:00:01Z", "2025-01-01T00:00:00Z")]
)
def test_times_that_make_no_sense_are_not_held_against_it(began: str, ended: str) -> None:
    nothing = RECORDING._replace(started_at=began, ended_at=ended)
    info = INFO._replace(started_at=RECORDING.started_at, ended_at=RECORDING.ended_at)

    assert expected(nothing, None).ran is None
    assert expected(nothing, info).ran == MINUTE
    assert paused_millis(nothing, ()) == 0


@dataclass(frozen=True)
class Happened:
    """As much of a timeline's entry as is looked at."""

    second: int
    actions: tuple[str, ...]
    call_leg_id: str = "leg"
    commanded: str = "v3:c"
    """On whose leg."""

    @property
    def payload(self) -> dict[str, str]:
        return {"call_control_id": "v3:c" if self.call_leg_id == "leg" else "v3:other"}

    @property
    def occurred_at(self) -> str:
        return f"2026-09-21T12:{self.second // 60:02d}:{self.second % 60:02d}.000000Z"

    @property
    def commands(self) -> tuple[Command, ...]:
        return tuple(Command(action, self.commanded, {}) for action in self.actions)


@pytest.mark.parametrize(
    ("happened", "seconds"),
    [
        ([], 0),
        ([Happened(10, ("record_pause",)), Happened(15, ("speak", "record_resume"))], 5 + 2),
        (
            [Happened(5, ()), Happened(10, ("record_pause",), "agent's"), Happened(15, ("record_resume",), "agent's")],
            5 + 2,
        ),
        ([Happened(15, ("record_resume",)), Happened(10, ("record_pause",))], 5 + 2),
        ([Happened(10, ("record_pause",)), Happened(12, ("record_pause",)), Happened(15, ("record_resume",))], 5 + 2),
        ([Happened(41, ("record_pause",))], 20 + 2),  # until its end
        ([Happened(0, ("record_pause",)), Happened(11, ("record_resume",))], 10 + 2),  # before it began
        ([Happened(10, ("record_pause",), "other"), Happened(15, ("record_resume",), "other")], 0),
        ([Happened(90, ("record_pause",)), Happened(95, ("record_resume",))], 0),  # of a later recording
        (
            [
                Happened(10, ("record_pause",)),
                Happened(15, ("record_resume",)),
                Happened(20, ("record_pause",)),
                Happened(25, ("record_resume",)),
            ],
            14,
        ),
    ],
)
def test_pauses_are_those_that_the_timeline_tells_of(happened: list[Happened], seconds: int) -> None:
    assert paused_millis(RECORDING, happened) == seconds * 1_000  # type: ignore[arg-type]


def test_an_mp3_that_is_cut_off_is_doubtful_even_where_its_length_may_be_shorter() -> None:
    """Trimmed, paused or ended by silence, no length is too short: the last frame alone shows the cut."""
    cut = Sound(20_000, 2, missing_bytes=17)

    for claimed in (BOTH, replace(BOTH, trimmed=True), Expected(ran=MINUTE, length=20_000, paused=40_000)):
        assert doubt(cut, MP3, 100_000, claimed)
    assert doubt(cut, MP3, 1, replace(BOTH, length=20_000, trimmed=True)).endswith("its last frame lacks 17 bytes")


def test_a_wav_header_that_promises_more_counts_only_where_telnyx_says_nothing_of_the_length() -> None:
    sound = Sound(MINUTE, 2, missing_bytes=17)

    assert doubt(sound, WAV, 1_000, BOTH) == ""
    assert doubt(sound, WAV, 1_000, Expected(ran=None, length=None)) == "its header promises 17 bytes more"
