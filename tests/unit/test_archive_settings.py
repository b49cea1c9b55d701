import importlib
import re
import sys
from pathlib import Path

import pytest

from archive.settings import LOCAL_AUDIO, MAX_RECEIVES, SettingInvalid, Settings
from dialtone.adapters.settings import SettingMissing

ENVIRONMENT = {"CALLS_TABLE": "calls", "RECORDINGS_BUCKET": "recordings", "TELNYX_API_KEY": "KEY_test"}


def test_the_settings_are_read_once_into_values() -> None:
    settings = Settings.read(ENVIRONMENT | {"ARCHIVE_MAX_RECEIVES": "7"})

    assert (settings.calls_table, settings.recordings_bucket) == ("calls", "recordings")
    assert settings.api_key() == "KEY_test"
    assert settings.max_receives == 7


@pytest.mark.parametrize("name", ENVIRONMENT)
def test_a_missing_setting_is_named(name: str) -> None:
    environment = {each: value for each, value in ENVIRONMENT.items() if each != name}

    with pytest.raises(SettingMissing, match=name):
        Settings.read(environment)


def test_audio_is_taken_from_this_machine_only_where_that_is_set_and_the_template_never_sets_it() -> None:
    template = (Path(__file__).parents[2] / "template.yaml").read_text(encoding="utf-8")

    assert LOCAL_AUDIO not in template
    assert not Settings.read(ENVIRONMENT).local_audio
    assert not Settings.read(ENVIRONMENT | {LOCAL_AUDIO: "false"}).local_audio
    assert Settings.read(ENVIRONMENT | {LOCAL_AUDIO: "true"}).local_audio


@pytest.mark.parametrize("written", ["0", "-1", "five", "1.5", "²"])
def test_a_number_of_receives_that_makes_no_sense_is_named(written: str) -> None:
    with pytest.raises(SettingInvalid, match="ARCHIVE_MAX_RECEIVES"):
        Settings.read(ENVIRONMENT | {"ARCHIVE_MAX_RECEIVES": written})


def test_without_a_word_the_last_receive_is_the_one_that_the_template_allows() -> None:
    template = (Path(__file__).parents[2] / "template.yaml").read_text(encoding="utf-8")

    assert Settings.read(ENVIRONMENT).max_receives == MAX_RECEIVES
    assert re.findall(r"ArchiveDeadLetterQueue.Arn\n +maxReceiveCount: (\d+)", template) == [str(MAX_RECEIVES)]


@pytest.fixture
def fresh_app(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delitem(sys.modules, "archive.app", raising=False)


@pytest.mark.usefixtures("fresh_app")
def test_the_function_does_not_start_without_its_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RECORDINGS_BUCKET")

    with pytest.raises(SettingMissing, match="RECORDINGS_BUCKET"):
        importlib.import_module("archive.app")


@pytest.mark.usefixtures("fresh_app")
def test_the_function_starts_without_asking_anybody_and_an_empty_batch_has_no_failures() -> None:
    app = importlib.import_module("archive.app")

    assert app.handler({"Records": []}, None) == {"batchItemFailures": []}
