"""Other settings for the length of a block or a test: the library's and Django's by one helper."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar, cast
from unittest.mock import patch

from django.conf import settings
from django.test import override_settings

from vestibule.conf import NAMES, Settings, conf
from vestibule.kernel.sealing import KeyRing

T = TypeVar("T")


class configured(override_settings):  # noqa: N801 - as Django's
    """`override_settings`, where a name of the library's goes into VESTIBULE: `configured(LINK_BINDING=False)`."""

    def __init__(self, **changes: Any) -> None:
        super().__init__()
        self.changes = changes

    def enable(self) -> None:
        """Over what is configured when the block begins."""
        ours = {name: value for name, value in self.changes.items() if name in NAMES}
        others = {name: value for name, value in self.changes.items() if name not in NAMES}
        assert all(hasattr(settings, name) for name in others), others.keys()
        self.options = {**others, "VESTIBULE": {**settings.VESTIBULE, **ours}}
        super().enable()


def rated(**words: str) -> configured:
    """These rates, too; the test run itself has none but what texts may cost (RATE_LIMITS=off)."""
    return configured(RATES={**conf.rates, **words})


def captchas(word: str) -> dict[str, str]:
    """The same word wherever a captcha may be asked for."""
    return dict.fromkeys(("CAPTCHA_REGISTER", "CAPTCHA_LOGIN", "CAPTCHA_PASSWORD_RESET"), word)


def inside(lazy: T) -> T:
    """The object behind a lazy one, made now: pytest's `monkeypatch` puts back what stood in its `__dict__`."""
    dir(lazy)
    return cast(T, vars(lazy)["_wrapped"])


class CountingKeys(KeyRing):
    """A key ring that counts how often it digests each address."""

    def __init__(self, secrets: Sequence[str]) -> None:
        super().__init__(secrets)
        self.digested: Counter[bytes] = Counter()

    def all_digests(self, purpose: str, *parts: bytes) -> list[bytes]:
        """As the key ring does."""
        if purpose == "address":
            self.digested[parts[0]] += 1
        return super().all_digests(purpose, *parts)


@contextmanager
def keyed(keys: KeyRing) -> Iterator[None]:
    """This key ring, for a test that watches what is done with it."""
    with patch.object(Settings, "keys", keys), configured():
        yield
