"""The commands of a call, one function each: checked already, obeyed here."""

from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dialtone.domain.hangup_causes import NORMAL_CLEARING, ORIGINATOR_CANCEL
from infra.carrier import calls, conferences, dialling, errors, media, payments, queues, recordings, supervision
from infra.carrier.ai_assistant import AiAssistant
from infra.carrier.ai_gather import AiGather
from infra.carrier.audio import speech
from infra.carrier.exchange import Exchange
from infra.carrier.gather import Gather, rules
from infra.carrier.legs import Leg, LegState, Order, Prompt, Recording

Parameters = dict[str, Any]
#: Obeys a command; gives what its answer holds beside `"result": "ok"`.
Command = Callable[["Exchange", Leg, Parameters], dict[str, Any]]

COMMANDS: dict[str, Command] = {}

_REJECTIONS = {
    "USER_BUSY": "user_busy",
    "CALL_REJECTED": "call_rejected",
    "NOT_FOUND": "not_found",
    "TEMPORARILY_UNAVAILABLE": "unspecified",
}


def _command(*, answered: bool = True) -> Callable[[Command], Command]:
    """Register a command under its name; by default it needs an answered call."""

    def register(obey: Command) -> Command:
        def obey_in_state(exchange: Exchange, leg: Leg, given: Parameters) -> dict[str, Any]:
            if answered and not leg.talking:
                raise errors.not_answered()
            return obey(exchange, leg, given)

        COMMANDS[obey.__name__] = obey_in_state
        return obey

    return register


def take_client_state(leg: Leg, given: Parameters) -> None:
    """Keep the client state that a command brings: the latest wins."""
    if "client_state" in given:
        leg.client_state = given["client_state"]


def _ringing_in(leg: Leg) -> None:
    if not leg.incoming:
        raise errors.cannot("Only an incoming call can be answered or rejected.")
    if leg.state is not LegState.RINGING:
        raise errors.cannot("This call has already been answered.")


@_command(answered=False)
def answer(exchange: Exchange, leg: Leg, given: Parameters) -> dict[str, Any]:
    """Answer an incoming call, and record it from here on if asked."""
    _ringing_in(leg)
    take_client_state(leg, given)
    leg.route = calls.route_of(leg.application, given, leg.route)
    leg.custom_headers = given.get("custom_headers", leg.custom_headers)
    calls.answer(exchange, leg)
    return _record_from_answer(exchange, leg, given)


def _record_from_answer(exchange: Exchange, leg: Leg, given: Parameters) -> dict[str, Any]:
    order = dialling.record_order(given)
    if order is None:
        return {}
    return {"recording_id": recordings.start(exchange, leg, order).id}


@_command(answered=False)
def reject(exchange: Exchange, leg: Leg, given: Parameters) -> dict[str, Any]:
    """Refuse an incoming call."""
    _ringing_in(leg)
    take_client_state(leg, given)
    calls.hang_up(exchange, leg, _REJECTIONS[given["cause"]], "callee")
    return {}


@_command(answered=False)
def hangup(exchange: Exchange, leg: Leg, given: Parameters) -> dict[str, Any]:
    """End a call, answered or not."""
    take_client_state(leg, given)
    leg.custom_headers = given.get("custom_headers", leg.custom_headers)
    cause = NORMAL_CLEARING if leg.talking or leg.incoming else ORIGINATOR_CANCEL
    calls.hang_up(exchange, leg, cause, "callee" if leg.incoming else "caller")
    return {}


@_command(answered=False)
def client_state_update(_exchange: Exchange, leg: Leg, given: Parameters) -> dict[str, Any]:
    """Keep a new client state."""
    take_client_state(leg, given)
    return {}


def _loops(given: Parameters) -> int | None:
    loop = given.get("loop", 1)
    return None if loop == "infinity" else int(loop)


def _spoken(given: Parameters, payload: str, **more: Any) -> Prompt:  # noqa: ANN401 - Prompt's own fields
    words, seconds = speech(payload, ssml=given.get("payload_type") == "ssml")
    return Prompt("speech", words, seconds, **more)


