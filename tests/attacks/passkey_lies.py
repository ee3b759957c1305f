"""What a server has to refuse of a WebAuthn credential: members changed after they were signed, and lies that are."""

import copy
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from fido2 import cose

from tests.passkeys import FLAG, public_half

Json = dict[str, Any]
# What is done to one member of a right credential after the browser made it.
MUTATIONS: Mapping[str, Callable[[str], Any]] = {
    "gone": lambda _: ...,
    "null": lambda _: None,
    "number": lambda _: 5,
    "list": lambda text: [text],
    "object": lambda text: {"value": text},
    "empty": lambda _: "",
    "first": lambda text: ("B" if text[0] == "A" else "A") + text[1:],
    "middle": lambda text: text[:20] + ("B" if text[20:21] == "A" else "A") + text[21:],
    "last": lambda text: text[:-2] + ("AA" if text[-2:] != "AA" else "BA"),
    "shorter": lambda text: text[:-4],
    "longer": lambda text: text + "AAAA",
    "padded": lambda text: text + "=",
    "other characters": lambda text: text[:4] + "!\n " + text[4:],
    "of another script": lambda text: text + "\uff21",
    "much longer": lambda text: text + "A" * 40_000,
}
ORIGINS = [
    "https://testserver",
    "http://testserver:8000",
    "http://testserver/",
    "http://TESTSERVER",
    "testserver",
    "null",
]
LIES: Mapping[str, Json] = {
    **{
        f"origin {each}": {"origin": each} for each in [*ORIGINS, "http://evil.testserver", ["http://testserver"], None]
    },
    "other type": {"type": "webauthn.create"},
    "no type": {"type": None},
    "in a frame": {"crossOrigin": True},
    "a frame in words": {"crossOrigin": "false"},
    "under another site": {"topOrigin": "http://testserver"},
    "another site": {"rp_id": "evil.example"},
    "the site above": {"rp_id": "server"},
    "nobody there": {"flags": FLAG.UV | FLAG.BE | FLAG.BS},
    "nobody verified": {"flags": FLAG.UP | FLAG.BE | FLAG.BS},
    "backed up and not eligible": {"flags": FLAG.UP | FLAG.UV | FLAG.BS},
    "extensions that are none": {"flags": FLAG.UP | FLAG.UV | FLAG.BE | FLAG.ED},
}
OF_AN_ASSERTION: Mapping[str, Json] = {
    **LIES,
    "eligible no more": {"flags": FLAG.UP | FLAG.UV},
    "a credential that is none": {"flags": FLAG.UP | FLAG.UV | FLAG.BE | FLAG.AT},
}


def keys_not_offered() -> Mapping[str, Any]:
    """Public keys of other algorithms, and such as are none of the algorithm that they name."""
    p384 = ec.generate_private_key(ec.SECP384R1()).public_key()
    right = public_half(cose.ES256, ec.generate_private_key(ec.SECP256R1()).public_key())
    short = public_half(cose.RS256, rsa.generate_private_key(65537, 1024).public_key())
    return {
        "ES384": public_half(cose.ES384, p384),
        "RS1": public_half(cose.RS1, rsa.generate_private_key(65537, 2048).public_key()),
        "RS256 of 1024 bits": short,
        "EdDSA with a key of ES256": {**right, 3: -8},
        "RS256 with a key of ES256": {**right, 3: -257},
        "ES256 on P-384": {**public_half(cose.ES384, p384), 3: -7},
        "ES256 off its curve": {**right, -3: bytes(32)},
        "no algorithm": {1: 2},
    }


def mutated(credential: Json, member: tuple[str, ...], change: Callable[[str], Any]) -> Json:
    """A copy in which one member is another."""
    changed = copy.deepcopy(credential)
    within = changed["response"] if len(member) == 2 else changed
    value = change(within[member[-1]])
    within.pop(member[-1]) if value is ... else within.__setitem__(member[-1], value)
    return changed


def members(credential: Json) -> list[tuple[str, ...]]:
    """The members that a server has to read."""
    return [("id",), ("rawId",), ("type",), *(("response", each) for each in credential["response"])]
