"""Audio over other audio: stopped by the flow, and what becomes of a call whose audio has nothing under it."""

from pathlib import Path

from infra.carrier import Caller, Silence, trace
from infra.flowkit.stage import Stage

DESK = "+15550100"
MUSIC = 'music: {play: {audio: "https://a.example/music"}, times: infinity, background: true}'
SORRY = "sorry: {say: We are sorry., next: bye}"


def staged(folder: Path, *steps: str) -> Stage:
    (folder / "numbers.yaml").write_text(f'"{DESK}": desk\n')
    written = "".join(f"  {step}\n" for step in steps)
    (folder / "desk.yaml").write_text(f"flow: desk\nvoice: female\nlast_resort: sorry\nsteps:\n{written}")
    return Stage(flows=folder)


def test_audio_that_plays_over_other_audio_without_end_is_stopped_by_the_flow(tmp_path: Path) -> None:
    over = 'rain: {play: {audio: "https://a.example/rain"}, overlay: true, times: infinity, background: true}'
    stop = "dry: {play: null, stop: overlay}"
    stage = staged(tmp_path, MUSIC, over, "a: {wait: 5}", stop, "b: {wait: 5}", "bye: hangup", SORRY)

    session = stage.ring(DESK, Caller(Silence(60)))

    ended = [each for each in stage.received if each.type == "call.playback.ended"]
    assert [(each.text("media_url"), each.text("status")) for each in ended] == [
        ("https://a.example/rain", "cancelled"),
        ("https://a.example/music", "call_hangup"),
    ]
    [leg] = stage.store.legs(session)
    assert leg.errors == 0


def test_audio_over_nothing_takes_the_error_path_and_the_timeline_says_why(tmp_path: Path) -> None:
    over = 'rain: {play: {audio: "https://a.example/rain"}, overlay: true}'
    stage = staged(tmp_path, over, "bye: hangup", SORRY)
    heard: list[str] = []
    stage.carrier.observe(lambda each: heard.append(each.what) if isinstance(each, trace.Heard) else None)

    session = stage.ring(DESK, Caller(Silence(60)))

    assert heard == ["We are sorry."]
    [refused] = [each for each in stage.store.timeline(session) if each.event_type == "dialtone.command.refused"]
    assert refused.reason.startswith("playback_start refused: ")
