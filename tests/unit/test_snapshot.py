"""SnapStart's hooks: what is loaded before a snapshot, and made anew after it."""

import random
import sys
from dataclasses import dataclass, field

import pytest

from dialtone.adapters.secrets import CachedSecret
from dialtone.adapters.settings import key_from
from dialtone.adapters.telnyx_api import TelnyxApi
from webhook.snapshot import Snapshot

snapshot_restore_py = pytest.importorskip("snapshot_restore_py", reason="comes with Lambda's runtime client, on Linux")


@dataclass
class Connection:
    """A dependency's client."""

    closed: int = 0

    def close(self) -> None:
        self.closed += 1


@dataclass
class Keys:
    """Secrets Manager, and how often it was asked."""

    given: list[str] = field(default_factory=list)

    def fetch(self, _: str, within_seconds: float) -> str:
        del within_seconds
        self.given.append(f"KEY{len(self.given)}")
        return self.given[-1]

    def secret(self) -> CachedSecret[str]:
        return CachedSecret("dialtone/telnyx-api-key", key_from, self.fetch)


def test_before_the_snapshot_all_is_loaded_and_no_key_fetched() -> None:
    keys, loaded = Keys(), []
    snapshot = Snapshot(load=[TelnyxApi(keys.secret()).prepare, lambda: loaded.append("flows")], renew=[])

    snapshot.before()

    assert "telnyx._client" in sys.modules
    assert loaded == ["flows"]
    assert keys.given == []


def test_after_it_connections_secrets_and_chance_are_new() -> None:
    keys, connection = Keys(), Connection()
    secret = keys.secret()
    telnyx = TelnyxApi(secret)
    before = telnyx._open(secret())  # noqa: SLF001 -- as a command would, without a Telnyx
    random.seed(1)
    frozen = random.getstate()

    Snapshot(load=[], renew=[telnyx.close, connection.close, secret.forget]).after()
    after = telnyx._open(secret())  # noqa: SLF001 -- as above
    telnyx.close()

    assert keys.given == ["KEY0", "KEY1"]
    assert before._client is not after._client  # noqa: SLF001 -- its connections
    assert connection.closed == 1
    assert random.getstate() != frozen


def test_the_runtime_calls_both(monkeypatch: pytest.MonkeyPatch) -> None:
    before: list[object] = []
    after: list[object] = []
    monkeypatch.setattr(snapshot_restore_py, "register_before_snapshot", before.append)
    monkeypatch.setattr(snapshot_restore_py, "register_after_restore", after.append)
    snapshot = Snapshot(load=[], renew=[])

    assert snapshot.register()

    assert (before, after) == ([snapshot.before], [snapshot.after])


def test_elsewhere_there_is_nobody_to_call_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "snapshot_restore_py", None)

    assert not Snapshot(load=[], renew=[]).register()
