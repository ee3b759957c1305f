"""What is sealed with a challenge: typed, read whatever version sealed it, and never another purpose's."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contracts.stores import NOW, opened
from tests.domain.engines import DATA, SIGN_UP, SUBJECT, engine, issue
from vestibule.challenges.payloads import Payload, RecoveryPayload, SignUpPayload
from vestibule.challenges.policy import PolicySettings, Purpose, build_policies
from vestibule.kernel import errors

EXAMPLES = Path(__file__).parent / "payloads"
VERSIONS = sorted(path.stem for path in EXAMPLES.glob("*.json"))  # of the code: `current`, and commits of the past
TYPES = {purpose: policy.payload for purpose, policy in build_policies(PolicySettings()).items()}


def examples(version: str) -> Mapping[str, list[dict[str, Any]]]:
    """By purpose, the JSON that code of this version seals; without a version from before there were any."""
    loaded: dict[str, list[dict[str, Any]]] = json.loads((EXAMPLES / f"{version}.json").read_text())
    return loaded


def read(purpose: str, example: dict[str, Any]) -> Payload:
    return TYPES[Purpose(purpose)].from_json(example["data"], example.get("version", 0))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("purpose", Purpose)
def test_what_was_ever_sealed_is_read(purpose: Purpose, version: str) -> None:
    """With the meaning that it had, and sealed again without a loss."""
    kept = examples(version)
    assert version != "current" or kept[purpose]
    for example in kept.get(purpose, []):  # a purpose of later has no example there
        payload = read(purpose, example)
        again = TYPES[purpose].from_json(json.loads(json.dumps(payload.to_json())), payload.version())
        assert again == payload
        for field in fields(payload):
            if field.name in example["data"]:
                held = getattr(payload, field.name)
                assert (str(held) if isinstance(held, UUID) else held) == example["data"][field.name]


@pytest.mark.parametrize("purpose", Purpose)
def test_the_newest_examples_are_what_is_sealed_today(purpose: Purpose) -> None:
    """Who changes what is sealed keeps `current.json` under the name of the last commit, and writes the new one."""
    found = [(example, read(purpose, example)) for example in examples("current")[purpose]]
    assert found
    for example, payload in found:
        assert example == {"version": payload.version(), "data": payload.to_json()}


@pytest.mark.parametrize("payload_type", sorted(set(TYPES.values()), key=str))
def test_every_field_has_an_example(payload_type: type[Payload]) -> None:
    held = {purpose: examples("current")[purpose] for purpose, each in TYPES.items() if each is payload_type}
    shown = {name for found in held.values() for example in found for name in example["data"]}
    assert shown == {field.name for field in fields(payload_type)}


@pytest.mark.parametrize("payload_type", sorted(set(TYPES.values()), key=str))
@settings(deadline=None, database=None, max_examples=50)
@given(data=st.data())
def test_a_payload_comes_back_from_json(payload_type: type[Payload], data: st.DataObject) -> None:
    payload = data.draw(
        st.builds(payload_type, **{field.name: st.from_type(field.type) for field in fields(payload_type)})  # type: ignore[arg-type]  # the types themselves
    )
    sealed = json.loads(json.dumps(payload.to_json()))
    assert payload_type.from_json(sealed, payload.version()) == payload
    assert payload_type.from_json({**sealed, "of newer code": 1}, payload.version()) == payload


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed(Payload):
    """A payload of the third version: `mail` became `email`, and then a list."""

    UPGRADES = (
        lambda data: {"email": data["mail"]},
        lambda data: {"emails": [data["email"]]},
    )
    emails: list[str]


@pytest.mark.parametrize(("version", "sealed"), [(0, {"mail": "a"}), (1, {"email": "a"}), (2, {"emails": ["a"]})])
def test_an_older_version_is_read_step_by_step(version: int, sealed: dict[str, object]) -> None:
    assert Renamed.from_json(sealed, version) == Renamed(emails=["a"])
    assert Renamed.version() == 2


def test_a_newer_version_is_for_a_newer_host() -> None:
    with pytest.raises(errors.Unavailable):
        Renamed.from_json({"addresses": []}, 3)


def test_what_has_its_default_is_not_sealed() -> None:
    """So that older code, which does not know the field, need not read it."""
    user_id = UUID(int=1)
    assert RecoveryPayload(user_id=user_id).to_json() == {"user_id": str(user_id)}


def test_each_purpose_holds_its_own_type(house: None) -> None:
    desk = engine(opened("database"))
    seen = desk.find_by_handle(SIGN_UP, issue(desk).handle)
    assert desk.unseal_payload(seen, Payload) == DATA
    with pytest.raises(TypeError, match="Data is sealed here"):
        desk.unseal_payload(seen, SignUpPayload)
    with pytest.raises(TypeError):
        desk.issue(SIGN_UP, subject=SUBJECT, payload=RecoveryPayload(user_id=UUID(int=1)), now=NOW)
