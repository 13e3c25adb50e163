"""The YAML reader keeps lines, follows YAML 1.2, and refuses what could hide or expand."""

import pytest

from shiftpress.core.problems import InputError
from shiftpress.core.yamlfile import read_yaml


@pytest.fixture
def read(tmp_path):
    def _read(text: str | bytes):
        path = tmp_path / "file.yaml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return read_yaml(path)

    return _read


def mistakes(read, text) -> list[tuple[int, str]]:
    with pytest.raises(InputError) as caught:
        read(text)
    return [(problem.line, problem.message) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("1e-3", 0.001),
        ("on", "on"),
        ("yes", "yes"),
        ("true", True),
        ("~", None),
        ("007", 7),
        ("0x1F", 31),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2020-01-01", "2020-01-01"),
        (".5", 0.5),
        ("'7'", "7"),
        ("-.inf", float("-inf")),
    ],
)
def test_plain_words_follow_yaml_1_2(read, word, value):
    found = read(f"a: {word}").data["a"]
    assert found == value and type(found) is type(value)


def test_every_place_has_its_line(read):
    document = read("a:\n  b: 1\n  c: [1,\n    2]\nd: {e: {f: 3}}\n")
    assert document.data == {"a": {"b": 1, "c": [1, 2]}, "d": {"e": {"f": 3}}}
    places = [("a",), ("a", "b"), ("a", "c", 1), ("d", "e", "f")]
    assert [document.line(place) for place in places] == [1, 2, 4, 5]
    assert document.line(("d", "missing")) == 5


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: 2\na: 3", 3, "duplicate key; it stands on line 1"),
        ("a: &x 1\nb: *x", 1, "anchors"),
        ("a: !!python/object/apply:os.system ['true']", 1, "tag"),
        ("a: !!str 5", 1, "tag"),
        ("a:\n\tb: 1", 2, "tab"),
        ("a: [1", 1, "not valid YAML"),
        ("", 1, "empty"),
        ("# only a comment\n", 1, "empty"),
        ("- a\n- b", 1, "one mapping"),
        ("a: 1\n---\nb: 2", 1, "one mapping"),
        (b"\xff\xfe\x00a", 1, "UTF-8"),
        (b"a: 1\nb: \x00", 2, "control character"),
        ("a: " + "[" * 50 + "]" * 50, 1, "nested deeper"),
        ("a: '" + "x" * 1_000_001 + "'", 1, "larger than"),
        ("? [1, 2]\n: 3", 1, "a key must be a word"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(read, text, line, words):
    found = mistakes(read, text)
    assert any(line == at and words in message for at, message in found), found


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (r'"\e[2J": 1', [1]),
        (r'"a\nfile.yaml:9: b": 1', [1]),
        (r'a: {"b\u202e": {c: 1, c: 2}}', [1, 1]),
        ('x: 1\n"\\0":\n  - {"\\0": 1}\n', [2, 3]),
    ],
)
def test_a_key_that_a_terminal_would_obey_is_refused_in_harmless_words(read, text, lines):
    with pytest.raises(InputError) as caught:
        read(text)
    assert [problem.line for problem in caught.value.problems] == lines
    said = str(caught.value).split("\n")
    assert all(map(str.isprintable, said)) and len(said) == len(lines) + 1
    assert "is no plain text" in "".join(said)


def test_an_alias_bomb_is_refused_before_it_expands(read):
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 9)]
    assert len(mistakes(read, "\n".join(rows))) > 1


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.yaml:1: cannot be read"):
        read_yaml(tmp_path / "nowhere.yaml")
