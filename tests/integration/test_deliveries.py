"""A message that a caller leaves reaches people: once, whole, harmless, and never silently not at all."""

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import unquote

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from control.console_files import file_for
from control.recording_answers import place_of
from deliver.chat import Chat, addresses_from
from deliver.claims import LEASE_SECONDS
from deliver.mail import Mail, composed
from deliver.retries import NotDelivered
from deliver.settings import Settings
from deliver.wording import Message, chat_text, email_text
from dialtone.adapters.secrets import FixedSecret
from dialtone.adapters.settings import SettingMissing
from dialtone.domain.calls import Call
from dialtone.domain.decisions import Decision
from dialtone.domain.deliveries import DECISION_SECONDS, TRANSCRIPT_SECONDS, DeliveryJob
from dialtone.domain.delivery_targets import DeliveryTarget
from dialtone.domain.errors import DialtoneError
from dialtone.domain.recordings import Review, Transcription
from tests.integration.delivering import (
    ADA,
    AUDIO,
    BY_CHAT,
    BY_EMAIL,
    CALLER,
    LEG,
    SENDER,
    SESSION,
    WORDS,
    House,
    message,
)
from tests.integration.dependencies import FAULTS, Fault

ASKED = Transcription("requested", "A")


def delivered(house: House) -> House:
    """Let it be kept, transcribed and delivered."""
    asked = message(deliver=(BY_EMAIL,))
    house.recorded(asked)
    house.transcribed(house.kept(asked))
    house.stream()
    house.work()
    return house


def parts(email: Any) -> tuple[str, list[tuple[str, str, bytes]]]:  # noqa: ANN401 -- an e-mail
    text = email.get_body(("plain",)).get_content()
    files = [
        (each.get_content_type(), each.get_filename(), each.get_payload(decode=True))
        for each in email.iter_attachments()
    ]
    return text, files


def test_a_message_is_e_mailed_with_its_words_and_its_audio_once() -> None:
    house = delivered(House())

    [email] = house.ses.sent
    text, files = parts(email)
    assert email["Subject"] == f"Voicemail from {CALLER}"
    assert f"From: {CALLER}" in text
    assert f"> {WORDS}" in text
    assert "Length: 0:42" in text
    (path,) = re.findall(r"https://console\.example\.com(/recordings/\S+)", text)
    assert place_of(unquote(path.removeprefix("/recordings/"))) == (SESSION, f"{LEG}-01")
    assert file_for(path), "it is a page of the console"
    assert files == [("audio/mpeg", f"{LEG}-01.mp3", AUDIO)]
    house.stream()
    house.work()
    assert len(house.ses.sent) == 1
    assert (house.dead, house.queue.waiting) == ([], [])


@pytest.mark.parametrize("fault", FAULTS)
def test_wherever_the_function_dies_or_a_request_fails_the_message_is_delivered(fault: Fault) -> None:
    requests = len(delivered(House()).wire.requests)

    for place in range(requests):
        house = delivered(House({place: fault}))

        sent = {str(email["Message-ID"]) for email in house.ses.sent}
        assert len(sent) == 1, f"{fault} at {house.wire.requests[place]}"
        assert house.dead == []
        # What SES may have taken is sent again, since nobody knows; a mailbox knows the copy by its id.
        unknown = house.wire.requests[place] == "UpdateItem" or (
            house.wire.requests[place] == "SendEmail" and fault != "lost"
        )
        assert len(house.ses.sent) == 1 or unknown


def test_two_processes_at_once_send_one_message() -> None:
    house = House()
    asked = message()
    house.recorded(asked)
    house.transcribed(house.kept(asked))
    house.stream()
    [job, *_] = [DeliveryJob(**each) for each in house.jobs()]
    first, second = house.consumer().deliveries, house.consumer().deliveries
    assert first.claims.take(job, house.now) == "mine"

    with pytest.raises(NotDelivered, match="another process"):
        second.deliver(job, house.now)

    house.now += LEASE_SECONDS + 1
    assert second.deliver(job, house.now).what == "delivered"
    assert first.deliver(job, house.now).what == "already"
    assert len(house.ses.sent) == 1


