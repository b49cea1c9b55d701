"""`dialtone recordings list, show, verify, redrive`: the real commands on a stack by moto."""

import json
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from dialtone.domain.object_keys import object_key
from infra.operations import aws
from tests.integration.archiving import KEY, RECORDING_ID
from tests.integration.custody import NAME, STACK, Operator, called
from tests.integration.deliveries import CALLED, LEG, SESSION
from tests.integration.dependencies import Fault


def names(at_work: Operator, *arguments: str) -> list[str]:
    return [each["recording"][-2:] for each in at_work.listed(*arguments)]


def test_recordings_are_listed_by_caller_status_flow_and_time(at_work: Operator) -> None:
    at_work.house.save(
        called(2, started_at="2026-09-20T23:59:59.999000Z", flow="front-desk"),
        called(3, status="verified", started_at="2026-09-21T00:00:00.000000Z"),
        called(4, status="expected", started_at="", requested_at="2026-09-22T08:00:00.000000Z"),
        called(5, direction="outgoing", from_number=CALLED, to_number="+15550777"),
    )

    assert names(at_work) == ["02", "03", "01", "05", "04"]
    assert names(at_work, "--caller", "+1 555-0777") == ["05"]
    assert names(at_work, "--caller", CALLED) == [], "our own number is nobody who called"
    assert names(at_work, "--status", "verified") == ["03"]
    assert names(at_work, "--flow", "front-desk") == ["02"]
    assert names(at_work, "--since", "2026-09-21", "--until", "2026-09-21") == ["03", "01", "05"]
    assert names(at_work, "--until", "2026-09-21T01:00+01:00") == ["02"]


def test_a_table_is_for_people_and_moves_no_cursor(at_work: Operator) -> None:
    at_work.house.save(called(2, from_number="sip:\x1b[2J@evil.example", flow="front-desk"))
    at_work.deploy()

    status, out, err = at_work.run("list", "--stack", STACK)

    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].split() == ["BEGAN", "STATUS", "SECONDS", "CALLER", "FLOW", "RECORDING", "SESSION"]
    assert [line.split()[-2:] for line in lines[1:]] == [[NAME, SESSION], [f"{LEG}-02", SESSION]]
    assert "\x1b" not in out


@pytest.mark.parametrize("name", [NAME, SESSION, RECORDING_ID])
def test_a_recording_is_shown_by_its_name_by_telnyx_id_or_by_its_call(at_work: Operator, name: str) -> None:
    recording = at_work.archive(transcript=True)
    assert recording.audio

    status, out, _ = at_work.run("show", name)
    as_json = json.loads(at_work.run("show", name, "--json")[1])

    assert status == 0
    fields = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert fields["status"] == "verified"
    assert fields["sha256"] == as_json["sha256"] == recording.audio.sha256
    assert fields["key"] == f"{KEY}.wav"
    assert fields["transcript_key"] == f"{KEY}.txt"


def test_what_makes_no_sense_is_refused_in_a_sentence(at_work: Operator) -> None:
    for arguments, why in (
        (["list", "--caller", "Ada"], "'Ada' is not a number: write it with + and its country's code"),
        (["list", "--since", "yesterday"], "'yesterday' is not a time: give a day"),
        (["list", "--status", "lost"], "invalid choice: 'lost'"),
        (["list", "--stack", "nowhere"], "there is no stack nowhere in this account and region"),
        (["show", "no-such"], "has no recording and no call session 'no-such'"),
        (["show", " "], "which recording?"),
        (["show", "x' OR \x1b[1m"], "x' OR \\x1b[1m"),
        (["redrive", "no-such"], "has no recording and no call session 'no-such'"),
    ):
        status, out, err = at_work.run(*arguments)

        assert status in (1, 2), arguments
        assert out == ""
        assert why in err
        assert "Traceback" not in err


def test_without_a_stack_the_remedy_is_reported(at_work: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CALLS_TABLE")

    status, _, err = at_work.run("list")

    assert status == 1
    assert "which stack? Pass --stack NAME, or export CALLS_TABLE" in err


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("AccessDeniedException", "AWS forbids Scan"),
        ("ExpiredTokenException", "log in again"),
        ("InternalServerError", "AWS answered Scan with InternalServerError"),
    ],
)
def test_what_aws_refuses_is_said_in_a_sentence(
    at_work: Operator, monkeypatch: pytest.MonkeyPatch, code: str, said: str
) -> None:
    class Refusing:
        def scan(self, **_: object) -> None:
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, "Scan")

    monkeypatch.setattr(aws, "client", lambda _: Refusing())

    status, _, err = at_work.run("list")

    assert status == 1
    assert said in err
    assert "Traceback" not in err


