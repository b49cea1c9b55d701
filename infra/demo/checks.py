"""What must be true when the demo's calls are over."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dialtone.domain.call_status import ENDED
from dialtone.domain.events import CONTROL_ACTION
from dialtone.domain.recordings import VERIFIED
from infra.carrier import trace
from infra.carrier.account import CALLEES
from infra.carrier.trace import Happening
from infra.demo.inventory import StoredCall, items, log_lines, objects, seconds_of_wav
from infra.demo.personal_data import documented, in_items, in_texts, lines_with
from infra.demo.scenes import ACKNOWLEDGED, CARD, IVR, MESSAGE, RECORDED, Outgoing
from infra.local.line import SWEEP_SECONDS, PhoneLine

SIGNED = "X-Amz-Signature="
"""In every address at which a recording can be heard."""

LENGTH_TOLERANCE_SECONDS = 1.0
"""How far a recording's length may be from the clock's: beginnings and ends are rounded to audio frames."""


@dataclass(frozen=True, slots=True)
class Check:
    """Something that must be true, and whether it is."""

    claim: str
    holds: bool
    seen: str = ""
    """What was found, for one that does not hold."""


def check_ivr(call: StoredCall, happened: Sequence[Happening]) -> Iterator[Check]:
    """The menu was heard anew after silence and after a wrong key, the hours were interrupted, the message is in S3."""
    heard = [each.what for each in happened if isinstance(each, trace.Heard) and "Welcome" in each.what]
    reported = [
        any(reminder in what for what in heard) for reminder in ("did not hear a key", "not one of the choices")
    ]
    yield Check("the menu was heard again after silence and after a wrong key", all(reported), str(heard))
    hours = [each.status for each in happened if isinstance(each, trace.FellSilent) and each.what == "opening-hours"]
    yield Check("a key interrupted the opening hours", hours == ["cancelled"], str(hours))
    expected = ["welcome", "opening-hours", "message", "thanks", "bye"]
    yield Check("the caller went through menu, hours, message, thanks", call.steps == expected, str(call.steps))
    yield Check("the call has ended and is known as completed", _ended_as(call, "completed"), call.led.outcome)
    yield from _recording_in_custody(call)
    yield Check("the transcript lies beside it and says what was said", MESSAGE in call.transcript(), call.transcript())


def check_announcement(call: StoredCall, scene: Outgoing, happened: Sequence[Happening]) -> Iterator[Check]:
    """Its outcome is noted; a person heard the file twice, and acknowledged."""
    yield Check(f"{scene.callee}: the outcome is “{scene.outcome}”", _ended_as(call, scene.outcome), call.led.outcome)
    if scene.outcome == ACKNOWLEDGED:
        played = [each for each in happened if isinstance(each, trace.Heard) and each.what == "directions"]
        loops = [
            each.commands for each in call.timeline if any(sent.action == "playback_start" for sent in each.commands)
        ]
        twice = any(sent.parameters.get("loop") == 2 for commands in loops for sent in commands)  # noqa: PLR2004 -- as the issue asks
        yield Check(f"{scene.callee}: the audio file was played, twice", bool(played) and twice, str(played))


def check_recorded(call: StoredCall, happened: Sequence[Happening]) -> Iterator[Check]:
    """Consent first, two channels, the card's stretch missing, the agent reached, the music stopped."""
    yield Check("the call was bridged and has ended", bool(call.led.bridged_at) and call.led.status == ENDED)
    yield from _recording_in_custody(call)
    yield _consented(call)
    seconds, channels = seconds_of_wav(call.audio())
    yield Check("the recording has two channels", channels == 2, str(channels))  # noqa: PLR2004 -- caller and agent
    talked, paused = _recorded_and_paused(happened)
    close = abs(seconds - (talked - paused)) <= LENGTH_TOLERANCE_SECONDS
    found = f"{seconds:.1f} s of {talked:.1f} s, {paused:.1f} s paused"
    claim = f"the {paused:.0f} s in which the card was keyed in, and a program had it paused, are not on it"
    yield Check(claim, paused > 0 and close, found)
    asked = [each.payload.get("action") for each in call.timeline if each.event_type == CONTROL_ACTION]
    changes = [each.change for each in happened if isinstance(each, trace.RecordingChanged)]
    obeyed = asked == ["record_pause", "record_resume"] and changes.count("paused") == changes.count("resumed") == 2  # noqa: PLR2004 -- the card's pause, and this one
    yield Check("it was paused and resumed from outside, by the control API", obeyed, f"{asked} {changes}")
    music = [
        each for each in happened if isinstance(each, (trace.Heard, trace.FellSilent)) and each.what == "hold-music"
    ]
    stopped = [type(each) for each in music] == [trace.Heard, trace.FellSilent]
    yield Check("hold music was played and stopped", stopped, str(music))


