"""`dialtone campaigns suppress`, as an operator runs it."""

import json
from pathlib import Path

import pytest

from dialtone.adapters.campaign_numbers import CampaignNumbers
from infra.cli.main import main
from infra.operations import aws
from tests.integration.dependencies import Line

ANN, BOB = "+13125550142", "+4930901820"


@pytest.fixture
def numbers(line: Line, monkeypatch: pytest.MonkeyPatch) -> CampaignNumbers:
    monkeypatch.setenv("CALLS_TABLE", line.table)
    return CampaignNumbers(aws.client("dynamodb"), line.table)


def suppress(*arguments: str) -> int:
    return main(["campaigns", "suppress", *arguments])


def test_numbers_are_put_on_the_list_shown_with_their_reason_and_taken_off(
    numbers: CampaignNumbers, capsys: pytest.CaptureFixture[str]
) -> None:
    assert suppress("add", ANN, BOB, "--reason", "asked by\x1b mail") == 0
    assert suppress("list", ANN) == 0
    assert "asked by" in (shown := capsys.readouterr().out)
    assert "\x1b" not in shown

    assert suppress("remove", ANN, ANN) == 1  # the second time it was not there
    assert "1 taken off" in capsys.readouterr().out
    assert suppress("list", ANN) == 1
    capsys.readouterr()
    assert suppress("list", "--json") == 0

    (kept,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert kept["number"] == BOB
    assert kept["by"].startswith(("user/", "root", "assumed-role/", "moto"))
    assert numbers.suppression(ANN) is None


def test_a_list_is_imported_as_a_whole_or_not_at_all(
    numbers: CampaignNumbers, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "register.csv"
    file.write_text('name;phone\nAnn;"+1 (312) 555-0142"\nnobody;\nBob;030 901820\n', encoding="utf-8")

    assert suppress("import", str(file), "--reason", "register", "--like", "+49301") == 1
    assert suppress("import", str(file), "--reason", "register", "--like", BOB) == 1
    assert "row 3: there is no number" in capsys.readouterr().err
    assert list(numbers.suppressions()) == []

    assert suppress("import", str(file), "--reason", "register", "--like", BOB, "--skip-invalid") == 0
    assert "2 rows imported, 1 skipped" in capsys.readouterr().out
    assert {each.number for each in numbers.suppressions()} == {ANN, BOB}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("add", "030 901820", "--reason", "x"), "is not a number: write it with +"),
        (("add", ANN, "--reason", " "), "--reason is empty"),
        (("list", "nobody"), "is not a number"),
        (("import", "/no/such/file", "--reason", "x"), "no such file"),
        (("import", "s3://", "--reason", "x"), "write s3://bucket/key"),
        (("import", "s3://nowhere/list.csv", "--reason", "x"), "there is no s3://nowhere/list.csv"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    numbers: CampaignNumbers, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], sentence: str
) -> None:
    assert suppress(*arguments) == 1

    assert sentence in capsys.readouterr().err
    assert list(numbers.suppressions()) == []
