"""Calls worth playing in every order: each with who calls or is called, and what they do."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from dialtone.domain.lookups import FAILED, FOUND, NOT_FOUND
from infra.carrier import (
    BEEP,
    Busy,
    Callee,
    Caller,
    Fax,
    HangUp,
    Hear,
    Machine,
    NoAnswer,
    Person,
    Press,
    Rejects,
    Say,
    Silence,
    Silent,
)
from infra.carrier.account import AGENT, AGENT_SCRIPT
from infra.checkout import SAMPLES
from infra.demo import scenes
from infra.flowkit.scripted_backends import NEVER, Answering
from infra.flowkit.stage import Stage

Play = Callable[[Stage], str]
"""Plays a call to its end; gives its session."""


def _incoming(number: str, caller: Caller, agent: Person | NoAnswer | Machine | None = None) -> Play:
    def play(stage: Stage) -> str:
        stage.carrier.add_callee(AGENT, agent or AGENT_SCRIPT)
        return stage.ring(number, caller)

    return play


def _busy_agent(stage: Stage) -> str:
    stage.carrier.add_callee(AGENT, Busy())
    return stage.ring("+15550102", _PAYER)


def _rejecting_agent(stage: Stage) -> str:
    stage.carrier.add_callee(AGENT, Rejects())
    return stage.ring("+15550102", _PAYER)


def _announced_to(who: Callee, detection: str) -> Play:
    return lambda stage: stage.dial("+15550162", who, "announcement", detection=detection)


_MAILBOXES: dict[str, Callee] = {
    "a mailbox with a short greeting": Machine(greeting_seconds=1),
    "a mailbox without a tone": Machine(beep=False),
    "a fax": Fax(),
    "a line on which nobody speaks": Silent(),
}

_AGREES = (Hear("To agree, press 1"), Press("1", after=2))
_BRINGS_IN_LINUS = (Silence(4), Press("*7"), Hear("Linus", kind="voice"), Press("3", after=3))
"""An agent who consults Linus and lets all three talk."""
_PAYER = Caller(*_AGREES, Hear("key your card number"), Press(f"{scenes.CARD}#", after=3))

PLAYS: dict[str, Play] = {
    "a menu, hours and a message": _incoming("+15550100", scenes.IVR.script),
    "a message ended by silence": _incoming(
        "+15550100", Caller(Hear("Welcome"), Press("2", after=1), BEEP, Say(4, "Hello."), Silence(30))
    ),
    "a message ended by hanging up": _incoming(
        "+15550100", Caller(Hear("Welcome"), Press("2", after=1), BEEP, Say(4, "Hello."), HangUp(after=1))
    ),
    "a caller who presses nothing": _incoming("+15550100", Caller()),
    "a caller who only presses wrong keys": _incoming(
        "+15550100", Caller(*[step for _ in range(4) for step in (Hear("Welcome"), Press("9", after=2))])
    ),
    "a caller who hangs up in the menu": _incoming("+15550100", Caller(Hear("Welcome"), HangUp(after=1))),
    "opening hours heard out": _incoming(
        "+15550100", Caller(Hear("Welcome"), Press("1", after=1), Hear("opening-hours"), Silence(20), HangUp())
    ),
    "a recorded conversation": _incoming("+15550102", scenes.RECORDED.script),
    "a card keyed in wrong, then right": _incoming(
        "+15550102",
        Caller(
            *_AGREES,
            Hear("key your card number"),
            Press("12#", after=2),
            Hear("not a whole card number"),
            Press(f"{scenes.CARD}#", after=2),
            Hear("hold-music"),
            Silence(12),
            HangUp(),
        ),
    ),
    "no card at all": _incoming("+15550102", Caller()),
    "an agent who is busy": _busy_agent,
    "an agent who rejects": _rejecting_agent,
    "an agent who does not answer": _incoming("+15550102", _PAYER, NoAnswer()),
    "a caller who hangs up on hold": _incoming("+15550102", Caller(*_PAYER.steps, Hear("hold-music"), HangUp(after=2))),
    "an announcement to a person": lambda stage: stage.dial("+15550161", Person(Say(1, "Hello?")), "announcement"),
    "an announcement that is acknowledged": lambda stage: stage.dial(
        "+15550161", Person(Hear("press 1"), Press("1", after=2)), "announcement"
    ),
    "an appointment that is confirmed": lambda stage: stage.dial(
        "+15550161",
        Person(Hear("a call for Ada"), Press("1", after=2), Silence(30)),
        "appointment",
        {"name": "Ada", "time": "tomorrow"},
    ),
    "an announcement cut short": lambda stage: stage.dial(
        "+15550161", Person(Say(1, "Hello?"), Hear("directions"), HangUp(after=1)), "announcement"
    ),
    **{
        f"an announcement to {mailbox}, found by {detection}": _announced_to(who, detection)
        for mailbox, who in _MAILBOXES.items()
        for detection in ("greeting_end", "detect_beep", "premium")
    },
    "an announcement to a person, found by premium": _announced_to(Person(Say(1, "Hello?")), "premium"),
    "an announcement to a machine": lambda stage: stage.dial("+15550162", Machine(), "announcement"),
    "an announcement that nobody answers": lambda stage: stage.dial("+15550163", NoAnswer(), "announcement"),
    "an announcement to a busy line": lambda stage: stage.dial("+15550164", Busy(), "announcement"),
}

LANGUAGE_FLOWS = Path(__file__).parent / "flows"
"""Flows that show what the language can do; the plays of them are named with what they are about."""


def _rung(number: str, caller: Caller, **answers: Callee) -> Play:
    """A call whose flow rings people; `answers` are theirs, by the last digits of their numbers."""

    def play(stage: Stage) -> str:
        for digits, callee in answers.items():
            stage.carrier.add_callee(f"+15550{digits[1:]}", callee)
        return stage.ring(number, caller)

    return play


def _known(how: Answering, caller: Caller | None = None, *, at: str = "customers", number: str = "+15550119") -> Play:
    """A call whose flow looks the caller up, at a function or an address."""

    def play(stage: Stage) -> str:
        stage.systems.answering[at] = how
        return stage.ring(number, caller or Caller(Silence(30)))

    return play


def _texted(stage: Stage) -> str:
    """Telnyx's own reports of texts are left out: they name ids that it makes up anew in each order."""
    stage.carrier.exchange.messaging.webhook_url = ""
    return stage.ring("+15550129", Caller(Silence(30)))


