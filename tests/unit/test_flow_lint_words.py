"""What a menu says and what its keys do, in several languages; and what falls through, comes back, or is not there."""

import shutil
from pathlib import Path

import pytest

from infra.checkout import SAMPLES
from infra.cli.main import main
from infra.flowkit.lint import lint


def found(folder: Path, flow: str) -> list[tuple[str, str]]:
    (folder / "desk.yaml").write_text(f"flow: desk\n{flow}", encoding="utf-8")
    return [(each.rule, each.reason) for each in lint(folder / "desk.yaml")]


def menu(words: str, keys: str) -> str:
    return f"steps:\n  a:\n    menu: {words}\n    keys: {{{keys}}}\n    otherwise: b\n  b: hangup\n"


@pytest.mark.parametrize(
    ("words", "keys", "reasons"),
    [
        ("For sales, press 4.", "4: b", []),
        ("For sales, press 4.", "1: b, 4: b", ["offers the key 1, which no words name"]),
        (
            "For sales, press four.",
            "1: b",
            ["asks for the key 4, which it does not have", "offers the key 1, which no"],
        ),
        ("For sales, press the star key.", "'*': b", []),
        ("Para ventas, oprima el cuatro.", "1: b, 4: b", ["offers the key 1"]),
        ("Para ventas, marque 2.", "2: b", []),
        ("Für den Verkauf drücken Sie die Taste 3.", "1: b, 3: b", ["offers the key 1"]),
        ("Pour les ventes, appuyez sur le 5.", "5: b", []),
        ("In an emergency hang up and press 9 1 1 at once; for sales, 1.", "1: b", []),
        ("Sales is 1, billing is 2.", "1: b, 2: b, 3: b", []),
        ("{media: choices}", "1: b", []),
        ("We open in 1968. For sales, press 1, or 2 for billing.", "1: b, 2: b", []),
    ],
)
def test_words_and_keys_agree(words: str, keys: str, reasons: list[str], tmp_path: Path) -> None:
    reported = [reason for rule, reason in found(tmp_path, menu(words, keys)) if rule == "unspoken-key"]

    assert len(reported) == len(reasons), reported
    assert all(reason.startswith(begin) for reason, begin in zip(reported, reasons, strict=True))


def test_a_key_that_a_prompt_before_the_menu_names_is_named(tmp_path: Path) -> None:
    flow = "steps:\n  z: {say: You can press 9 at any time.}\n" + menu("For sales, press 1.", "1: b, 9: b")[7:]

    assert found(tmp_path, flow) == []


def test_media_that_no_file_has_is_reported_where_files_lie_beside_the_flow(tmp_path: Path) -> None:
    flow = "steps:\n  a: {play: {media: lullaby}}\n  b: hangup\n"
    nobody_knows = found(tmp_path, flow)
    (tmp_path / "audio").mkdir()
    shutil.copy(next((SAMPLES / "audio").glob("*.mp3")), tmp_path / "audio" / "march.mp3")

    assert nobody_knows == []
    assert found(tmp_path, flow) == [
        ("unlikely-media", "plays lullaby, which is not among the files in the folder audio")
    ]


def test_a_file_with_another_ending_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "numbers.yaml").write_text('"+15550100": desk\n', encoding="utf-8")
    (tmp_path / "desk.yaml").write_text("flow: desk\nsteps:\n  b: hangup\n", encoding="utf-8")
    (tmp_path / "night.yml").write_text("flow: night\nsteps:\n  b: hangup\n", encoding="utf-8")

    (found,) = lint(tmp_path)

    assert (found.reason, found.remedy) == ("ends in .yml, and only .yaml is read", "name it night.yaml")


@pytest.mark.parametrize(
    "lines",
    [
        "      #: see below\n      1: b\n",
        "      1: b # : b\n",
        "  # : about\n    keys: {1: b}\n",
        "      1: b\n\n      #: b\n",
    ],
)
def test_an_ordinary_comment_is_no_key(lines: str, tmp_path: Path) -> None:
    head = "steps:\n  a:\n    menu: {media: choices}\n    otherwise: b\n"
    keys = "" if "keys" in lines else "    keys:\n"

    assert [rule for rule, _ in found(tmp_path, f"{head}{keys}{lines}  b: hangup\n") if rule == "commented-key"] == []


@pytest.mark.parametrize("more", ["", "record: {consent: ask}\n"])
def test_steps_under_a_misspelt_key_are_one_finding_and_drawing_says_the_same(
    more: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f"flow: desk\nlast_resort: sorry\n{more}stepz:\n  sorry: {{say: Sorry.}}\n"
    (tmp_path / "desk.yaml").write_text(text, encoding="utf-8")

    findings = [finding for finding in lint(tmp_path) if finding.file.endswith("desk.yaml")]
    drawn = main(["flow", "draw", "--flows", str(tmp_path)])

    assert [finding.reason for finding in findings] == ["stepz is not a key here"]
    assert drawn == 1
    assert "stepz is not a key here; did you mean steps?" in capsys.readouterr().err