def check_queued(calls: Sequence[StoredCall], happened: Sequence[Happening]) -> Iterator[Check]:
    """Who came first was served first, and both heard where they stood."""
    first, second, *agents = calls
    said = [each.what for each in happened if isinstance(each, trace.Heard) and "in line" in each.what]
    reported = [place for place in ("number 1", "number 2") if any(place in what for what in said)]
    yield Check(
        "the callers heard that they were number 1 and number 2 in line",
        len(reported) == len((first, second)),
        str(said),
    )
    bridged = [call.led.bridged_at for call in (first, second)]
    in_turn = all(bridged) and bridged == sorted(bridged)
    yield Check("the agent took them in the order in which they came", in_turn, str(bridged))
    outcomes = [call.led.outcome for call in (first, second, *agents)]
    served = outcomes == ["served", "served", "completed", "completed"]
    yield Check("both callers are known as served, and the agent's calls as completed", served, str(outcomes))


def check_everything(line: PhoneLine, happened: Sequence[Happening]) -> Iterator[Check]:
    """Nothing doubled, nothing lost, no card number anywhere."""
    obeyed = Counter(
        each.parameters["command_id"]
        for each in happened
        if isinstance(each, trace.Commanded) and each.result == "accepted" and "command_id" in each.parameters
    )
    doubled = [command_id for command_id, times in obeyed.items() if times > 1]
    yield Check(f"{len(obeyed)} commands were obeyed, each once", bool(obeyed) and not doubled, str(doubled))
    answers = Counter(each.status for each in happened if isinstance(each, trace.WebhookAnswered))
    yield Check(f"{answers[200]} webhooks were answered 200, none otherwise", set(answers) == {200}, str(answers))
    yield from _personal_data(line)
    waiting = line.cloud.client("sqs").get_queue_attributes(
        QueueUrl=line.cloud.archive_dead_letter_queue_url, AttributeNames=["ApproximateNumberOfMessages"]
    )["Attributes"]["ApproximateNumberOfMessages"]
    yield Check("no recording is in the dead-letter queue", waiting == "0", waiting)
    line.carrier.run_for(SWEEP_SECONDS)
    swept = line.sweep()
    yield Check("a sweep finds no recording that is outstanding", swept == {"outstanding": 0}, str(swept))


def _personal_data(line: PhoneLine) -> Iterator[Check]:
    """The card number is nowhere, and what else is about people lies only where docs/security.md says."""
    secrets = {
        CARD: "card",
        line.carrier.api_key: "key",
        SIGNED: "address",
        MESSAGE: "transcript",
        **dict.fromkeys((IVR.caller, RECORDED.caller, *CALLEES), "numbers"),
    }
    stored = {*in_items(items(line), secrets), *in_texts(objects(line), secrets)}
    reported = lines_with(log_lines(line), secrets)
    card = [str(each) for each in stored if each.kind == "card"]
    yield Check("the card number is in no item, no object and no log line", not card and not reported, str(card))
    rows = documented()
    strange = [str(each) for each in stored if not any(row.has(each) for row in rows)]
    claim = "numbers and words of people lie only where docs/security.md says, and in no log line or metric"
    yield Check(claim, bool(stored) and not strange and not reported, str(strange or reported[:1]))


def _ended_as(call: StoredCall, outcome: str) -> bool:
    return call.led.status == ENDED and call.led.outcome == outcome


def _recording_in_custody(call: StoredCall) -> Iterator[Check]:
    statuses = [recording.status for recording in call.recordings]
    yield Check("the ledger has one recording, verified", statuses == [VERIFIED], str(statuses))
    if statuses == [VERIFIED]:
        audio, reported = call.audio(), call.metadata()
        same = reported.get("bytes") == len(audio) and reported.get("sha256") == hashlib.sha256(audio).hexdigest()
        yield Check("its metadata has the length and SHA-256 of the audio in S3", same, str(reported))


def _consented(call: StoredCall) -> Check:
    """The evidence lies beside the audio: what was asked, which key was pressed, and that it began only then."""
    reported = call.metadata()
    consent = reported.get("consent") or {}
    asked = "We would like to record this call" in consent.get("prompt", "")
    before = consent.get("at", "~") <= call.recordings[0].started_at if call.recordings else False
    claim = "it began after the caller agreed by key 1, and the evidence lies beside it"
    return Check(claim, asked and before and (consent["how"], consent["key"]) == ("given", "1"), str(consent))


def _recorded_and_paused(happened: Sequence[Happening]) -> tuple[float, float]:
    """Seconds from the recording's start to its end, and seconds of it that it was paused."""
    started = ended = paused_at = 0.0
    paused = 0.0
    for each in happened:
        if isinstance(each, trace.RecordingChanged):
            match each.change:
                case "started":
                    started = each.at
                case "paused":
                    paused_at = each.at
                case "resumed":
                    paused += each.at - paused_at
                case "stopped":
                    ended = each.at
    return ended - started, paused