_WAITING = Caller(*[step for _ in range(40) for step in (Say(1, "Hello, Ada speaking."), Silence(4))])
"""On hold, and talking at times: so that whoever is connected hears it, however late that comes to be."""
_CONNECTED = Hear("Ada speaking", kind="voice")
_GRACE = Say(3, "Grace speaking.")
_MESSAGE = (Hear("leave a message"), BEEP, Say(3, "Call me back."), Press("#", after=0.5))


def _begin(call: Callable[[], object]) -> None:
    call()


def _queued(caller: Caller, *, agent_after: float | None = None) -> Play:
    """A call to a queue, and so many seconds after it one of an agent; before it, and of that one, if negative."""

    def play(stage: Stage) -> str:
        agent = Caller(Say(30, "Ada speaking."), Silence(30), HangUp())
        calls_in = partial(stage.call, "+15550299", "+15550132", agent)
        calls = partial(stage.call, "+15550142", "+15550131", caller)
        of_agent = agent_after is not None and agent_after < 0
        first, then = (calls_in, calls) if of_agent else (calls, calls_in)
        session = first().name.call_session_id
        if agent_after is not None:
            stage.carrier.clock.after(abs(agent_after), partial(_begin, then))
        stage.carrier.run()
        return session

    return play


def _called_back(caller: Callee) -> Play:
    """An agent who calls in after somebody has asked to be called back; gives the agent's session."""

    def play(stage: Stage) -> str:
        stage.carrier.add_callee("+15550142", caller)
        asks = Caller(Hear("press 2"), Press("3", after=5), Silence(20))
        agent = Caller(Silence(100), HangUp())
        session = stage.call("+15550299", "+15550136", agent).name.call_session_id
        stage.carrier.clock.after(1, partial(_begin, partial(stage.call, "+15550142", "+15550131", asks)))
        stage.carrier.run()
        return session

    return play


