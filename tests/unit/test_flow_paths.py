"""Steps that choose a way by themselves: by the hour, by what the call knows, to another flow and back."""

from textwrap import dedent

import pytest

from dialtone.domain.errors import FlowInvalid
from dialtone.flow.engine import LAST_RESORT_STEPS, MAX_VISITS
from dialtone.flow.loaded_flow import LoadedFlow
from dialtone.flow.loader import MAX_TEXT_BYTES, read_script
from tests.staged_call import StagedCall, actions

CALENDAR = "calendar: office\ntime_zone: Europe/London\nopen: {fri: 09:00-17:00}\nholidays: {2026-11-27: closed}\n"
HOURS = """
    steps:
      now: {hours: office, open: come-in, closed: later, holiday: feast}
      come-in: {say: Open.}
      later: {say: Closed.}
      feast: {say: Holiday.}
"""


def loaded_with(flow: str, **others: str) -> LoadedFlow:
    """A flow called `tested`, with other flows beside it."""
    texts = {"tested.yaml": "flow: tested\n" + dedent(flow), "calendars/office.yaml": CALENDAR}
    texts |= {f"{name}.yaml": f"flow: {name}\n" + dedent(text) for name, text in others.items()}
    flow_and_others = read_script("tested", texts.get)
    assert flow_and_others is not None
    return flow_and_others


def staged(flow: str, **others: str) -> StagedCall:
    call = StagedCall("steps:\n  bye: hangup\n")
    call.loaded = loaded_with(flow, **others)
    return call


def heard(call: StagedCall) -> list[object]:
    return [command.parameters.get("payload", command.action) for command in call.decisions[-1].commands]


# By the hour: the staged call begins on a Friday at 14:00 UTC


@pytest.mark.parametrize(
    ("seconds", "step"), [(0, "come-in"), (3 * 3_600 - 30, "come-in"), (3 * 3_600, "later"), (7 * 86_400, "feast")]
)
def test_a_calendar_says_where_the_call_goes_by_the_time_of_the_event(seconds: int, step: str) -> None:
    call = staged(HOURS)
    call.seconds = seconds

    call.pick_up()

    assert call.call.step == step


def test_without_ways_for_them_open_goes_on_and_a_holiday_is_closed() -> None:
    call = staged("steps:\n  now: {hours: office, closed: later}\n  go-on: {say: On.}\n  later: {say: Later.}\n")
    feast = staged("steps:\n  now: {hours: office, closed: later}\n  go-on: {say: On.}\n  later: {say: Later.}\n")
    feast.seconds = 7 * 86_400

    call.pick_up()
    feast.pick_up()

    assert (call.call.step, feast.call.step) == ("go-on", "later")


# By what the call knows


@pytest.mark.parametrize(
    ("when", "step"),
    [
        ('{caller: "+13125550142"}', "yes"),
        ('{caller: "+1312*"}', "yes"),
        ('{caller: ["+44*", "+1312*"]}', "yes"),
        ('{caller: "+1313*"}', "no"),
        ('{called: "+15550100", caller: "+1*"}', "yes"),
        ('{called: "+15550100", caller: "+44*"}', "no"),
        ("{day: fri}", "yes"),
        ("{day: [sat, sun]}", "no"),
        ("{language: en-US}", "yes"),
        ("{plan: gold}", "yes"),
        ("{plan: g*}", "yes"),
        ('{plan: "*"}', "yes"),
        ('{unknown: ""}', "yes"),
        ("{unknown: x}", "no"),
        ("{digits.pin: 7}", "no"),
    ],
)
def test_a_way_is_taken_where_all_that_it_asks_for_holds(when: str, step: str) -> None:
    call = staged(f"""
        language: en-US
        steps:
          note: {{set: {{plan: gold}}}}
          ask: {{branch: [{{when: {when}, to: 'yes'}}], otherwise: 'no'}}
          'yes': {{say: Yes.}}
          'no': {{say: No.}}
    """)

    call.pick_up()

    assert call.call.step == step


