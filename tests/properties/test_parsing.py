"""Whatever is typed, a parser says what it is or that it is malformed; and what it made, it makes again."""

import json
from io import BytesIO
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rest_framework.exceptions import ParseError

from vestibule.accounts import identifiers
from vestibule.addresses import parsing
from vestibule.kernel.errors import Malformed
from vestibule.kernel.sealing import KeyRing, Unsealable
from vestibule.web.api.parsing import MAX_DEPTH, StrictJSONParser

KEYS = KeyRing(["a secret of the ring of keys for tests"])
FAST = settings(deadline=None, max_examples=300)

ANYTHING = st.text(st.characters(exclude_categories=()), max_size=80)  # lone surrogates too
LABEL = st.one_of(
    st.text("abcxyz019-", min_size=1, max_size=12),
    st.text(st.characters(categories=["L", "M", "N"]), min_size=1, max_size=6),
    st.text("abc019-", max_size=10).map("xn--{}".format),
    ANYTHING,
)
ADDRESS = st.builds(
    "{}@{}".format,
    st.one_of(st.text("abcABC019.+_-'\"", min_size=1, max_size=70), ANYTHING),
    st.lists(LABEL, min_size=1, max_size=5).map(".".join),
)
NUMBER = st.one_of(
    st.builds(
        "+{}{}".format,
        st.sampled_from([1, 7, 39, 44, 49, 86, 91, 237, 800, 999]),
        st.text("0123456789 ()-.x;", max_size=20),
    ),
    st.text(st.characters(categories=["Nd"]), max_size=16).map("+{}".format),
    st.from_regex(r"tel:\+?[0-9]{0,12};(ext|phone-context|isub)=[+a-z0-9.]{0,12}", fullmatch=True),
    ANYTHING,
)


@FAST
@given(st.one_of(ADDRESS, ANYTHING))
@example("ada@xn--.com")
@example("mi\u212ae@example.org")
@example("ada@\u0131xample.org")
def test_an_address_parses_to_itself_or_not_at_all(typed: str) -> None:
    try:
        found = parsing.parse_email(typed)
    except Malformed:
        return
    parsed = found.value
    assert parsing.parse_email(parsed) == found
    assert parsed.isascii()
    assert parsed.isprintable()
    assert parsed == parsed.lower()
    assert len(parsed) <= 254
    assert parsed.count("@") == 1
    assert not set(parsed) & set(' ,;<>()"\\')


@FAST
@given(NUMBER)
@example("+1 800 FLOWERS")
@example("+4920100000000000")
@example("tel:2079460958;phone-context=+44")
def test_a_number_parses_to_itself_or_not_at_all(typed: str) -> None:
    try:
        found = parsing.parse_phone(typed)
    except Malformed:
        return
    parsed = found.value
    assert parsing.parse_phone(parsed) == found
    assert parsed[0] == "+"
    assert parsed[1:].isdecimal()
    assert parsed.isascii()
    assert len(parsed) <= 16


@FAST
@given(ANYTHING)
@example("Zoe\u0308")
def test_a_name_parses_to_itself_or_not_at_all(typed: str) -> None:
    for parser in (identifiers.parse_username, identifiers.parse_full_name):
        try:
            parsed = parser(typed)
        except Malformed:
            continue
        assert parser(parsed) == parsed


@FAST
@given(st.one_of(ANYTHING, st.text("ABCabc019-_=", max_size=90)))
def test_nothing_but_ours_is_signed(typed: str) -> None:
    with pytest.raises(Unsealable):
        KEYS.unsign("handle", typed)


@FAST
@given(st.binary(max_size=64), st.binary(max_size=16))
def test_what_is_sealed_and_signed_comes_back(plain: bytes, context: bytes) -> None:
    assert KEYS.unseal("p", KEYS.seal("p", plain, context=context), context=context) == plain
    assert KEYS.unsign("p", KEYS.sign("p", plain)) == plain


# JSON.


def parse(body: bytes) -> Any:
    return StrictJSONParser().parse(BytesIO(body))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
ALMOST = st.text('{}[]",:0123456789.eE+-truefalsnNaIity \\u\x00\ufeff', max_size=40).map(str.encode)


@FAST
@given(st.one_of(st.binary(max_size=80), ALMOST))
@example(b"")
@example(b"\xef\xbb\xbf{}")
@example(b"\xff\xfe{\x00}\x00")
@example(b"NaN")
@example(b"-Infinity")
@example(b"1" * 10_000)
@example(b"[" * 100_000)
@example(b'{"a":' * 100_000)
@example(b'"\\ud800"')
@example(b"[" * 1000 + b"]" * 1000)
def test_any_bytes_are_a_value_or_a_parse_error(body: bytes) -> None:
    try:
        value = parse(body)
    except ParseError:
        return
    assert value == json.loads(body)


@FAST
@given(JSON)
def test_json_comes_back(value: Any) -> None:
    assert parse(json.dumps(value).encode()) == value
    assert parse(json.dumps(value, ensure_ascii=False).encode()) == value


@FAST
@given(st.dictionaries(st.text(max_size=4), JSON, min_size=1, max_size=4), st.data())
def test_nothing_is_said_twice(body: dict[str, Any], data: st.DataObject) -> None:
    twice = data.draw(st.sampled_from(sorted(body)))
    text = json.dumps(body)[:-1] + f", {json.dumps(twice)}: 1}}"
    for nested in (text, f"[{text}]", f'{{"outer": {text}}}'):
        with pytest.raises(ParseError):
            parse(nested.encode())


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_depth_is_bounded_to_the_level(opening: str, closing: str) -> None:
    def nested(levels: int) -> bytes:
        return (opening * levels + "1" + closing * levels).encode()

    assert parse(nested(MAX_DEPTH - 1))
    with pytest.raises(ParseError):
        parse(nested(MAX_DEPTH))
