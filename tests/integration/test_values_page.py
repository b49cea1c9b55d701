"""The examples of these pages: the linter finds nothing in them, and their conversations are played."""

from pathlib import Path

import pytest

from infra.carrier.account import AUDIO_FOLDER
from infra.checkout import SAMPLES
from infra.flowkit.conversations.conversation import SUFFIX, read_conversations
from infra.flowkit.conversations.runner import play
from infra.flowkit.conversations.side_by_side import side_by_side
from infra.flowkit.lint import lint
from tests.unit.test_docs import ROOT, blocks

PAGES = (
    "conferences",
    "queues",
    "values",
    "barge-in",
    "memory",
    "after-the-call",
    "texts",
    "payments",
    "speech",
    "during-a-conversation",
)


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The folder with a page's files."""
    (tmp_path / AUDIO_FOLDER).symlink_to(SAMPLES / AUDIO_FOLDER)
    named = ROOT / "docs" / f"{request.param}.md"
    for text in (*blocks(named, "yaml"), *blocks(named, "csv")):
        file = tmp_path / text.splitlines()[0].removeprefix("# ")
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return tmp_path


def test_the_linter_finds_nothing_in_the_flows_of_the_page(page: Path) -> None:
    assert lint(page) == []


def test_the_conversations_of_the_page_go_as_they_are_written(page: Path) -> None:
    played = [result for file in sorted(page.glob(f"*{SUFFIX}")) for result in play(read_conversations(file))]

    assert played
    assert [side_by_side(each) for each in played if not each.passed] == []
