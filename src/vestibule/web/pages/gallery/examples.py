"""The invented people and things of the gallery. No row of them is saved."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from vestibule.accounts.models import Profile, Role, Status, User
from vestibule.addresses.address import Email, Phone
from vestibule.applications.models import Application, ApplicationType, Source
from vestibule.sessions.models import Device, Session
from vestibule.web.destination import Destination
from vestibule.web.pages.account_page import find_initials
from vestibule.web.pages.provider_buttons import ProviderButton

NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
ADDRESS = "203.0.113.7"  # RFC 5737
CODE, LONG_CODE = "424242", "7KQ2M-9XWTA-4HJPD-CV6RN"
TOKEN = "vJx0nWc5rJmDk1QeYb2TtA8uLzPq3sRf"  # noqa: S105 - opens nothing
ADA_EMAIL, ADA_PHONE = Email("ada@example.com"), Phone("+14155550100")
PROVIDERS = [
    ProviderButton(id="google", name="Google"),
    ProviderButton(id="apple", name="Apple"),
    ProviderButton(id="github", name="GitHub"),
    ProviderButton(id="acme", name="Acme Staff"),
]
DESTINATION = Destination(
    url="https://app.example.com/start", name="app.example.com", form_origin="https://app.example.com"
)


def example_id(number: int) -> UUID:
    """Return an id that stays the same from page to page."""
    return UUID(int=number)


def ada(*, has_password: bool = True, phone: str | None = ADA_PHONE.value, phone_is_proved: bool = True) -> User:
    """Return a person who has told everything."""
    user = User(
        id=example_id(1),
        email=ADA_EMAIL.value,
        username="ada",
        full_name="Ada Lovelace",
        phone_number=phone,
        role=Role.USER,
        status=Status.ACTIVE,
        email_verified_at=NOW - timedelta(days=400),
        phone_verified_at=NOW - timedelta(days=30) if phone and phone_is_proved else None,
        created_at=NOW - timedelta(days=400),
    )
    user.password = "argon2$invented" if has_password else "!none"
    user.profile = Profile(user=user, bio="I write programs for a machine.", address="12 St James Square\nLondon")
    return user


def newcomer() -> User:
    """Return a person who has only an address."""
    user = User(
        id=example_id(2),
        email="somebody.with.a.long.name@department.example.com",
        email_verified_at=NOW,
        created_at=NOW,
    )
    user.password = "!none"  # noqa: S105 - opens nothing
    user.profile = Profile(user=user)
    return user


def without_email() -> User:
    """Return a person who has only a phone number."""
    user = User(id=example_id(14), phone_number=ADA_PHONE.value, phone_verified_at=NOW, created_at=NOW)
    user.password = "argon2$invented"  # noqa: S105 - opens nothing
    user.profile = Profile(user=user)
    return user


def frame(tab: str, person: User | None = None) -> dict[str, Any]:
    """Return what every page of an account shows (`web.pages.account_page`)."""
    person = person or ada()
    initials = find_initials(person)
    return {"tab": tab, "person": person, "picture": None, "initials": initials, "admin_url": ""}


def device(number: int, name: str, *, is_trusted: bool = False) -> Device:
    """Return a device of the person."""
    return Device(
        id=example_id(number),
        name=name,
        is_trusted=is_trusted,
        created_at=NOW - timedelta(days=90),
        last_seen_at=NOW - timedelta(hours=3 * number),
    )


def session(number: int, held: Device | None, amr: list[str]) -> Session:
    """Return a session of the person."""
    began = NOW - timedelta(days=number)
    return Session(
        id=example_id(100 + number),
        device=held,
        amr=amr,
        address=ADDRESS if number < 3 else None,
        created_at=began,
        auth_time=began,
        last_seen_at=NOW - timedelta(hours=number),
        expires_at=NOW + timedelta(days=30),
        is_page=True,
    )


def shop(source: str = Source.STAFF, *, name: str = "The Shop") -> Application:
    """Return an application that signs people in."""
    return Application(
        id=example_id(3),
        client_id="https://shop.example/client.json" if source == Source.DOCUMENT else "shop",
        name=name,
        type=ApplicationType.WEB,
        source=source,
        redirect_uris=["https://shop.example/back"],
        post_logout_redirect_uris=["https://shop.example/"],
        scope="openid profile email",
        created_at=NOW - timedelta(days=100),
    )