def test_the_transcript_is_waited_for_and_ends_the_wait() -> None:
    house = House()
    asked = message(transcription=ASKED)
    house.recorded(asked)
    kept = house.kept(asked)
    house.stream()
    house.work(until_seconds=30)
    assert house.ses.sent == []

    house.transcribed(kept)
    house.stream()
    began = house.now
    house.work()

    [email] = house.ses.sent
    assert WORDS in parts(email)[0]
    assert house.now - began <= TRANSCRIPT_SECONDS


def test_a_transcript_that_does_not_come_is_waited_for_five_minutes_and_no_longer() -> None:
    house = House()
    asked = message(transcription=ASKED)
    house.recorded(asked)
    house.kept(asked)
    house.stream()
    began = house.now

    house.work()

    [email] = house.ses.sent
    assert "Its transcript has not come" in parts(email)[0]
    assert TRANSCRIPT_SECONDS <= house.now - began <= TRANSCRIPT_SECONDS + 60


@pytest.mark.parametrize(("review", "goes"), [("kept", True), ("deleted", False), ("superseded", False)])
def test_while_a_caller_may_decide_about_a_message_it_waits(review: str, *, goes: bool) -> None:
    house = House()
    asked = message()
    house.recorded(asked, ended_at="")
    house.kept(asked)
    house.stream()
    house.work(until_seconds=300)
    assert house.ses.sent == []

    decided = Decision(before := house.store.legs(SESSION)[0], reviews=(Review(f"{LEG}-01", review),))
    house.store.commit(_event(), before, decided, at_seconds=house.now)
    house.stream()
    house.work(until_seconds=300)

    assert len(house.ses.sent) == goes
    assert house.queue.waiting == []


def _event() -> Any:  # noqa: ANN401 -- as much of an event as is read
    from dialtone.domain.events import Event  # noqa: PLC0415 -- beside its use

    return Event("reviewed", "call.gather.ended", "2026-11-30T10:43:00Z", {"call_session_id": SESSION})


def test_a_call_whose_end_is_never_reported_keeps_no_message_for_ever() -> None:
    house = House()
    asked = message()
    house.recorded(asked, ended_at="")
    house.kept(asked)
    house.stream()
    began = house.now

    house.work()

    assert len(house.ses.sent) == 1
    assert house.now - began <= DECISION_SECONDS + 60


@pytest.mark.parametrize("status", ["expected", "saved", "failed", "erased"])
def test_what_is_not_kept_is_not_delivered(status: str) -> None:
    house = House()
    house.recorded(message(status=status))

    house.stream()

    assert house.queue.waiting == []


def test_a_message_whose_call_was_erased_meanwhile_goes_to_nobody() -> None:
    house = House()
    asked = message(transcription=ASKED)
    house.recorded(asked)
    kept = house.kept(asked)
    house.stream()
    erased = kept.erased()._replace(deliver=kept.deliver)
    assert house.store.mark_recording(erased, was=("verified",))

    house.work()

    assert (house.ses.sent, house.dead) == ([], [])