def test_the_first_way_that_holds_is_taken_and_the_day_is_reported_where_the_flow_says() -> None:
    call = staged("""
        steps:
          ask:
            time_zone: Pacific/Kiritimati
            branch:
              - {when: {day: fri}, to: friday}
              - {when: {day: sat}, to: saturday}
              - {when: {day: "*"}, to: friday}
          friday: {say: F.}
          saturday: {say: S.}
    """)

    call.pick_up()

    assert call.call.step == "saturday"


# Noting


def test_what_is_set_is_filled_in_with_what_was_known_before() -> None:
    call = staged("""
        steps:
          a: {set: {name: Ann, greeting: "Hello {name}"}}
          b: {set: {greeting: "{greeting}!", outcome: "{caller} as {name}"}}
          c: {say: Hm.}
    """)

    call.pick_up()

    assert call.call.variables == {"name": "Ann", "greeting": "Hello !", "outcome": "+13125550142 as Ann"}


def test_a_variable_that_is_set_out_of_itself_does_not_grow_without_bound() -> None:
    call = staged("limits: {steps: 40}\nsteps:\n  a: {set: {x: 'ab{x}{x}'}, next: b}\n  b: {go: a}\n")

    call.pick_up()

    assert len(call.call.variables["x"]) <= 1_000


@pytest.mark.parametrize("name", ["caller", "called", "digits.pin"])
def test_what_every_call_knows_is_not_the_flows_to_set(name: str) -> None:
    with pytest.raises(FlowInvalid, match="cannot be set by the flow"):
        loaded_with(f"steps:\n  a: {{set: {{{name}: x}}}}\n")


# Digits and silence


def test_digits_are_sent_with_what_is_filled_in_and_nothing_that_cannot_be() -> None:
    call = staged("""
        steps:
          note: {set: {pin: "12-3x"}}
          tones: {send_digits: "1w{pin}#", tone_millis: 100}
          bye: hangup
    """)

    (sent, _) = call.pick_up().commands

    assert (sent.action, dict(sent.parameters)) == ("send_dtmf", {"digits": "1w123#", "duration_millis": 100})


def test_no_digits_at_all_are_an_error() -> None:
    call = staged("last_resort: sorry\nsteps:\n  t: {send_digits: '{none}'}\n  sorry: {say: Sorry.}\n")

    call.pick_up()

    assert heard(call) == ["Sorry."]


@pytest.mark.parametrize(("key", "step"), [("", "after"), ("5", "after"), ("1", "sales")])
def test_a_silence_ends_by_itself_or_by_a_key(key: str, step: str) -> None:
    call = staged("""
        steps:
          quiet: {wait: 4, keys: {1: sales}}
          after: {say: After.}
          sales: {say: Sales.}
    """)

    (listen,) = call.pick_up().commands
    call.gather_ends(key, "valid" if key else "timeout")

    assert (listen.action, listen.parameters["initial_timeout_millis"]) == ("gather", 4_000)
    assert call.call.step == step


def test_a_silence_that_is_refused_stops_listening() -> None:
    call = staged("last_resort: sorry\nsteps:\n  quiet: {wait: 4}\n  sorry: {say: Sorry.}\n")
    call.pick_up()

    assert actions(call.refuse()) == ["gather_stop", "speak"]


# Language


def test_the_language_that_is_chosen_is_heard_from_then_on() -> None:
    call = staged("""
        languages: {en-US: AWS.Polly.Joanna, es-MX: AWS.Polly.Mia}
        steps:
          tongue:
            choose_language: ["For English, press 1.", {text: "Para español, marque dos.", language: es-MX}]
            keys: {1: en-US, 2: es-MX}
          hello: {say: {en-US: Hello., es-MX: Hola.}}
    """)
    call.pick_up()
    assert heard(call) == ["For English, press 1."]

    call.gather_ends("", "timeout")
    assert heard(call) == ["Para español, marque dos."]
    call.gather_ends("2")

    assert heard(call) == ["Hola."]
    assert call.call.variables == {"language": "es-MX"}