def _met(member: Caller, *, moderator_after: float | None = None) -> Play:
    """A member of a meeting, and so many seconds later the moderator; before it, and of that one, if negative."""

    def play(stage: Stage) -> str:
        leads = Caller(Say(2, "Ada speaking."), Silence(50), Say(2, "Good bye."), HangUp())
        moderator = partial(stage.call, "+15550299", "+15550188", leads)
        member_calls = partial(stage.call, "+15550142", "+15550188", member)
        of_moderator = moderator_after is not None and moderator_after < 0
        first, then = (moderator, member_calls) if of_moderator else (member_calls, moderator)
        session = first().name.call_session_id
        if moderator_after is not None:
            stage.carrier.clock.after(abs(moderator_after), partial(_begin, then))
        stage.carrier.run()
        return session

    return play


_WRONG_PIN = (Hear("Your PIN"), Press("1111", after=1))

LANGUAGE_PLAYS: dict[str, Play] = {
    "a voice agent that is ended by a key": _rung(
        "+15550159", Caller(Hear("How can I help"), Press("0", after=1), Hear("This is the desk"), Silence(20))
    ),
    "a member who types ahead and is right at the second try": lambda stage: stage.ring(
        "+15550137",
        Caller(
            Hear("Welcome"),
            Press("1230", after=1),
            Hear("Your PIN"),
            Press("1111", after=1),
            Hear("Your PIN"),
            Press("4711", after=1),
            Silence(30),
        ),
    ),
    "a member who is wrong three times": lambda stage: stage.ring(
        "+15550137",
        Caller(
            Hear("number, please"),
            Press("1234", after=1),
            Hear("no member"),
            Press("1230", after=3),
            *_WRONG_PIN,
            *_WRONG_PIN,
            *_WRONG_PIN,
            Silence(30),
        ),
    ),
    "a caller who is handed on": _rung(
        "+15550140",
        Caller(Hear("Linus here", kind="voice"), Silence(20)),
        n191=Person(Silence(4), Press("*7"), Hear("Linus", kind="voice"), Press("1", after=3), Silence(60)),
        n192=Person(Silence(2), Say(2, "Linus."), Silence(10), Say(2, "Linus here."), Silence(5), HangUp()),
    ),
    "a caller who is handed on by an agent who hangs up": _rung(
        "+15550140",
        Caller(Hear("Linus here", kind="voice"), HangUp(after=9)),
        n191=Person(Silence(4), Press("*7"), Hear("Linus", kind="voice"), HangUp(after=3)),
        n192=Person(Silence(2), Say(2, "Linus."), Silence(10), Say(2, "Linus here."), Silence(90)),
    ),
    "an agent who comes back to the caller": _rung(
        "+15550140",
        Caller(Hear("Back again", kind="voice"), Silence(60)),
        n191=Person(
            Silence(4),
            Press("*7"),
            Hear("Linus", kind="voice"),
            Press("2"),
            Silence(5),
            Say(2, "Back again."),
            HangUp(),
        ),
        n192=Person(Silence(2), Say(2, "Linus."), Silence(90)),
    ),
    "three who talk until the agent leaves": _rung(
        "+15550140",
        Caller(Hear("All three", kind="voice"), Silence(4), Say(2, "Thank you both."), Silence(90)),
        n191=Person(
            *_BRINGS_IN_LINUS,
            Silence(2),
            Say(2, "All three."),
            Silence(8),
            Press("1"),
            Silence(60),
            HangUp(),
        ),
        n192=Person(Silence(2), Say(2, "Linus."), Silence(30), Say(2, "Linus here."), Silence(5), HangUp()),
    ),
    "three who talk until the colleague leaves": _rung(
        "+15550140",
        Caller(Hear("Back again", kind="voice"), Silence(60)),
        n191=Person(
            *_BRINGS_IN_LINUS,
            Silence(12),
            Say(2, "Back again."),
            Silence(6),
            HangUp(),
        ),
        n192=Person(Silence(2), Say(2, "Linus."), Silence(9), HangUp()),
    ),
    "a colleague who leaves the agent": _rung(
        "+15550140",
        Caller(Hear("Back again", kind="voice"), HangUp(after=9)),
        n191=Person(
            Silence(4), Press("*7"), Hear("Linus", kind="voice"), Silence(12), Say(2, "Back again."), Silence(90)
        ),
        n192=Person(Silence(2), Say(2, "Linus."), HangUp(after=3)),
    ),
    "a colleague who is busy": _rung(
        "+15550140",
        Caller(Hear("Back again", kind="voice"), Silence(60)),
        n191=Person(Silence(4), Press("*7"), Silence(12), Say(2, "Back again."), HangUp(after=4)),
        n192=Busy(),
    ),
    "a caller who hangs up while the agent asks": _rung(
        "+15550140",
        Caller(Hear("hold-music"), Silence(12), Hear("hold-music"), HangUp(after=9)),
        n191=Person(Silence(4), Press("*7"), Silence(90)),
        n192=Person(Silence(2), Say(2, "Linus."), Silence(90)),
    ),
    "a caller who is parked": _rung(
        "+15550140",
        Caller(Hear("Please wait"), Hear("Grace", kind="voice"), Silence(30)),
        n191=Person(Silence(4), Press("*5"), Silence(90)),
        n193=Person(Silence(4), _GRACE, HangUp(after=5)),
    ),
    "a call accepted by a key": _rung(
        "+15550110", _WAITING, n199=Person(Hear("Press 1"), Press("1", after=1), _CONNECTED, _GRACE, HangUp(after=2))
    ),
    "a call that nobody accepts": _rung("+15550110", _WAITING, n199=Person(Hear("Press 1"), Silence(60))),
    "a call refused by another key": _rung("+15550110", _WAITING, n199=Person(Hear("Press 1"), Press("5", after=1))),
    "an agent who hangs up during the whisper": _rung("+15550110", _WAITING, n199=Person(Hear("shop"), HangUp())),
    "a caller who hangs up while a call is offered": _rung(
        "+15550110", Caller(Hear("hold"), HangUp(after=5)), n199=Person(Hear("Press 1"), Silence(60))
    ),
    "a caller who hangs up while an agent is rung": _rung(
        "+15550110", Caller(Hear("hold"), HangUp(after=2)), n199=Person(answers_after=10)
    ),
    "the third of three on call": _rung(
        "+15550111",
        _WAITING,
        n191=NoAnswer(),
        n192=Busy(),
        n193=Person(Hear("emergency"), _CONNECTED, _GRACE, HangUp(after=2)),
    ),
    "nobody on call": _rung("+15550111", _WAITING, n191=NoAnswer(), n192=Busy(), n193=Rejects()),
    "the first of three rung at once": _rung(
        "+15550112",
        _WAITING,
        n191=NoAnswer(),
        n192=Person(_CONNECTED, _GRACE, HangUp(after=2), answers_after=6),
        n193=Person(answers_after=25),
    ),
    "none of three rung at once": _rung("+15550112", _WAITING, n191=NoAnswer(), n192=Busy(), n193=Rejects()),
    "an agent who is reached after announcements": _rung(
        "+15550117", _WAITING, n191=NoAnswer(), n192=Person(_CONNECTED, _GRACE, HangUp(after=2), answers_after=12)
    ),
    "a caller who leaves off waiting by a key": _rung(
        "+15550117", Caller(Hear("press 1"), Press("1", after=1), Silence(60)), n191=NoAnswer(), n192=NoAnswer()
    ),
    "a survey after the conversation": _rung(
        "+15550113",
        Caller(Hear("How content"), Press("4", after=1), Silence(30)),
        n199=Person(_GRACE, HangUp(after=5)),
    ),
    "a caller who hangs up in the conversation": _rung(
        "+15550113", Caller(Hear("Grace", kind="voice"), HangUp(after=5)), n199=Person(_GRACE, Silence(60))
    ),
    "a message kept": _rung("+15550114", Caller(*_MESSAGE, Hear("To keep it"), Press("1", after=1), Silence(30))),
    "a message recorded anew and kept": _rung(
        "+15550114",
        Caller(
            *_MESSAGE, Hear("To keep it"), Press("2", after=1), *_MESSAGE, Hear("To keep it"), Press("1"), Silence(30)
        ),
    ),
    "a message heard again and deleted": _rung(
        "+15550114",
        Caller(*_MESSAGE, Hear("To keep it"), Press("3"), Hear("To keep it"), Press("*", after=1), Silence(30)),
    ),
    "a message that nobody decides about": _rung("+15550114", Caller(*_MESSAGE, Silence(120))),
    "a caller who hangs up in the review": _rung("+15550114", Caller(*_MESSAGE, Hear("To keep it"), HangUp(after=1))),
    "a recording agreed to": _rung(
        "+15550115",
        Caller(Hear("would like to record"), Press("1", after=1), Silence(60)),
        n199=Person(_GRACE, HangUp(after=5)),
    ),
    "a recording declined": _rung(
        "+15550115",
        Caller(Hear("would like to record"), Press("2", after=1), Silence(60)),
        n199=Person(_GRACE, HangUp(after=5)),
    ),
    "a recording that nobody agrees to": _rung("+15550115", Caller(Silence(90)), n199=Person(_GRACE, HangUp(after=5))),
    "a recording announced, paused for a card": _rung(
        "+15550116", Caller(Hear("key your card"), Press("4242", after=2), Silence(30))
    ),
    "a lookup answered at once": _known(Answering(FOUND, {"name": "Ada"})),
    "a lookup that takes its time": _known(Answering(FOUND, {"name": "Ada"}, after_seconds=3)),
    "a lookup that finds nothing": _known(Answering(NOT_FOUND, after_seconds=1.5)),
    "a lookup that fails": _known(Answering(FAILED)),
    "a lookup at an address": _known(
        Answering(FOUND, {"name": "Ada"}), at="https://crm.example.com/customers", number="+15550120"
    ),
    "a lookup that is lost": _known(Answering(NEVER)),
    "a caller who hangs up while something is looked up": _known(
        Answering(FOUND, {"name": "Ada"}, after_seconds=5), Caller(Silence(3), HangUp())
    ),
    "a whole call recorded from the answer, paused for a card": _rung(
        "+15550118",
        Caller(Hear("key your card"), Press(f"{scenes.CARD}#", after=2), Silence(60)),
        n199=Person(_GRACE, HangUp(after=5)),
    ),
    "a text in the call and one after it": _texted,
    "a caller who hangs up, which is reported": _known(
        Answering(FOUND, {"number": "7"}),
        Caller(Hear("How content"), HangUp(after=1)),
        at="reports",
        number="+15550121",
    ),
    "an answer and a hang-up, which are reported": _known(
        Answering(FOUND, {"number": "7"}),
        Caller(Hear("How content"), Press("4", after=1), Hear("leave a message"), HangUp()),
        at="reports",
        number="+15550121",
    ),
    "a hang-up of which nothing takes the report": _known(
        Answering(NEVER), Caller(Hear("How content"), HangUp(after=1)), at="reports", number="+15550121"
    ),
    "a message ended by hanging up, and handed over": _known(
        Answering(FOUND),
        Caller(Hear("How content"), Press("4", after=1), BEEP, Say(3, "Call me back."), HangUp()),
        at="messages",
        number="+15550121",
    ),
    "a caller whom an agent takes out of a queue": _queued(
        Caller(Hear("number 1"), Hear("number 1"), _CONNECTED, HangUp(after=2)), agent_after=55
    ),
    "an agent who waits for a caller": _queued(Caller(_CONNECTED, Silence(60)), agent_after=-20),
    "a caller who is called back in turn": _queued(
        Caller(Hear("press 2"), Press("3", after=15), Hear("call you back"), Silence(30)), agent_after=80
    ),
    "an agent who calls somebody back": _called_back(Person(Silence(2), _GRACE, HangUp(after=3))),
    "an agent who calls somebody back in vain": _called_back(NoAnswer()),
    "the second agent who is rung for a queue": _rung(
        "+15550134", _WAITING, n191=Busy(), n192=Person(_CONNECTED, _GRACE, HangUp(after=2), answers_after=5)
    ),
    "an agent who takes a call of a queue by a key": _rung(
        "+15550138",
        _WAITING,
        n191=Person(Hear("Press 1"), Silence(60)),
        n192=Person(Hear("Press 1"), Press("1", after=1), _CONNECTED, _GRACE, HangUp(after=2)),
    ),
    "no agent who is rung for a queue": _rung("+15550134", _WAITING, n191=NoAnswer(), n192=Rejects()),
    "a caller who leaves a queue by a key": _queued(
        Caller(Hear("press 2"), Press("2", after=15), Hear("All our agents"), Silence(30))
    ),
    "a caller who gives up in a queue": _queued(Caller(Hear("press 2"), HangUp(after=15))),
    "a caller whom nobody takes": _queued(Caller(Silence(300))),
    "an agent for whom nobody waits": _rung("+15550133", Caller(Silence(60))),
    "a member who meets the moderator, mutes, and leaves the room": _met(
        Caller(Hear("moderator is here"), Press("1", after=3), Press("1", after=3), Press("#", after=3), Silence(90)),
        moderator_after=20,
    ),
    "a member whose meeting ends with the moderator": _met(Caller(Silence(300)), moderator_after=20),
    "a moderator who comes first": _met(Caller(Silence(300)), moderator_after=-10),
    "a member for whom no moderator comes": _met(Caller(Silence(300))),
    "a member who does not wait for the moderator": _met(Caller(Silence(10), HangUp())),
    "words said twice in place of music": _rung("+15550139", Caller(Silence(60))),
    "a colleague who is spelled, and chosen of two": _rung(
        "+15550145",
        Caller(Hear("Please key"), Press("232#", after=2), Hear("For Ada Bell"), Press("2", after=1), Silence(60)),
        n192=Person(_GRACE, HangUp(after=5)),
    ),
    "a choice that is said": _rung(
        "+15550147", Caller(Hear("For sales"), Say(1.5, "Repairs, please."), Hear("All our mechanics"), Silence(20))
    ),
    "a choice that is pressed where it may be said": _rung(
        "+15550147", Caller(Hear("For sales"), Press("1", after=1), Hear("Our sellers"), Silence(20))
    ),
    "words that are no choice, a key that is none, and silence": _rung(
        "+15550147",
        Caller(Hear("For sales"), Say(2, "What a day."), Hear("none of our"), Press("7", after=1), Silence(60)),
    ),
    "a caller who hangs up while words are listened for": _rung(
        "+15550147", Caller(Hear("For sales"), Say(1, "Well"), HangUp())
    ),
    "a conversation that is recorded on demand": _rung(
        "+15550148",
        Caller(Hear("recorded from now on"), Silence(20), Press("*5"), Silence(2), Hear("Thank you.")),
        n191=Person(Silence(4), Press("*2"), Silence(8), Press("*3"), Silence(5), Press("*4"), Silence(30), HangUp()),
    ),
    "digits that are said": _rung(
        "+15550157",
        Caller(Hear("account"), Say(2, "Four 7 one one."), Hear("You said"), Say(1, "Yes"), Hear("Thank"), Silence(20)),
    ),
    "digits that are keyed in where they may be said": _rung(
        "+15550157",
        Caller(
            Hear("account"),
            Press("471212", after=1),
            Hear("press 2"),
            Press("2", after=1),
            Hear("Please say"),
            Say(1, "What a day"),
            Hear("no account"),
            Press("123456", after=1),
            Hear("You said"),
            Press("1"),
            Silence(30),
        ),
    ),
    "a caller who keys in some digits and hangs up": _rung(
        "+15550157", Caller(Hear("account"), Press("47", after=1), Silence(1), HangUp())
    ),
    "a supervisor who whispers, then talks with both": _rung(
        "+15550149",
        Caller(Hear("Linus here", kind="voice"), Silence(15), HangUp()),
        n191=Person(Silence(4), Press("*9"), Hear("Offer", kind="voice"), Silence(60)),
        n192=Person(Silence(2), Say(2, "Offer a discount."), Press("3"), Silence(1), Say(2, "Linus here.")),
    ),
    "a caller who opts out of campaigns": _rung(
        "+15550167", Caller(Hear("The water"), Press("9", after=1), Silence(30))
    ),
    "nobody of that name": _rung("+15550145", Caller(Hear("Please key"), Press("999#", after=2), Silence(60))),
    "the next on call": _rung("+15550146", Caller(Silence(90)), n191=NoAnswer(), n192=Person(_GRACE, HangUp(after=5))),
    "a caller who hangs up in the announcement": _rung("+15550116", Caller(Hear("This call"), HangUp())),
}


