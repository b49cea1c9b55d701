"""Texts: their parts, where they may go, and what is kept of Telnyx's reports."""

import pytest

from dialtone.domain.sms import later, not_gsm7, parts, report, takes_texts, why_not


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ж" * 70, 1),
        ("ж" * 71, 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("ж" * 135, 3),
    ],
)
def test_a_text_takes_as_many_messages_as_its_alphabet_needs(text: str, count: int) -> None:
    assert parts(text) == count


def test_the_first_character_that_is_not_plain_is_found() -> None:
    assert not_gsm7("We\u2019ll call") == "\u2019"
    assert not_gsm7("Ça coûte 5 €") == "û"
    assert not_gsm7("{plain} [text] ~ |") == ""


@pytest.mark.parametrize(
    ("to", "countries", "sent"),
    [
        ("+12125550142", (), True),
        ("+18765550142", (), False),  # Jamaica shares the country code
        ("+447400123456", (), False),
        ("+447400123456", ("GB",), True),
        ("+12125550142", ("GB",), False),
    ],
)
def test_a_text_stays_in_the_country_that_it_comes_from_unless_others_are_named(
    to: str, countries: tuple[str, ...], *, sent: bool
) -> None:
    assert (why_not(to, "+13125550100", countries) == "") is sent


@pytest.mark.parametrize(
    ("number", "takes"),
    [("+447400123456", True), ("+442079460000", False), ("+12125550142", True), ("+15550142", True), ("+1555", False)],
)
def test_a_landline_takes_no_texts_where_its_country_shows_it(number: str, *, takes: bool) -> None:
    assert takes_texts(number) is takes


def test_an_earlier_state_that_is_reported_later_changes_nothing() -> None:
    assert later("delivered", "sent") == "delivered"
    assert later("queued", "sent") == "sent"
    assert later("sent", "delivery_failed") == "delivery_failed"
    assert later("", "queued") == "queued"


def test_neither_words_nor_numbers_are_kept_of_a_report() -> None:
    values = report(
        {
            "id": "m-1",
            "text": "Hello Ada",
            "to": [{"phone_number": "+15550142", "status": "delivery_failed"}],
            "errors": [{"code": "40001", "detail": "to +15550142"}],
            "cost": {"amount": "0.0051", "currency": "USD"},
            "parts": 2,
        }
    )

    assert values == {
        "message_id": "m-1",
        "status": "delivery_failed",
        "code": "40001",
        "amount": "0.0051",
        "currency": "USD",
        "parts": "2",
    }


@pytest.mark.parametrize("odd", [{"to": "x"}, {"to": [None]}, {"errors": [[]]}, {"cost": 5}, {"id": ["x"]}, {}])
def test_a_report_of_any_other_form_says_nothing(odd: dict[str, object]) -> None:
    assert report(odd) == {}
