"""The settings of providers: what is half set stops the start with words, and nothing secret is told."""

from pathlib import Path

import pytest
from django.utils import timezone

from tests.configured import configured
from tests.event_fakes import GoogleFake
from tests.fresh import fresh_settings
from tests.providers import OpenIdFake, ec_key, pem, providing
from vestibule.identities.checks import check_providers
from vestibule.identities.provider_settings import find_problems
from vestibule.identities.providers import find_provider, list_providers
from vestibule.kernel import cached
from vestibule.kernel.errors import NotFound
from vestibule.service.doctor.check import DoctorRun
from vestibule.service.doctor.providers import check_providers as ask_providers
from vestibule.service.settings import contradictions


def test_the_settings_of_providers() -> None:
    half = {
        "google": {"client_id": "1", "client_secret": "2"},
        "okta": {"issuer": "https://o.com", "client_id": "1"},
    }
    assert [id for id, *_ in find_problems(half)] == ["okta"]
    with configured(SOCIAL={"my_idp": {"issuer": "https://id.example/", "client_id": "1", "client_secret": "2"}}):
        [provider] = list_providers()
        assert (provider.name, provider.issuer) == ("My Idp", "https://id.example/")
        assert provider.at(".well-known/x") == "https://id.example/.well-known/x"
    with pytest.raises(NotFound):
        find_provider("google")
    for id, given in (
        ("google", {"client_id": "1"}),
        ("google", {"client_secret": "1"}),
        ("acme", {"client_id": "1", "client_secret": "2"}),
        ("acme", {"issuer": "http://id.example", "client_id": "1", "client_secret": "2"}),
        ("acme", {"issuer": "https://id.example?x", "client_id": "1", "client_secret": "2"}),
        ("acme", {"issuer": "https://id.example\\x", "client_id": "1", "client_secret": "2"}),
        ("acme", {"issuer": f"https://id.example/{'x' * 255}", "client_id": "1", "client_secret": "2"}),
        ("Acme/../x", {"issuer": "https://id.example", "client_id": "1", "client_secret": "2"}),
        ("apple", {"client_id": "1", "team_id": "1"}),
        ("apple", {"client_id": "1", "team_id": "1", "key_id": "1", "private_key": "canary"}),
        ("microsoft", {"client_id": "1", "client_secret": "2", "tenant": "contoso.com"}),
        ("github", {"client_id": "1", "client_secret": "2", "url": "http://git.example"}),
        ("github", {"client_id": "1", "client_secret": "2", "issuer": "https://github.com"}),
    ):
        problems = list(find_problems({id: given}))
        assert problems, (id, given)
        assert "canary" not in str(problems)


def test_the_environment_names_any_number_of_providers(tmp_path: Path) -> None:
    key = pem(ec_key())
    given = {
        "SOCIAL_GOOGLE_CLIENT_ID": "1.apps.googleusercontent.com",
        "SOCIAL_GOOGLE_CLIENT_SECRET": "'canary'",
        "SOCIAL_MY_CLIENT_ISSUER": "http://127.0.0.1:9000/realms/x/",
        "SOCIAL_MY_CLIENT_CLIENT_ID": "2",
        "SOCIAL_MY_CLIENT_CLIENT_SECRET": "canary",
        "SOCIAL_MY_CLIENT_LABEL": "Näh & Co",
        "SOCIAL_GITHUB_API_URL": "https://git.example/api",
        "SOCIAL_GITHUB_URL": "https://git.example",
        "SOCIAL_GITHUB_CLIENT_ID": "3",
        "SOCIAL_GITHUB_CLIENT_SECRET": "canary",
        "SOCIAL_APPLE_CLIENT_ID": "4",
        "SOCIAL_APPLE_TEAM_ID": "5",
        "SOCIAL_APPLE_KEY_ID": "6",
        "SOCIAL_APPLE_PRIVATE_KEY": key,
        "SOCIAL_EMPTY_ISSUER": "",
        "SOCIAL_LINKING": "authoritative",
        "RETURN_URLS": "https://App.example.com/x, http://localhost:3000",
    }
    with fresh_settings(tmp_path, **given) as found:
        assert found.VESTIBULE["SOCIAL"].keys() == {"google", "my_client", "github", "apple"}
        assert found.VESTIBULE["SOCIAL_LINKING"] == "authoritative"
        assert contradictions.find_errors(found) == []
        with configured(SOCIAL=found.VESTIBULE["SOCIAL"], RETURN_URLS=found.VESTIBULE["RETURN_URLS"]):
            names = {each.id: (each.name, each.issuer) for each in list_providers()}
            assert check_providers() == []
            assert "canary" not in repr(list_providers())
        assert names == {
            "google": ("Google", "https://accounts.google.com"),
            "my_client": ("Näh & Co", "http://127.0.0.1:9000/realms/x/"),
            "github": ("GitHub", "https://git.example"),
            "apple": ("Apple", "https://appleid.apple.com"),
        }


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"SOCIAL_GOOGLE_CLIENT_ID": "1"}, "SOCIAL_GOOGLE"),
        ({"SOCIAL_GOOGLE_CLIENT_SECRET": "canary"}, "SOCIAL_GOOGLE"),
        ({"SOCIAL_ACME_CLIENT_ID": "1", "SOCIAL_ACME_CLIENT_SECRET": "canary"}, "SOCIAL_ACME"),
        ({"SOCIAL_ACME_ISSUER": "http://id.example", "SOCIAL_ACME_CLIENT_ID": "1"}, "SOCIAL_ACME"),
        ({"SOCIAL_ACME_TENANT": "x"}, "SOCIAL_ACME"),
    ],
)
def test_a_provider_that_is_half_set_stops_the_start(tmp_path: Path, given: dict[str, str], told: str) -> None:
    with fresh_settings(tmp_path, **given) as found:
        errors = contradictions.find_errors(found)
    assert errors
    assert all(each.id == "E025" and each.problem.startswith(told) for each in errors)
    assert "canary" not in str(errors)
    with configured(SOCIAL=found.VESTIBULE["SOCIAL"]):
        assert {each.id for each in check_providers()} == {"vestibule.E075"}


