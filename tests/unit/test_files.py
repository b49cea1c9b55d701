"""Files are written whole or not at all, and by one command at a time."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dialtone.domain.errors import DialtoneError
from infra.checkout import ROOT
from infra.flowkit.conversations.conversation import read_conversations
from infra.output.files import alone, write_whole
from infra.phone.diary import add_conversation

AT_ONCE = 4


def test_a_file_that_is_replaced_keeps_its_rights_and_a_link_what_it_is(tmp_path: Path) -> None:
    file, link = tmp_path / "picture.svg", tmp_path / "link.svg"
    file.write_text("old", encoding="utf-8")
    file.chmod(0o640)
    link.symlink_to(file)

    write_whole(link, "new")

    assert (file.read_text(encoding="utf-8"), file.stat().st_mode & 0o777) == ("new", 0o640)
    assert link.is_symlink()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["link.svg", "picture.svg"]


def test_what_cannot_be_written_is_named_as_the_person_named_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as error:
        write_whole(tmp_path / "nowhere" / "picture.svg", "new")

    assert error.value.filename == str(tmp_path / "nowhere" / "picture.svg")


HOLD = """
import sys
from pathlib import Path
from infra.checkout import ROOT
from infra.output.files import alone
with alone(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_folder_that_another_process_holds_is_refused_until_that_is_killed(tmp_path: Path) -> None:
    program = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as other:  # noqa: S603 -- the one above
        assert other.stdout
        other.stdout.readline()
        with pytest.raises(DialtoneError, match="another is running"), alone(tmp_path, otherwise="another is running"):
            pytest.fail("two hold it")
        other.kill()

    with alone(tmp_path, otherwise="still held"):
        pass


def test_of_calls_that_end_at_the_same_moment_each_leaves_its_conversation(tmp_path: Path) -> None:
    file = tmp_path / "desk.test.yaml"

    with ThreadPoolExecutor(AT_ONCE) as calls:
        list(calls.map(lambda n: add_conversation(file, "desk", {"name": f"call {n}", "talk": []}), range(2 * AT_ONCE)))

    assert sorted(each.conversation.name for each in read_conversations(file)) == [
        f"call {n}" for n in range(2 * AT_ONCE)
    ]
    assert [each.name for each in tmp_path.iterdir()] == ["desk.test.yaml"]