def _queue_prompt(leg: Leg, prompt: Prompt, given: Parameters) -> None:
    """Queue a prompt; `stop` ends what plays (current), and with `all` forgets what was queued before it."""
    player = leg.overlay if prompt.overlay else leg.audio
    interrupts = "stop" in given and player.playing is not None
    if given.get("stop") == "all":
        player.waiting.clear()
    player.add(leg, prompt)
    if interrupts:
        player.stop(leg, "current")


def _targets(leg: Leg, given: Parameters) -> str:
    targets: str = given.get("target_legs", "self")
    if targets == "opposite" and leg.peer is None:
        raise errors.cannot("The call is not bridged, so it has no opposite leg.")
    return targets


@_command()
def speak(_exchange: Exchange, leg: Leg, given: Parameters) -> dict[str, Any]:
    """Speak a text, after the audio already queued."""
    prompt = _spoken(given, given["payload"], loops=_loops(given), targets=_targets(leg, given))
    take_client_state(leg, given)
    _queue_prompt(leg, prompt, given)
    return {}


def file_prompt(exchange: Exchange, given: Parameters, prefix: str = "", **more: Any) -> Prompt | None:  # noqa: ANN401
    """Return the prompt of the audio that parameters name (`prefix` invalid_ for a gather's second one), if any."""
    url, name = given.get(f"{prefix}audio_url"), given.get(f"{prefix}media_name")
    content = given.get("playback_content") if not prefix else None
    named: tuple[tuple[str, str], ...] = ()
    if url is not None:
        found, what, named = exchange.media.at(url, cached=given.get("cache_audio", True)), url, (("media_url", url),)
    elif name is not None:
        found, what, named = exchange.media.named(name), name, (("media_name", name),)
    elif content is not None:
        found, what = media.of_bytes(b64decode(content), "playback_content"), "playback_content"
    else:
        return None
    failure = None if found.failed_status is None else (found.failed_status, found.failed_detail or "")
    return Prompt("audio", what, found.seconds, media=named, failure=failure, **more)


@_command()
def playback_start(exchange: Exchange, leg: Leg, given: Parameters) -> dict[str, Any]:
    """Play an audio file, after the audio already queued or over it."""
    overlay = given.get("overlay", False)
    if overlay and (leg.audio.playing is None or leg.audio.playing.prompt.kind != "audio"):
        raise errors.cannot("Audio can be overlaid only while other audio is being played.")
    prompt = file_prompt(exchange, given, loops=_loops(given), targets=_targets(leg, given), overlay=overlay)
    assert prompt is not None  # noqa: S101 - the checks demand a source
    take_client_state(leg, given)
    _queue_prompt(leg, prompt, given)
    return {}


@_command()
def playback_stop(_exchange: Exchange, leg: Leg, given: Parameters) -> dict[str, Any]:
    """Stop what plays, speech as well as audio."""
    take_client_state(leg, given)
    player = leg.overlay if given.get("overlay") else leg.audio
    player.stop(leg, given.get("stop", "all"))
    return {}


@_command(answered=False)
def record_start(exchange: Exchange, leg: Leg, given: Parameters) -> dict[str, Any]:
    """Start a recording; the answer does not tell its id."""
    if not leg.talking:
        raise errors.no_audio_yet()
    take_client_state(leg, given)
    order = Order(
        format=given["format"],
        channels=given["channels"],
        track=given.get("recording_track", "both"),
        max_length_seconds=given.get("max_length", 0),
        silence_seconds=given.get("timeout_secs", 0),
        play_beep=given.get("play_beep", False),
        trim="trim" in given,
        transcription=given.get("transcription", False),
        custom_file_name=given.get("custom_file_name"),
    )
    recordings.start(exchange, leg, order)
    return {}


def _for_each_recording(
    act: Callable[[Exchange, Recording], None], exchange: Exchange, leg: Leg, given: Parameters
) -> dict[str, Any]:
    """Do it to the recordings that a command means: the one named, or all under way."""
    recording_id = given.get("recording_id")
    if recording_id is not None and all(recording.id != recording_id for recording in leg.recordings):
        raise errors.invalid("/recording_id", "This call has no such recording.")
    meant = recordings.active(leg, recording_id)
    take_client_state(leg, given)
    for recording in meant:
        act(exchange, recording)
    return {}


