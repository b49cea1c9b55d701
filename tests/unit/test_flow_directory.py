"""A directory: by extension, by spelling, several that fit, and none."""

import pytest

from dialtone.domain.errors import FlowInvalid
from dialtone.flow.loader import read_script
from dialtone.flow.spelling import spellings
from dialtone.flow.steps.directory import MAX_OFFERED
from tests.staged_call import StagedCall

STAFF = """\
extension,name,number
0201,Ada Byron,+15550191
0202,Ada Bell,+15550192
0203,Zoë Łukasz-Ødegård,+15550193
,Ben Nevis,+15550194
0205,Виктор,+15550195
0206,Cy Young,+15550196
0206,Cy Twombly,+15550197
"""
CROWD = "extension,name,number\n" + "".join(f"{place},Ann Lee{place},+1555010{place}\n" for place in range(10))
STEPS = """
flow: tested
last_resort: sorry
steps:
  who:
    directory: Extension or name, then hash.
    data: staff
    extension: extension
    spell: [name]
    into: colleague
    gives: [name, number]
    offer: "For {colleague.name}, press {colleague.key}."
    no_input: I heard nothing.
    wrong: There is nobody of that name.
    too_many: Please key more letters.
    otherwise: nobody
  ring: {say: "Ringing {colleague.name}."}
  nobody: {say: "Nobody {colleague.number}."}
  sorry: {say: Sorry.}
"""


def staged(staff: str = STAFF, steps: str = STEPS) -> StagedCall:
    loaded = read_script("tested", {"tested.yaml": steps, "data/staff.csv": staff}.get)
    assert loaded is not None
    call = StagedCall("steps:\n  bye: hangup\n")
    call.loaded = loaded
    call.pick_up()
    return call


def heard(call: StagedCall) -> str:
    return str(call.decisions[-1].commands[-1].parameters["payload"])


def test_the_question_takes_an_extension_or_letters_until_the_hash() -> None:
    (gather,) = staged().decisions[-1].commands

    asked = {name: gather.parameters[name] for name in ("minimum_digits", "maximum_digits", "terminating_digit")}
    assert asked == {"minimum_digits": 1, "maximum_digits": 20, "terminating_digit": "#"}


@pytest.mark.parametrize(
    ("keyed", "name"),
    [
        ("0201", "Ada Byron"),
        ("23229766", "Ada Byron"),
        ("297", "Ada Byron"),
        ("2322355", "Ada Bell"),
        ("236", "Ben Nevis"),
        ("963", "Zoë Łukasz-Ødegård"),
        ("585", "Zoë Łukasz-Ødegård"),
        ("633", "Zoë Łukasz-Ødegård"),
        ("0205", "Виктор"),
    ],
)
def test_one_who_fits_is_found_at_once(keyed: str, name: str) -> None:
    call = staged()

    call.gather_ends(keyed)

    assert (call.call.step, call.call.variables["colleague.name"]) == ("ring", name)


@pytest.mark.parametrize("keyed", ["999", "02", "0299", "20", "*1", "0201" * 5])
def test_none_who_fits_is_asked_for_again_and_then_given_up(keyed: str) -> None:
    call = staged()
    call.call = call.call.remembering("colleague.number", "+15550199")

    call.gather_ends(keyed)
    first = heard(call)
    call.gather_ends(keyed)
    call.gather_ends(keyed)

    assert first == "There is nobody of that name. Extension or name, then hash."
    assert (call.call.step, heard(call)) == ("nobody", "Nobody .")


def test_of_several_the_caller_chooses_by_key() -> None:
    call = staged()

    call.gather_ends("232")
    offered = heard(call)
    call.gather_ends("2")

    assert offered == "For Ada Byron, press 1. For Ada Bell, press 2."
    assert call.call.variables["colleague.number"] == "+15550192"


def test_two_with_one_extension_are_both_offered() -> None:
    call = staged()

    call.gather_ends("0206")

    assert heard(call) == "For Cy Young, press 1. For Cy Twombly, press 2."


def test_in_the_offer_a_wrong_key_repeats_it_and_star_spells_anew() -> None:
    call = staged()
    call.gather_ends("232")

    call.gather_ends("7")
    wrong = heard(call)
    call.gather_ends("", "timeout")
    silent = heard(call)
    call.gather_ends("*")

    assert wrong == "There is nobody of that name. For Ada Byron, press 1. For Ada Bell, press 2."
    assert silent == "I heard nothing. For Ada Byron, press 1. For Ada Bell, press 2."
    assert call.call.step == "nobody"  # the third try was the last


def test_star_asks_for_another_name() -> None:
    call = staged()
    call.gather_ends("232")

    call.gather_ends("*")
    asked = heard(call)
    call.gather_ends("236")

    assert asked == "Extension or name, then hash."
    assert call.call.variables["colleague.name"] == "Ben Nevis"


def test_more_than_can_be_offered_need_more_letters() -> None:
    call = staged(CROWD)

    call.gather_ends("266")
    asked = heard(call)
    call.gather_ends("2665331")

    assert asked == "Please key more letters. Extension or name, then hash."
    assert call.call.variables["colleague.name"] == "Ann Lee1"


def test_as_many_as_there_are_keys_are_offered() -> None:
    call = staged("".join(CROWD.splitlines(keepends=True)[: MAX_OFFERED + 1]))

    call.gather_ends("266")

    assert heard(call).endswith("For Ann Lee8, press 9.")


def test_an_offer_of_recorded_names_is_heard_one_after_another() -> None:
    steps = STEPS.replace(
        '"For {colleague.name}, press {colleague.key}."', '[{media: "name-{colleague.name}"}, "Press {colleague.key}."]'
    )
    call = staged(steps=steps)

    call.gather_ends("232")
    (first,) = call.decisions[-1].commands
    call.gather_ends("", "timeout")
    (second,) = call.decisions[-1].commands
    call.gather_ends("1")

    assert (first.parameters["media_name"], second.parameters["payload"]) == ("name-Ada Byron", "Press 1.")
    assert call.call.variables["colleague.name"] == "Ada Byron"


def test_who_hangs_up_before_anybody_is_found_has_hung_up() -> None:
    call = staged()

    call.hang_up()

    assert call.call.outcome == "hung-up"


def test_silence_is_no_wrong_name() -> None:
    call = staged()

    call.gather_ends("", "timeout")

    assert heard(call) == "I heard nothing. Extension or name, then hash."


@pytest.mark.parametrize(
    ("was", "now", "reason"),
    [
        ("    extension: extension\n    spell: [name]\n", "", "no column to search"),
        ("gives: [name, number]", "gives: [key]", "key is the key that the offer names"),
        ("into: colleague", "into: digits", "digits cannot be set by a data file; choose another name"),
        ("spell: [name]", "spell: [surname]", "asks for surname of data/staff.csv"),
    ],
)
def test_a_directory_that_finds_nobody_is_refused(was: str, now: str, reason: str) -> None:
    with pytest.raises(FlowInvalid, match=reason):
        staged(steps=STEPS.replace(was, now))


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("Ada Byron", ("23229766", "29766")),
        ("  O'Neil ", ("66345",)),
        ("Straße", ("7872773",)),
        ("Виктор", ()),
        ("", ()),
        ("Agent 7", ("243687", "7")),
    ],
)
def test_names_are_spelled_without_accents_from_each_word_on(name: str, keys: tuple[str, ...]) -> None:
    assert spellings(name) == keys