def test_without_a_choice_the_flows_first_language_stays() -> None:
    call = staged("""
        languages: {en-US: null, es-MX: AWS.Polly.Mia}
        steps:
          tongue: {choose_language: Press 1 or 2., keys: {1: en-US, 2: es-MX}, tries: 1}
          hello: {say: {es-MX: Hola., en-US: Hello.}}
    """)
    call.pick_up()

    call.gather_ends("9")

    assert heard(call) == ["Hello."]


# To another flow and back

VISIT = """
    last_resort: sorry
    steps:
      out: {go: {flow: other}, next: after}
      after: {say: After.}
      bye: hangup
      sorry: {say: Sorry., next: bye}
"""


def test_a_step_may_only_lead_elsewhere() -> None:
    call = staged("steps:\n  a: {go: c}\n  b: {say: B.}\n  c: {say: C.}\n")

    call.pick_up()

    assert heard(call) == ["C."]


def test_a_flow_is_visited_and_its_end_leads_back() -> None:
    call = staged(VISIT, other="steps:\n  word: {say: Word.}\n")

    call.pick_up()
    assert (heard(call), call.call.step, call.call.back) == (["Word."], "other/word", ("after",))
    call.prompt_ends()

    assert (heard(call), call.call.step, call.call.back) == (["After."], "after", ())


def test_a_visit_may_begin_in_the_middle_and_come_back_early() -> None:
    visit = VISIT.replace("{flow: other}", "{flow: other, step: b}")
    call = staged(visit, other="steps:\n  a: {say: A.}\n  b: come_back\n  c: {say: C.}\n")

    call.pick_up()

    assert heard(call) == ["After."]


def test_a_visit_from_a_visit_comes_back_all_the_way() -> None:
    call = staged(VISIT, other="steps:\n  on-it: {go: {flow: third}}\n", third="steps:\n  word: {say: Third.}\n")
    call.pick_up()

    call.prompt_ends()

    assert heard(call) == ["After."]


def test_a_flow_that_is_visited_speaks_in_its_own_manner_and_asks_its_own_steps_again() -> None:
    call = staged(VISIT, other="voice: male\nsteps:\n  ask: {menu: Press 1., keys: {1: ask}, tries: 2}\n")

    first = call.pick_up()
    again = call.gather_ends("", "timeout")

    assert [each.commands[0].parameters["voice"] for each in (first, again)] == ["male", "male"]
    assert call.call.step == "other/ask"


def test_what_fails_in_a_visited_flow_takes_its_last_resort_then_that_of_the_flow_that_leads_the_call() -> None:
    own = staged(VISIT, other="last_resort: mine\nsteps:\n  word: {say: Word.}\n  mine: {say: Mine.}\n")
    own.pick_up()
    own.refuse()
    first = heard(own)
    own.refuse()

    assert (first, heard(own)) == (["Mine."], ["Sorry."])
    assert own.call.back == ()


def test_flows_that_visit_one_another_for_ever_end_in_the_last_resort() -> None:
    call = staged(VISIT, other="steps:\n  on-it: {go: {flow: tested}}\n")

    call.pick_up()

    assert heard(call) == ["Sorry."]
    assert len(call.call.back) <= MAX_VISITS


def test_hanging_up_in_a_visited_flow_ends_the_call() -> None:
    call = staged(VISIT, other="steps:\n  bye: hangup\n")

    assert actions(call.pick_up()) == ["hangup"]


def test_a_hang_up_reported_too_late_takes_a_visit_back() -> None:
    call = staged("steps:\n  hello: {say: Hello.}\n  out: {go: {flow: other}}\n", other="steps:\n  w: {say: W.}\n")
    call.pick_up()
    before = call.call
    call.prompt_ends()
    call.seconds -= 1.5

    call.hang_up()

    assert (call.call.step, call.call.back) == (before.step, ())