def test_what_is_as_the_ledger_says_is_verified(at_work: Operator) -> None:
    at_work.archive(transcript=True)
    at_work.house.save(called(2, status="expected"))

    status, out, err = at_work.run("verify")

    assert (status, err) == (0, "")
    assert out.startswith("1 recordings verified, 0.1 MB read, 0 differ; 1 have no audio")


def overwritten(at_work: Operator, key: str) -> None:
    at_work.house.s3.put_object(Bucket=at_work.house.name, Key=key, Body=b"something else")


def versions(at_work: Operator, key: str) -> list[str]:
    listed = at_work.house.s3.list_object_versions(Bucket=at_work.house.name, Prefix=key)
    return [each["VersionId"] for each in listed["Versions"]]


def removed(at_work: Operator, key: str) -> None:
    for version in versions(at_work, key):
        at_work.house.s3.delete_object(Bucket=at_work.house.name, Key=key, VersionId=version)


def test_other_bytes_are_found_and_the_version_that_is_right_is_named(at_work: Operator) -> None:
    at_work.archive(transcript=True)
    (first,) = versions(at_work, f"{KEY}.wav")
    overwritten(at_work, f"{KEY}.wav")

    status, out, _ = at_work.run("verify")

    assert status == 1
    assert f"{KEY}.wav: holds 14 bytes with SHA-256" in out
    assert f"its version {first} has the right bytes: restore it" in out
    assert "1 differ" in out


def test_what_is_gone_is_found_with_every_version(at_work: Operator) -> None:
    at_work.archive(transcript=True)
    for ending in (".wav", ".txt", ".json"):
        removed(at_work, f"{KEY}{ending}")

    status, out, _ = at_work.run("verify")

    assert status == 1
    assert out.count("is not in the bucket") == 3
    assert "no version matches: restore it from a backup" in out
    assert f"rewrite it: `dialtone recordings redrive {NAME}`" in out


def test_metadata_that_was_changed_is_found_and_written_again_by_the_job_that_the_remedy_queues(
    at_work: Operator,
) -> None:
    at_work.archive()
    removed(at_work, f"{KEY}.json")
    overwritten(at_work, f"{KEY}.json")
    assert "differs from the ledger" in at_work.run("verify")[1]

    assert at_work.run("redrive", NAME)[:2] == (0, f"queued: {NAME} (verified)\n")
    (job,) = at_work.queued()
    at_work.house.deliver(json.dumps(job))

    assert at_work.run("verify")[0] == 0


@pytest.mark.parametrize("fault", ["unanswered", "dies before"])
def test_a_verification_that_is_cut_off_goes_on_where_it_was(at_work: Operator, tmp_path: Path, fault: Fault) -> None:
    for number in (2, 3, 4):
        at_work.keep(called(number))
    overwritten(at_work, f"{KEY[:-2]}02.wav")
    place, requests = tmp_path / "place", at_work.house.wire.requests
    reads_of_all = 3 * 2 + 2  # audio and metadata of each; of what differs once more, and its versions

    at_work.house.faults.plan, at_work.house.faults.place = dict.fromkeys((9, 10, 11), fault), 0
    first = at_work.cut_off("verify", "--resume", str(place))
    at_work.house.recover()
    before = len(requests)
    second = at_work.run("verify", "--resume", str(place))

    assert first != 0
    assert second[0] == 1, "what was found before the fault counts"
    assert second[1].splitlines()[-1].startswith("3 recordings verified")
    assert second[1].count("holds 14 bytes") == 1
    assert requests[before:].count("GetObject") < reads_of_all
    assert not place.exists(), "it is finished"


def test_a_place_of_something_else_is_refused(at_work: Operator, tmp_path: Path) -> None:
    place = tmp_path / "place"
    for content, why in {
        "{": "cannot be read",
        "{}": "is not of `dialtone recordings verify`",
        json.dumps({"of": {}, "after": ["a", "b"], "tally": {"findings": []}}): "of another table or selection",
    }.items():
        place.write_text(content)

        status, _, err = at_work.run("verify", "--resume", str(place))

        assert status == 1
        assert why in err
        assert place.read_text() == content