@pytest.mark.parametrize("variable", ["SOCIAL_ACME_ISSUER", "SOCIAL_GITHUB_URL", "SOCIAL_LINKING", "RETURN_URLS"])
def test_what_cannot_be_read_stops_the_start(tmp_path: Path, variable: str) -> None:
    with pytest.raises(SystemExit, match=variable), fresh_settings(tmp_path, **{variable: "no such thing"}):
        pass


def test_a_variable_that_no_provider_has_is_warned_of(tmp_path: Path) -> None:
    with fresh_settings(tmp_path, SOCIAL_GOOGLE_CLIENTID="1", SOCIAL_LINKNG="prove") as found:
        unknown = found.ENVIRONMENT.find_unknown_names()
    assert unknown == {"SOCIAL_GOOGLE_CLIENTID": "", "SOCIAL_LINKNG": "SOCIAL_LINKING"}


def test_the_doctor_tells_the_callback_addresses_and_asks_each_provider() -> None:
    def told() -> dict[str, str]:
        found = ask_providers(DoctorRun(at=timezone.now()))
        return {each.message.partition(";")[0]: each.level for each in found}

    assert told() == {"none are configured": "fine"}
    fake = OpenIdFake()
    github = {"client_id": "1", "client_secret": "2"}
    with providing(fake), configured(SOCIAL={"acme": {**fake.settings(), "label": "Acme"}, "github": github}):
        fine = {"Acme answers": "fine", "GitHub: register http://testserver/social/github/callback/ there": "fine"}
        assert told() == fine
        cached.reset_all()
        fake.document = {"issuer": "https://evil.example"}
        assert told()[f"Acme: no usable discovery document at {fake.url}"] == "error"


def test_the_doctor_tells_where_events_go_and_reads_their_document() -> None:
    fake = GoogleFake()
    with providing(fake), configured(SOCIAL={"google": fake.settings()}):
        [found] = ask_providers(DoctorRun(at=timezone.now()))
        assert "http://testserver/api/auth/social/google/events for its events" in found.message
        cached.reset_all()
        fake.answers["/.well-known/risc-configuration"] = lambda: (404, {}, {})
        [found] = ask_providers(DoctorRun(at=timezone.now()))
        assert (found.level, "no usable discovery document" in found.message) == ("error", True)


@pytest.mark.parametrize(("typed", "kept"), [("on", "on"), ("OFF", "off"), ("1", "on")])
def test_events_are_a_switch_of_those_who_send_some(tmp_path: Path, typed: str, kept: str) -> None:
    whole = {"SOCIAL_GOOGLE_CLIENT_ID": "1", "SOCIAL_GOOGLE_CLIENT_SECRET": "2", "SOCIAL_GOOGLE_EVENTS": typed}
    with fresh_settings(tmp_path, **whole) as found:
        assert found.VESTIBULE["SOCIAL"]["google"]["events"] == kept
        assert not contradictions.find_errors(found)
    with pytest.raises(SystemExit, match="SOCIAL_GOOGLE_EVENTS"), fresh_settings(tmp_path, SOCIAL_GOOGLE_EVENTS="of"):
        pass
    other = {name.replace("GOOGLE", "GITHUB"): value for name, value in whole.items()}
    with fresh_settings(tmp_path, **other) as found:
        assert [each.id for each in contradictions.find_errors(found)] == ["E025"]


def test_a_project_says_on_or_off() -> None:
    fake = GoogleFake()
    with configured(SOCIAL={"google": {**fake.settings(), "issuer": "https://accounts.google.com", "events": "yes"}}):
        assert {each.id for each in check_providers()} == {"vestibule.E075"}
