"""Pictures that follow their files, whatever an editor does to them."""

import shutil
from pathlib import Path

import pytest

from infra.flowkit.drawing.followed import FollowedFlows, Shown

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def menu(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "functions" / "flows", tmp_path / "flows")
    return tmp_path / "flows" / "after-hours.yaml"


def looked(followed: FollowedFlows) -> Shown:
    shown = followed.look()
    assert shown is not None
    return shown


def test_nothing_is_drawn_until_something_is_saved(menu: Path) -> None:
    followed = FollowedFlows(lambda: [menu])

    first = looked(followed)

    assert [(each.name, each.is_current) for each in first.pictures] == [("after-hours", True)]
    assert 'data-node="step:' in first.pictures[0].svg
    assert "<style" not in first.pictures[0].svg
    assert first.errors == ()
    assert followed.look() is None


def test_what_an_editor_puts_in_the_files_place_is_drawn(menu: Path) -> None:
    followed = FollowedFlows(lambda: [menu])
    looked(followed)
    text = menu.read_text(encoding="utf-8")

    new = menu.with_name(".after-hours.yaml.swp")
    new.write_text(f"{text}\n  another-step: {{say: Another sentence.}}\n", encoding="utf-8")
    new.replace(menu)

    shown = looked(followed)
    assert [each.is_current for each in shown.pictures] == [True]
    assert "Another sentence." in shown.pictures[0].svg


def test_an_error_is_reported_in_the_linters_words_and_the_last_good_picture_stays(menu: Path) -> None:
    followed = FollowedFlows(lambda: [menu])
    good, text = looked(followed), menu.read_text(encoding="utf-8")

    menu.write_text("flow: after-hours\nsteps:\n  bye: {hang: up}\n", encoding="utf-8")
    broken = looked(followed)
    menu.write_text("flow: [", encoding="utf-8")
    no_yaml = looked(followed)
    menu.write_bytes("flow: café".encode("latin-1"))
    no_text = looked(followed)
    menu.write_text(text, encoding="utf-8")
    fixed = looked(followed)

    for shown in (broken, no_yaml, no_text):
        assert [(each.svg, each.is_current) for each in shown.pictures] == [(good.pictures[0].svg, False)]
    assert ["after-hours.yaml:3:3: error" in each for each in broken.errors] == [True]
    assert len(no_yaml.errors) == 1
    assert "not UTF-8" in no_text.errors[0]
    assert fixed == good


def test_a_file_that_is_deleted_is_missed_and_drawn_again_when_it_is_back(menu: Path) -> None:
    followed = FollowedFlows(lambda: [menu])
    good, text = looked(followed), menu.read_text(encoding="utf-8")

    menu.unlink()
    gone = looked(followed)
    shutil.rmtree(menu.parent)
    looked(followed)
    shutil.copytree(ROOT / "functions" / "flows", menu.parent)
    menu.write_text(text, encoding="utf-8")

    assert [each.is_current for each in gone.pictures] == [False]
    assert "does not exist" in gone.errors[0]
    assert looked(followed) == good


def test_a_calendar_and_the_numbers_count_as_the_flow(menu: Path) -> None:
    followed = FollowedFlows(lambda: [menu])
    first = looked(followed)

    with (menu.parent / "numbers.yaml").open("a", encoding="utf-8") as numbers:
        numbers.write('"+15550177": after-hours\n')
    with_number = looked(followed)
    for calendar in (menu.parent / "calendars").iterdir():
        calendar.write_text(calendar.read_text(encoding="utf-8").replace("Europe/", "America/"), encoding="utf-8")
    looked(followed)
    (menu.parent / "numbers.yaml").write_text("[", encoding="utf-8")
    broken = looked(followed)

    assert "+15550177" not in first.pictures[0].svg
    assert "+15550177" in with_number.pictures[0].svg
    assert broken.pictures[0].is_current is False
    assert "numbers.yaml" in broken.errors[0]


def test_one_broken_flow_of_several_hides_no_other(menu: Path) -> None:
    files = [menu, menu.with_name("languages.yaml")]
    followed = FollowedFlows(lambda: files)
    looked(followed)

    menu.write_text("flow: after-hours\n", encoding="utf-8")
    shown = looked(followed)

    assert [each.is_current for each in shown.pictures] == [False, True]


def test_texts_of_a_flow_are_no_markup_in_its_picture(menu: Path) -> None:
    hostile = "</title></svg><script>alert(1)</script>"
    menu.write_text(f"flow: after-hours\nsteps:\n  say-it: {{say: '{hostile}'}}\n", encoding="utf-8")

    (drawn,) = looked(FollowedFlows(lambda: [menu])).pictures

    assert "<script" not in drawn.svg
    assert "&lt;script&gt;" in drawn.svg