@pytest.mark.parametrize(
    ("flow", "fault"),
    [
        ("steps:\n  a: {go: {flow: nowhere}}\n", "leads to the flow nowhere, which does not exist"),
        ("steps:\n  a: {go: {flow: tested, step: b}}\n", "leads to b, which is not a step of the flow tested"),
        ("steps:\n  a: {go: b}\n", "leads to b, which is not a step of this flow"),
        ("steps:\n  a: {hours: shop, closed: a}\n", "goes by shop, which is not a calendar"),
        ("steps:\n  a: {hours: office, closed: a, calendar: {}}\n", "calendar is not a key here"),
        ("steps:\n  a/b: hangup\n", "has a / in its name"),
        (f"about: {'x' * MAX_TEXT_BYTES}\nsteps:\n  a: hangup\n", "are kept"),
    ],
)
def test_what_leads_nowhere_is_reported(flow: str, fault: str) -> None:
    with pytest.raises(FlowInvalid, match=fault):
        loaded_with(flow)


# Limits


@pytest.mark.parametrize(("variables", "step"), [(19, "thanks"), (21, "sorry")])
def test_more_variables_than_the_table_has_room_for_take_the_error_path(variables: int, step: str) -> None:
    noted = "".join(f"        v{number}: {'☎' * 1_000}\n" for number in range(variables))
    call = staged(
        f"last_resort: sorry\nsteps:\n  much:\n    set:\n{noted}  thanks: {{say: Thanks.}}\n  sorry: {{say: Sorry.}}\n"
    )

    decision = call.pick_up()

    assert call.call.step == step
    assert ("its variables would have over 60,000 bytes" in decision.reason) == (step == "sorry")


ROUND = """
    limits: {steps: 6, minutes: 2}
    last_resort: sorry
    steps:
      a: {say: A.}
      b: {say: B., next: a}
      sorry: {say: Sorry., next: a}
"""


def test_a_flow_that_goes_on_and_on_ends_in_its_last_resort_and_then_ends() -> None:
    call = staged(ROUND)
    call.pick_up()

    said = [heard(call)[0], *(heard(call)[0] for _ in range(20) if call.prompt_ends().commands)]

    assert said[:7] == ["A.", "B.", "A.", "B.", "A.", "B.", "Sorry."]
    assert said[-1] == "hangup"
    assert len(said) == 6 + LAST_RESORT_STEPS + 1


def test_a_flow_that_takes_too_long_ends_in_its_last_resort() -> None:
    call = staged(ROUND)
    call.pick_up()
    call.seconds += 119
    call.prompt_ends()

    decision = call.decisions[-1]

    assert heard(call) == ["Sorry."]
    assert decision.reason == "limit reached: 2 minutes"


def test_without_a_last_resort_a_limit_hangs_up() -> None:
    call = staged("limits: {steps: 1}\nsteps:\n  a: {say: A., next: a}\n")
    call.pick_up()

    assert actions(call.prompt_ends()) == ["hangup"]


def test_a_limit_that_was_reached_after_a_hang_up_reported_late_is_taken_back() -> None:
    call = staged("limits: {steps: 1}\nlast_resort: b\nsteps:\n  a: {say: A., next: a}\n  b: {say: B.}\n")
    call.pick_up()
    call.prompt_ends()
    assert call.call.limit_turn == 1
    call.seconds -= 1.5

    call.hang_up()

    assert call.call.limit_turn == 0


def test_the_limit_of_the_flow_that_leads_the_call_counts_in_a_visited_one() -> None:
    call = staged("limits: {steps: 2}\n" + dedent(VISIT), other="steps:\n  a: {say: A., next: a}\n")
    call.pick_up()

    call.prompt_ends()

    assert heard(call) == ["Sorry."]


def test_the_time_of_entering_is_no_part_of_what_a_late_event_leaves() -> None:
    call = staged(ROUND)
    call.pick_up()
    reported = call.call._replace()
    call.hang_up()

    assert reported.entered_at
    assert call.call.entered_at == ""
