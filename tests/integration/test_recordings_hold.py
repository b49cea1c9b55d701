"""`dialtone recordings hold` and `release`: a hold wins over erasure, and over whoever deletes objects."""

import json
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.integration.archiving import KEY
from tests.integration.custody import NAME, Operator
from tests.integration.deliveries import SESSION


@pytest.fixture
def locking(at_work: Operator) -> Operator:
    """An operator whose bucket has object lock, with a recording and its transcript."""
    at_work.lock()
    at_work.archive(transcript=True)
    at_work.end_call()
    return at_work


def test_without_object_lock_a_hold_is_refused_with_the_remedy(at_work: Operator) -> None:
    at_work.archive()

    for action in ("hold", "release"):
        status, out, err = at_work.run(action, NAME)

        assert (status, out) == (1, "")
        assert "has no object lock, so nothing in it can be held: turn it on with `aws s3api put-object-lock" in err
    assert json.loads(at_work.run("show", NAME, "--json")[1])["hold"] is None


def test_what_is_held_is_not_erased_until_it_is_released(locking: Operator) -> None:
    assert locking.run("hold", NAME)[0] == 0
    assert "held: " in locking.run("hold", SESSION)[1], "twice is the same as once"
    assert json.loads(locking.run("show", NAME, "--json")[1])["hold"] is True

    held = locking.run("erase", "--session", SESSION, "--yes")

    assert held[0] == 1
    assert f"not erased: {NAME} is under legal hold: `dialtone recordings release` it first" in held[1]
    assert locking.run("verify")[0] == 0, "all of it is there"
    assert locking.house.telnyx.known, "at Telnyx, too"

    assert locking.run("release", NAME)[0] == 0
    assert json.loads(locking.run("show", NAME, "--json")[1])["hold"] is False
    assert locking.run("erase", "--session", SESSION, "--yes")[0] == 0


def test_every_version_of_every_object_is_held(locking: Operator) -> None:
    s3, bucket = locking.house.s3, locking.house.name
    locking.run("hold", NAME)

    for version in s3.list_object_versions(Bucket=bucket, Prefix=KEY)["Versions"]:
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])


def test_what_is_hidden_while_it_is_held_is_found_and_exported(locking: Operator, tmp_path: Path) -> None:
    locking.run("hold", NAME)
    locking.house.s3.delete_object(Bucket=locking.house.name, Key=f"{KEY}.wav")

    assert "has the right bytes: restore it" in locking.run("verify")[1]
    assert locking.run("export", "--to", str(tmp_path), NAME)[0] == 0
