"""The failover's settings: one that is missing stops it at its start, by name."""

import pytest

from failover.settings import SettingMissing, Settings

ENVIRONMENT = {
    "TELNYX_PUBLIC_KEY": "key",
    "TELNYX_API_KEY": "KEY_test",
    "FAILOVER_LANGUAGE": "en-US",
    "FAILOVER_VOICE": "AWS.Polly.Joanna-Neural",
}


@pytest.mark.parametrize("missing", ["TELNYX_PUBLIC_KEY", "FAILOVER_LANGUAGE", "FAILOVER_VOICE"])
def test_a_variable_of_the_failover_that_is_missing_is_named_at_start(missing: str) -> None:
    with pytest.raises(SettingMissing, match=missing):
        Settings.read({name: value for name, value in ENVIRONMENT.items() if name != missing})


def test_without_a_key_the_secret_must_be_named() -> None:
    with pytest.raises(SettingMissing, match="TELNYX_API_KEY_SECRET"):
        Settings.read({name: value for name, value in ENVIRONMENT.items() if name != "TELNYX_API_KEY"})


def test_neither_a_sentence_nor_somebody_to_transfer_to_is_needed() -> None:
    sentence = Settings.read(ENVIRONMENT).sentence

    assert (sentence.text, sentence.transfer_to) == ("", "")