SPEECH_PLAYS: dict[str, Play] = {
    "words that are written down while they are said": _rung(
        "+15550158",
        Caller(
            Hear("sentence"),
            Say(2, "I need a new bell."),
            Hear("You said"),
            Hear("card"),
            Say(1, "four seven"),
            Press("4711", after=1),
            Silence(8),
            Say(2, "Is it ready?"),
            Silence(30),
        ),
        n191=Person(Silence(3), Say(2, "Of course."), Silence(8), HangUp()),
    ),
    "a voice agent that helps": _rung(
        "+15550159",
        Caller(
            Hear("How can I help"),
            Say(2, "Where is my order?"),
            Hear("anything else"),
            Say(1, "No, goodbye."),
            Hear("Because"),
            Silence(20),
        ),
    ),
}
"""Plays of which what is said, and reported late, counts where it comes: in another order they end otherwise."""


def flows_of(play: str) -> Path:
    """The folder of the flows that a play is about."""
    return LANGUAGE_FLOWS if play in LANGUAGE_PLAYS | SPEECH_PLAYS else SAMPLES


ALL_PLAYS = PLAYS | LANGUAGE_PLAYS

RACING_PLAYS = frozenset({"an agent who calls somebody back", "an agent who calls somebody back in vain"})
"""Plays in which a caller's key may come later than the agent takes the caller: then there is nobody to call back."""