@_command()
def record_stop(exchange: Exchange, leg: Leg, given: Parameters) -> dict[str, Any]:
    """Stop recording."""
    return _for_each_recording(recordings.stop, exchange, leg, given)


@_command()
def record_pause(exchange: Exchange, leg: Leg, given: Parameters) -> dict[str, Any]:
    """Leave out what follows."""
    return _for_each_recording(recordings.pause, exchange, leg, given)


@_command()
def record_resume(exchange: Exchange, leg: Leg, given: Parameters) -> dict[str, Any]:
    """Record again."""
    return _for_each_recording(recordings.resume, exchange, leg, given)


@_command()
def gather(exchange: Exchange, leg: Leg, given: Parameters) -> dict[str, Any]:
    """Gather digits without a prompt."""
    take_client_state(leg, given)
    Gather(exchange, leg, rules(given, prompted=False)).begin()
    return {}


@_command()
def gather_stop(_exchange: Exchange, leg: Leg, given: Parameters) -> dict[str, Any]:
    """Cancel a gather."""
    take_client_state(leg, given)
    if leg.gather is not None and not isinstance(leg.gather, AiGather):
        leg.gather.end("cancelled")
    return {}


@_command()
def gather_using_speak(exchange: Exchange, leg: Leg, given: Parameters) -> dict[str, Any]:
    """Gather digits while a text is read out."""
    take_client_state(leg, given)
    invalid = given.get("invalid_payload")
    prompt = _spoken(given, given["payload"], announced=False)
    invalid_prompt = None if invalid is None else _spoken(given, invalid, announced=False)
    Gather(exchange, leg, rules(given, prompted=True), prompt, invalid_prompt).begin()
    return {}


@_command()
def gather_using_audio(exchange: Exchange, leg: Leg, given: Parameters) -> dict[str, Any]:
    """Gather digits while an audio file is played."""
    take_client_state(leg, given)
    prompt = file_prompt(exchange, given)
    invalid_prompt = file_prompt(exchange, given, "invalid_")
    Gather(exchange, leg, rules(given, prompted=True), prompt, invalid_prompt).begin()
    return {}


@_command()
def gather_using_ai(exchange: Exchange, leg: Leg, given: Parameters) -> dict[str, Any]:
    """Let an assistant listen to what is said."""
    take_client_state(leg, given)
    listening = AiGather(exchange, leg, given)
    listening.begin()
    return {"conversation_id": listening.conversation_id}


@_command()
def ai_assistant_start(exchange: Exchange, leg: Leg, given: Parameters) -> dict[str, Any]:
    """Let an assistant talk."""
    take_client_state(leg, given)
    if "assistant" not in given:
        raise errors.missing("/assistant")
    talking = AiAssistant(exchange, leg, given)
    talking.begin()
    return {"conversation_id": talking.conversation_id}


@_command()
def ai_assistant_stop(_exchange: Exchange, leg: Leg, given: Parameters) -> dict[str, Any]:
    """Let no assistant listen or talk any more."""
    take_client_state(leg, given)
    if isinstance(leg.gather, (AiGather, AiAssistant)):
        leg.gather.end("cancelled")
    return {}


ENGINES = {"A": "Google", "B": "Telnyx"}


@_command()
def transcription_start(_exchange: Exchange, leg: Leg, given: Parameters) -> dict[str, Any]:
    """Transcribe live from now on, sentence by sentence."""
    take_client_state(leg, given)
    engine, config = given.get("transcription_engine", "Google"), given.get("transcription_engine_config", {})
    if ENGINES.get(engine, engine) != ENGINES.get(named := config.get("transcription_engine", engine), named):
        raise errors.invalid("/transcription_engine_config", f"The configuration is of {named}, not of {engine}.")
    leg.transcription = (ENGINES.get(str(engine), str(engine)), given.get("transcription_tracks", "inbound"))
    return {}


@_command()
def transcription_stop(_exchange: Exchange, leg: Leg, given: Parameters) -> dict[str, Any]:
    """Write down no more."""
    take_client_state(leg, given)
    leg.transcription = None
    return {}


