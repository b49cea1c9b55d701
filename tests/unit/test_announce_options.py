"""Options of `dialtone announce`: read as people write them, refused before anything is read."""

import pytest

from dialtone.domain.campaigns.campaign import RetryRule, Window
from infra.cli.main import command_parser

NEEDED = ["announce", "--to", "people.csv", "--flow", "water-off", "--from", "+13125550100", "--consent", "customers"]


def test_rates_windows_and_retries_are_read_as_people_write_them() -> None:
    given = command_parser().parse_args(
        [*NEEDED, "--rate", "90/min", "--window", "20:00-02:00", "--retry", "busy=2@10m", "--retry", "no_answer=1@2h"]
    )

    assert (given.rate, given.window) == (1.5, Window.read("20:00-02:00"))
    assert given.retry == [RetryRule("busy", 2, 600), RetryRule("no_answer", 1, 7_200)]
    assert command_parser().parse_args(NEEDED).window == Window.read("09:00-20:00")


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--rate", "0/s"),
        ("--rate", "31/s"),
        ("--rate", "fast"),
        ("--window", "9-20"),
        ("--retry", "busy"),
        ("--retry", "asleep=1@10m"),
        ("--max-in-flight", "0"),
        ("--weekly-limit", "many"),
        ("--last-round", "soon"),
        ("--detection", "detect"),
        ("--minute-price", "cheap"),
        ("--minute-price", "-1"),
        ("--detection-price", "nan"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused(option: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command_parser().parse_args([*NEEDED, option, value])

    assert f"argument {option}" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--to", "--flow", "--from", "--consent"])
def test_list_flow_caller_id_and_the_basis_of_consent_are_required(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place = NEEDED.index(option)

    with pytest.raises(SystemExit):
        command_parser().parse_args([*NEEDED[:place], *NEEDED[place + 2 :]])

    assert option in capsys.readouterr().err