@pytest.mark.parametrize(
    ("target", "content", "says", "attached"),
    [
        (BY_EMAIL._replace(audio="link"), AUDIO, "The audio is not attached.", 0),
        (BY_EMAIL, bytes(10_000), "The audio is attached.", 1),
        (BY_EMAIL, bytes(10_001), "0.0 MB, which is too long", 0),
    ],
)
def test_audio_is_attached_up_to_a_limit_and_else_linked(
    target: DeliveryTarget, content: bytes, says: str, attached: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deliver.delivery.MAX_ATTACHED_BYTES", 10_000)
    house = House()
    asked = message(deliver=(target,))
    house.recorded(asked)
    house.kept(asked, content=content)
    house.stream()

    house.work()

    [email] = house.ses.sent
    text, files = parts(email)
    assert says in text
    assert "Listen, after signing in: https://console.example.com/" in text
    assert len(files) == attached


def test_audio_that_has_expired_is_said_and_audio_that_is_another_is_never_sent() -> None:
    gone, other = House(), House()
    for house in (gone, other):
        asked = message()
        house.recorded(asked)
        house.kept(asked)
        house.stream()
    gone.bucket.objects.clear()
    other.bucket.objects[f"recordings/{LEG}-01.mp3"] = b"another"

    gone.work()
    other.work()

    assert "The audio has expired." in parts(gone.ses.sent[0])[0]
    assert other.ses.sent == []
    assert len(other.dead) == 1


def test_a_throttled_ses_delays_a_message_and_a_refusing_one_leaves_a_dead_letter() -> None:
    throttled, sandbox, unset = House(), House(), House(sender="")
    throttled.ses.refuses = lambda request: "TooManyRequestsException" if request < 4 else ""
    sandbox.ses.refuses = lambda _: "MessageRejected"
    for house in (throttled, sandbox, unset):
        delivered(house)

    assert len(throttled.ses.sent) == 1
    assert throttled.dead == []
    for house in (sandbox, unset):
        assert house.ses.sent == []
        assert set(map(target_of, house.dead)) == {f"email:{ADA}"}


def target_of(body: str) -> str:
    return str(json.loads(body)["target"])


def test_a_dead_letter_that_is_put_back_is_delivered() -> None:
    house = House()
    house.ses.refuses = lambda _: "MessageRejected"
    delivered(house)
    house.ses.refuses = lambda _: ""

    house.queue.send_message(QueueUrl="queue", MessageBody=house.dead.pop())
    house.work()

    assert len(house.ses.sent) == 1


@pytest.mark.parametrize("body", ["", "[]", "not json", '{"call_session_id": 1}', "[" * 2_000])
def test_a_message_that_is_no_delivery_becomes_a_dead_letter(body: str) -> None:
    house = House()
    house.queue.send_message(QueueUrl="queue", MessageBody=body)

    house.work()

    assert house.dead == [body]


def test_a_record_that_cannot_be_read_holds_nothing_up_and_is_not_lost() -> None:
    house = House()
    asked = message()
    house.recorded(asked)
    house.kept(asked)
    records = [each for each in house.table.records if "RECORDING#" in each["dynamodb"]["Keys"]["item"]["S"]]
    house.table.records = records[-1:]
    house.table.records[0]["dynamodb"]["NewImage"]["deliver"] = {"S": "?"}

    house.stream()
    assert [each["target"] for each in house.jobs()] == [""]
    house.work()

    assert len(house.ses.sent) == 1, "its entry is well in the table"


HOSTILE = 'x"\r\nBcc: all@example.com\r\n\r\n<script>alert(1)</script> ``` <!channel> @everyone \x1b[2J \u202e \ud800'


def test_a_hostile_name_number_and_transcript_are_text_and_nothing_else() -> None:
    recording = message(from_number=HOSTILE, flow=HOSTILE)
    leg = Call(SESSION, LEG, trust={"caller_id_name": HOSTILE})
    hostile = Message(recording, leg, HOSTILE, "https://control.example.com/recordings/1")

    email = composed((SENDER, ADA), hostile, "id", b"", "")
    text = email.as_bytes().decode()
    said = chat_text(hostile)

    assert email.keys().count("Bcc") == 0
    assert "\nBcc:" not in text.partition("\r\n\r\n")[0]
    assert email.get_content_type() == "text/plain"
    head, block, tail = said.split("```")
    assert head == "Voicemail\n"
    assert tail == "\nhttps://control.example.com/recordings/1"
    assert not {"<", ">", "`", "\x1b", "\u202e"} & set(block)


@settings(max_examples=30)
@given(st.text(), st.text())
def test_whatever_a_caller_is_called_or_says_an_e_mail_has_the_headers_that_it_has(name: str, words: str) -> None:
    leg = Call(SESSION, LEG, trust={"caller_id_name": name})
    said = Message(message(from_number=name), leg, words, "")

    email = composed((SENDER, ADA), said, "id", b"", "")

    assert email.as_bytes().partition(b"\r\n\r\n")[0].count(b"\r\nTo: ") == 1
    assert set(email.keys()) == {
        *("Subject", "From", "To", "Message-ID", "Auto-Submitted"),
        *("Content-Type", "Content-Transfer-Encoding", "MIME-Version"),
    }
    assert chat_text(said).count("```") == 2
    assert email_text(said, "")


class ChatServer(BaseHTTPRequestHandler):
    """A chat's incoming webhook."""

    status = 200
    took: list[tuple[dict[str, str], Any]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.took.append((dict(self.headers), body))
        self.send_response(self.status)
        self.send_header("location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""


@pytest.fixture
def chat() -> Iterator[tuple[str, type[ChatServer]]]:
    handler = type("OneChat", (ChatServer,), {"took": []})
    server = HTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hook/secret", handler
    server.shutdown()
    server.server_close()


def in_chat(address: str) -> House:
    house = House(chats={"support": address})
    asked = message(deliver=(BY_CHAT,))
    house.recorded(asked)
    house.transcribed(house.kept(asked))
    house.stream()
    return house


def test_a_message_is_posted_to_a_chat_once(chat: tuple[str, type[ChatServer]]) -> None:
    address, server = chat
    house = in_chat(address)

    house.work()

    [(headers, body)] = server.took
    assert list(body) == ["text"]
    assert WORDS in body["text"]
    assert headers["idempotency-key"]
    assert house.dead == []


@pytest.mark.parametrize("status", [301, 400, 404, 429, 500, 503])
def test_a_chat_that_answers_otherwise_is_tried_again_and_then_a_dead_letter(
    chat: tuple[str, type[ChatServer]], status: int, caplog: pytest.LogCaptureFixture
) -> None:
    address, server = chat
    server.status = status
    house = in_chat(address)

    house.work()

    assert len(set(map(target_of, house.dead))) == 1
    assert len({headers["idempotency-key"] for headers, _ in server.took}) == 1
    assert len(server.took) > 1
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("", "no address"),
        ("http://chat.example.com/hook", "refused"),
        ("https://chat.example.com/hook", "refused"),
        ("https://user:pass@chat.example.com/", "refused"),
    ],
)
def test_no_address_off_the_public_internet_is_posted_to_and_none_is_named(address: str, why: str) -> None:
    chat = Chat(FixedSecret({"support": address}), resolve=lambda *_, **__: [(0, 0, 0, "", ("10.0.0.1", 443))])

    with pytest.raises(NotDelivered, match=why) as refused:
        chat.send("support", Message(message(), None, "", ""), "id")

    assert "hook" not in str(refused.value)


@pytest.mark.parametrize("found", [[], OSError("no such host")])
def test_a_chat_that_cannot_be_found_or_reached_is_no_answer(found: Any) -> None:  # noqa: ANN401 -- what getaddrinfo does
    def resolve(*_: object, **__: object) -> Any:  # noqa: ANN401 -- as above
        if isinstance(found, Exception):
            raise found
        return found

    with pytest.raises(NotDelivered, match="host of the chat") as failed:
        Chat(FixedSecret({"a": "https://chat.example.com/"}), resolve=resolve).send(
            "a", Message(message(), None, "", ""), "id"
        )
    assert not failed.value.may_have_it
    unreachable = Chat(FixedSecret({"a": "http://127.0.0.1:1/"}), local=True)
    with pytest.raises(NotDelivered, match="could not be reached"):
        unreachable.send("a", Message(message(), None, "", ""), "id")


@pytest.mark.parametrize("text", ["", "[]", '{"support": 1}', '{"No spaces!": "https://a.example"}'])
def test_a_secret_of_chats_that_makes_no_sense_says_what_to_store(text: str) -> None:
    with pytest.raises(DialtoneError, match="store JSON"):
        addresses_from("chats", text)


def test_the_settings_name_what_is_missing() -> None:
    environ = {"CALLS_TABLE": "calls", "RECORDINGS_BUCKET": "recordings", "DELIVERY_QUEUE_URL": "queue"}

    assert Settings.read(environ | {"CONTROL_URL": "https://a/"}).links_url == "https://a"
    assert Settings.read(environ | {"CONTROL_URL": "https://a", "CONSOLE_URL": "https://b/"}).links_url == "https://b"
    for name in environ:
        with pytest.raises(SettingMissing, match=name):
            Settings.read({key: value for key, value in environ.items() if key != name})


def test_a_target_of_a_later_version_waits_for_the_deployment() -> None:
    house = House()
    asked = message(deliver=(DeliveryTarget("pigeon", "loft"),))
    house.recorded(asked)
    house.kept(asked)
    house.stream()

    house.work()

    assert len(house.dead) == 1


def test_ses_takes_what_is_sent(aws: None) -> None:
    del aws
    ses = boto3.client("sesv2", region_name="us-east-1")
    mail = Mail(ses, SENDER)
    said = Message(message(), None, WORDS, "")
    with pytest.raises(NotDelivered, match="MessageRejected"):
        mail.send(ADA, said, "id", AUDIO, "")

    ses.create_email_identity(EmailIdentity=SENDER)
    assert mail.send(ADA, said, "id", AUDIO, "")