@_command()
def switch_supervisor_role(_exchange: Exchange, leg: Leg, given: Parameters) -> dict[str, Any]:
    """Let a supervisor listen, whisper or talk with both."""
    supervision.switch_role(leg, given["role"])
    return {}


@_command()
def pay(exchange: Exchange, leg: Leg, given: Parameters) -> dict[str, Any]:
    """Ask for a card, or an account, and have it charged."""
    take_client_state(leg, given)
    known = given.get("connector_name", payments.DEFAULT) in exchange.pay_connectors
    if not (known or exchange.any_pay_connector):
        raise errors.invalid("/connector_name", "There is no Pay connector of this name.")
    if given.get("transaction_type") == "charge" and not given.get("amount"):
        raise errors.missing("/amount")
    payments.Payment(exchange, leg, given).begin()
    return {}


@_command()
def send_dtmf(exchange: Exchange, leg: Leg, given: Parameters) -> dict[str, Any]:
    """Send keys down the line."""
    take_client_state(leg, given)
    calls.send_digits(exchange, leg, given["digits"])
    return {}


@_command()
def transfer(exchange: Exchange, leg: Leg, given: Parameters) -> dict[str, Any]:
    """Dial a callee for this leg; both are bridged when the callee answers."""
    dialling.check_profile(exchange, leg.application, [given["to"]])
    audio = file_prompt(exchange, given)
    take_client_state(leg, given)
    leg.parks_after_unbridge = "park_after_unbridge" in given
    recording_id = exchange.new_id() if "record" in given else None
    options = replace(dialling.options_of(given, audio, recording_id), audio_before_bridge=True)
    dialling.dial(
        exchange,
        leg,
        leg.session,
        calls.route_of(leg.application, given),
        application_id=leg.application.connection_id,
        from_=given.get("from", leg.name.to if leg.incoming else leg.name.from_),
        to=given["to"],
        options=options,
        client_state=given.get("target_leg_client_state"),
        bridges=True,
    )
    return {} if recording_id is None else {"recording_id": recording_id}


@_command()
def bridge(exchange: Exchange, leg: Leg, given: Parameters) -> dict[str, Any]:
    """Bridge this call with another, or with the first of a queue: that one leaves it whatever comes of the bridge."""
    in_queue = "queue" in given
    other = (
        queues.take_first(exchange, given["queue"]) if in_queue else exchange.legs.get(given.get("call_control_id", ""))
    )
    if other is None or other is leg:
        raise errors.invalid_call_control_id()
    if not other.alive:
        raise errors.call_ended()
    if not other.talking:
        raise errors.not_answered()
    if given.get("prevent_double_bridge") and other.peer is not None:
        raise errors.cannot("The call to bridge with is already bridged.")
    if conferences.place_of(leg) or conferences.place_of(other):
        raise errors.cannot("A call in a conference cannot be bridged.")
    take_client_state(leg, given)
    leg.parks_after_unbridge = "park_after_unbridge" in given
    if leg.peer is not other:
        dialling.part(exchange, leg)
        dialling.part(exchange, other)
        calls.bridge(exchange, leg, other)
    return _record_from_answer(exchange, leg, given)


@_command()
def enqueue(exchange: Exchange, leg: Leg, given: Parameters) -> dict[str, Any]:
    """Put the call into a queue; one that is bridged is parted from its peer first."""
    state = leg.client_state
    take_client_state(leg, given)
    try:
        queues.enter(
            exchange,
            leg,
            given["queue_name"],
            max_size=given.get("max_size", queues.DEFAULT_MAX_SIZE),
            max_wait_seconds=given.get("max_wait_time_secs"),
            keep=given.get("keep_after_hangup", False),
        )
    except errors.RefusalError:
        leg.client_state = state
        raise
    if leg.peer is not None:
        dialling.part(exchange, leg)
        calls.unbridge(exchange, leg)
    return {}


@_command()
def leave_queue(exchange: Exchange, leg: Leg, given: Parameters) -> dict[str, Any]:
    """Take the call out of its queue."""
    if queues.place_of(exchange, leg) is None:
        raise errors.cannot("The call is in no queue.")
    take_client_state(leg, given)
    queues.leave(exchange, leg, "leave")
    return {}
