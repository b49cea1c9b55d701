"""`dialtone recordings export`: what a third party gets, also where it was interrupted."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from infra.output.files import alone
from tests.integration.archiving import KEY
from tests.integration.custody import NAME, Operator, called
from tests.integration.deliveries import CALLER, LEG, SESSION
from tests.integration.dependencies import Fault


def checked(folder: Path) -> tuple[int, int]:
    """What `sha256sum` says of the folder: its status, and how many files are right."""
    done = subprocess.run(
        ["sha256sum", "--strict", "-c", "SHA256SUMS"],  # noqa: S607 -- a third party's own, too
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.count(": OK")


def manifest(folder: Path) -> dict[str, Any]:
    document = json.loads((folder / "manifest.json").read_text())
    assert isinstance(document, dict)
    return document


def test_of_two_exports_into_one_folder_the_second_waits_for_the_first(at_work: Operator, tmp_path: Path) -> None:
    at_work.archive()
    folder = tmp_path / "handed-over"
    folder.mkdir()

    with alone(folder):
        status, _, err = at_work.run("export", "--to", str(folder))

    assert (status, list(folder.iterdir())) == (1, [])
    assert f"another export into {folder} is running: wait for its end, or name another folder" in err
    assert at_work.run("export", "--to", str(folder))[0] == 0


def test_an_export_is_checked_without_us(at_work: Operator, tmp_path: Path) -> None:
    at_work.archive(transcript=True)
    at_work.house.save(called(2, status="expected"))
    folder = tmp_path / "handed-over"

    status, out, err = at_work.run("export", "--to", str(folder))

    assert (status, err) == (0, "")
    assert "2 recordings, 3 files fetched, 0 there already" in out
    assert checked(folder) == (0, 4)
    assert (folder / f"{KEY}.wav").read_bytes() == at_work.house.telnyx.audio["wav"]
    first, second = manifest(folder)["recordings"]
    assert [each["path"] for each in first["files"]] == [f"{KEY}.wav", f"{KEY}.txt", f"{KEY}.json"]
    assert (first["recording"], first["status"], first["sha256"]) == (NAME, "verified", first["files"][0]["sha256"])
    assert (second["status"], second["files"]) == ("expected", [])
    assert manifest(folder)["missing"] == []
    assert sorted(each.name for each in folder.iterdir()) == ["SHA256SUMS", "manifest.json", "recordings"]

    (folder / f"{KEY}.wav").write_bytes(b"forged")
    assert checked(folder)[0] == 1


def test_a_selection_is_exported_and_nothing_else(at_work: Operator, tmp_path: Path) -> None:
    at_work.keep(called(2))
    at_work.keep(called(3, from_number="+15550177"))

    at_work.run("export", "--to", str(tmp_path / "a"), "--caller", CALLER)
    at_work.run("export", "--to", str(tmp_path / "b"), f"{LEG}-03")

    assert [each["recording"] for each in manifest(tmp_path / "a")["recordings"]] == [f"{LEG}-02"]
    assert [each["recording"] for each in manifest(tmp_path / "b")["recordings"]] == [f"{LEG}-03"]


@pytest.mark.parametrize(("place", "fault"), [(2, "lost"), (3, "dies before"), (4, "dies after")])
def test_an_export_that_is_cut_off_goes_on(at_work: Operator, tmp_path: Path, place: int, fault: Fault) -> None:
    for number in (2, 3):
        at_work.keep(called(number))
    folder, requests = tmp_path / "export", at_work.house.wire.requests

    at_work.house.faults.plan, at_work.house.faults.place = {place: fault}, 0
    first = at_work.cut_off("export", "--to", str(folder), SESSION)
    begun = sorted(each.name for each in folder.iterdir())
    before = len(requests)
    second = at_work.run("export", "--to", str(folder), SESSION)

    assert first != 0
    assert not {"SHA256SUMS", "manifest.json"} & set(begun), "what is not finished does not look finished"
    assert second[0] == 0
    assert checked(folder) == (0, 5)
    assert requests[before:].count("GetObject") < 6, "what is there is not fetched again"
    assert not list(folder.rglob("*.part"))


def test_what_differs_or_is_gone_is_missing_and_never_exported(at_work: Operator, tmp_path: Path) -> None:
    for number in (2, 3, 4):
        at_work.keep(called(number))
    s3, bucket = at_work.house.s3, at_work.house.name
    for number in (2, 3):
        key = f"{KEY[:-2]}0{number}.wav"
        for version in s3.list_object_versions(Bucket=bucket, Prefix=key)["Versions"]:
            s3.delete_object(Bucket=bucket, Key=key, VersionId=version["VersionId"])
    s3.put_object(Bucket=bucket, Key=f"{KEY[:-2]}02.wav", Body=b"forged")
    s3.put_object(Bucket=bucket, Key=f"{KEY[:-2]}04.wav", Body=b"forged")
    folder = tmp_path / "export"

    status, out, _ = at_work.run("export", "--to", str(folder), "--flow", "")

    assert status == 1
    assert f"missing: {KEY[:-2]}02.wav: differs from the ledger" in out
    assert f"missing: {KEY[:-2]}03.wav: is not in the bucket" in out
    assert [each["path"][-6:] for each in manifest(folder)["missing"]] == ["02.wav", "03.wav"]
    assert checked(folder) == (0, 5), "an earlier version that is right is exported"


def test_a_folder_of_something_else_is_left_alone(at_work: Operator, tmp_path: Path) -> None:
    at_work.keep(called(2))
    holidays, other = tmp_path / "holidays", tmp_path / "other"
    holidays.mkdir()
    (holidays / "beach.jpg").write_bytes(b"")
    at_work.run("export", "--to", str(other), "--caller", CALLER)

    assert "has other files" in at_work.run("export", "--to", str(holidays))[2]
    assert "holds an export of another selection" in at_work.run("export", "--to", str(other))[2]
    assert "Not a directory" in at_work.run("export", "--to", str(holidays / "beach.jpg" / "x"))[2]
    assert [each.name for each in holidays.iterdir()] == ["beach.jpg"]

    (other / "recordings" / "old.wav").write_bytes(b"of somebody who was erased since")
    status, out, _ = at_work.run("export", "--to", str(other), "--caller", CALLER)
    assert (status, "not of this export: recordings/old.wav" in out) == (1, True)


@pytest.mark.parametrize("key", ["../../outside.wav", "recordings/../outside.wav", "/outside.wav", "recordings/a\nb"])
def test_a_key_in_the_ledger_leads_nowhere_but_into_the_folder(at_work: Operator, tmp_path: Path, key: str) -> None:
    kept = at_work.keep(called(2))
    with at_work.house.unharmed():
        item = at_work.house.dynamodb.get_item(
            TableName=at_work.house.name,
            Key={"call_session_id": {"S": SESSION}, "item": {"S": f"RECORDING#{kept.name}"}},
        )["Item"]
        audio: dict[str, Any] = {**item["audio"]["M"], "key": {"S": key}}
        at_work.house.dynamodb.put_item(TableName=at_work.house.name, Item=item | {"audio": {"M": audio}})

    status, out, _ = at_work.run("export", "--to", str(tmp_path / "deep" / "export"))

    assert status == 1
    assert "is not a key of the archive" in out
    assert not list(tmp_path.rglob("outside*"))