TALKING_PLAYS = frozenset(
    {
        "a conversation that is recorded on demand",
        "a supervisor who whispers, then talks with both",
        "a caller who is handed on",
        "a caller who is handed on by an agent who hangs up",
        "an agent who comes back to the caller",
        "a colleague who leaves the agent",
        "three who talk until the agent leaves",
        "three who talk until the colleague leaves",
        "a colleague who is busy",
        "a caller who hangs up while the agent asks",
        "a caller who is parked",
    }
)
"""Plays with keys during a conversation: they count once it has been reported, and do what was asked for in the order
in which they are reported."""

KEYED_PLAYS = frozenset({"digits that are keyed in where they may be said"})
"""Plays with keys one by one, of which the next one has a time to come in."""

TIMED_PLAYS = RACING_PLAYS | TALKING_PLAYS | KEYED_PLAYS | {play for play in PLAYS if ", found by " in play}
"""Plays in which what is late counts as what never comes: a finding beyond the flow's limit, a key in a race."""

_OF_MACHINES = frozenset({"left on a machine", "not acknowledged", "hung-up"})
_OF_TALKS = frozenset({"talked", "hung-up"})
_OF_CALLBACKS = frozenset({"completed", "hung-up"})

OTHER_ENDS: dict[str, frozenset[str]] = {
    "a caller whom an agent takes out of a queue": frozenset({"served", "gave-up", "hung-up", "completed"}),
    "a member who does not wait for the moderator": frozenset({"met", "gave-up"}),
    "a member who meets the moderator, mutes, and leaves the room": frozenset({"completed", "met", "hung-up"}),
    "a member whose meeting ends with the moderator": frozenset({"met"}),
    "an agent who takes a call of a queue by a key": frozenset({"completed", "hung-up"}),
    "an agent who waits for a caller": frozenset({"completed", "hung-up"}),
    "an announcement to a machine": _OF_MACHINES,
    "the second agent who is rung for a queue": frozenset({"completed", "hung-up"}),
    **dict.fromkeys(TALKING_PLAYS, _OF_TALKS),
    "a caller who is parked": _OF_TALKS | {"found"},
    "a conversation that is recorded on demand": frozenset({"completed"}),
    **dict.fromkeys(RACING_PLAYS, _OF_CALLBACKS),
    **dict.fromkeys(KEYED_PLAYS, frozenset({"completed"})),
    **{play: _OF_MACHINES for play in PLAYS if ", found by " in play},
}
"""The outcomes that a play may have if a webhook is late, for plays in which a person then acts otherwise: people
and machines wait only so long, and keys count once a conversation is known. TIMED_PLAYS may have them without, too."""

CONNECTED_ENDS = frozenset({"served", "talked", "found", "met", "led"})
"""Outcomes that flows set when two people have talked, or a person was in a conference."""