def test_an_object_that_s3_keeps_to_itself_is_a_finding_and_the_next_is_verified(
    at_work: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (2, 3):
        at_work.keep(called(number))
    get = at_work.house.s3.get_object

    def refusing(**asked: str) -> object:
        if asked["Key"].endswith("02.wav"):
            raise ClientError({"Error": {"Code": "KMS.DisabledException", "Message": "disabled"}}, "GetObject")
        return get(**asked)  # type: ignore[arg-type]

    monkeypatch.setattr(at_work.house.s3, "get_object", refusing)

    status, out, _ = at_work.run("verify")

    assert status == 1
    assert "02.wav: S3 does not give it: KMS.DisabledException disabled; see to the bucket's policy" in out
    assert "2 recordings verified" in out


def test_what_was_given_up_is_put_back_without_its_old_addresses_and_what_is_no_job_stays(at_work: Operator) -> None:
    at_work.give_up(at_work.house.job())
    at_work.give_up(at_work.house.transcript_job())
    at_work.give_up("no job")

    status, out, _ = at_work.run("redrive")

    assert status == 1
    assert [(job["kind"], job["urls"]) for job in at_work.queued()][:2] == [("audio", None), ("transcript", None)]
    assert at_work.given_up() == ["no job"]
    assert f"put back: audio of {NAME}" in out
    assert "2 put back from the dead-letter queue" in out
    assert "1 messages are not jobs and stay" in out


def test_what_is_put_back_is_archived(at_work: Operator) -> None:
    at_work.house.telnyx.expire()
    at_work.give_up(at_work.house.job())

    at_work.run("redrive")
    for job in at_work.queued():
        at_work.house.deliver(json.dumps(job))

    assert at_work.house.entry().status == "verified"


@pytest.mark.parametrize(
    ("place", "fault"), [(1, "unanswered"), (1, "dies after"), (2, "lost"), (2, "dies before"), (2, "dies after")]
)
def test_a_redrive_that_is_cut_off_loses_nothing(at_work: Operator, place: int, fault: Fault) -> None:
    at_work.give_up(at_work.house.job())

    at_work.house.faults.plan, at_work.house.faults.place = {place: fault}, 0
    at_work.cut_off("redrive")
    at_work.house.recover()
    in_sight = at_work.given_up() + [job["kind"] for job in at_work.queued()]
    hidden = at_work.hidden()

    assert in_sight or hidden, "the job is on one of the two queues"


def test_only_what_is_stuck_is_queued_again(at_work: Operator) -> None:
    just_now = "2199-01-01T00:00:00.000000Z"
    at_work.house.save(called(2, status="copied"), called(3, ended_at=just_now), called(4, status="failed"))

    status, out, _ = at_work.run("redrive")

    assert status == 0
    assert sorted(job["recording"] for job in at_work.queued()) == [NAME, f"{LEG}-02"]
    assert "2 queued that were stuck" in out


def test_a_failed_recording_is_queued_by_its_name_and_an_expected_one_is_not(at_work: Operator) -> None:
    at_work.house.save(called(2, status="failed"), called(3, status="expected"))

    failed, expected = at_work.run("redrive", f"{LEG}-02"), at_work.run("redrive", f"{LEG}-03")

    assert failed[:2] == (0, f"queued: {LEG}-02 (failed)\n")
    assert expected[0] == 1
    assert "is expected: Telnyx has not reported it" in expected[2]
    assert [(job["kind"], job["recording"]) for job in at_work.queued()] == [("audio", f"{LEG}-02")]


def test_what_has_expired_is_no_finding_and_what_is_gone_before_its_time_is(at_work: Operator) -> None:
    long_ago = {"started_at": "2024-09-21T12:00:03.000000Z", "ended_at": "2024-09-21T12:00:05.000000Z"}
    recordings = [
        at_work.keep(called(number, retention_days=days, **long_ago)) for number, days in ((2, 30), (3, 3650))
    ]
    for recording in recordings:
        for key in (object_key(recording, "wav"), object_key(recording, "json")):
            at_work.house.s3.delete_object(Bucket=at_work.house.name, Key=key)

    status, out, _ = at_work.run("verify")

    assert status == 1
    assert "1 have expired" in out
    assert f"{LEG}-02" not in out
    assert f"{LEG}-03.wav: is not in the bucket" in out

    rule = {"ID": "x", "Status": "Enabled", "Filter": {"Prefix": "recordings/"}, "Expiration": {"Days": 365}}
    at_work.house.s3.put_bucket_lifecycle_configuration(
        Bucket=at_work.house.name,
        LifecycleConfiguration={"Rules": [rule]},  # type: ignore[list-item] # a literal of its own type
    )
    assert at_work.run("verify")[:2][0] == 0, "the bucket keeps nothing for longer"
    assert "2 have expired" in at_work.run("verify")[1]
    assert [each["retention_days"] for each in at_work.listed("--until", "2024-12-31")] == [30, 3650]
    assert json.loads(at_work.run("show", f"{LEG}-03", "--json")[1])["kept_days"] == 365


def test_metadata_of_an_earlier_version_lacks_fields_and_is_right(at_work: Operator) -> None:
    kept = at_work.keep(called(2))
    key = object_key(kept, "json")
    written = json.loads(at_work.house.s3.get_object(Bucket=at_work.house.name, Key=key)["Body"].read())

    for change, status in (({}, 0), ({"from": "+15550199"}, 1)):
        earlier = {name: value for name, value in written.items() if name != "retention_days"} | change
        at_work.house.s3.put_object(Bucket=at_work.house.name, Key=key, Body=json.dumps(earlier).encode())

        assert at_work.run("verify")[0] == status
