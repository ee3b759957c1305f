"""`vestibule create-application` and `create-secret`: JSON for other programs, the secret shown once."""

import json
import subprocess
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.desk import ApiDesk, account, given
from tests.service import Service, run_command
from tests.world import Api, Inbox
from vestibule.applications.models import Application, ApplicationSecret
from vestibule.audit.models import AuditEvent

BOSS, BACK = "boss@example.com", "https://shop.example/back"


def created(*words: str) -> dict[str, Any]:
    """What the command prints."""
    output = StringIO()
    call_command("create_application", *words, stdout=output)
    return dict(json.loads(output.getvalue()))


def test_it_prints_what_the_api_answers(api: Api, inbox: Inbox) -> None:
    account(api, inbox, BOSS)
    given(BOSS, "admin")
    shown = created("Shop", "--type", "web", "--redirect-uri", BACK, "--redirect-uri", f"{BACK}/2", "--first-party")
    assert (shown["name"], shown["type"], shown["first_party"]) == ("Shop", "web", True)
    assert shown["redirect_uris"] == [BACK, f"{BACK}/2"]
    [row] = ApplicationSecret.objects.all()
    assert bytes(row.digest) == sha256(shown.pop("client_secret").encode()).digest()
    assert ApiDesk(BOSS).get(f"applications/{shown['client_id']}").body == shown
    assert AuditEvent.objects.get(name="application.created").actor == "system:cli"


def test_all_that_an_application_declares_is_an_option(house: None) -> None:
    words = ["--scope", "", "--grant-type", "client_credentials", "--resource", "https://api.example", "--introspect"]
    words += ["--post-logout-redirect-uri", BACK, "--backchannel-logout-uri", BACK, "--logo-uri", BACK]
    words += ["--id-token-signed-response-alg", "RS256", "--token-endpoint-auth-method", "client_secret_post"]
    shown = created("Orders", "--type", "service", *words)
    assert {name: shown[name] for name in ("scope", "grant_types", "resources", "introspect")} == {
        "scope": "",
        "grant_types": ["client_credentials"],
        "resources": ["https://api.example"],
        "introspect": True,
    }
    assert shown["post_logout_redirect_uris"] == [BACK]
    assert shown["backchannel_logout_uri"] == shown["logo_uri"] == BACK
    assert (shown["id_token_signed_response_alg"], shown["token_endpoint_auth_method"]) == (
        "RS256",
        "client_secret_post",
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["Shop", "--type", "web"], "redirect_uris: Name an address to which"),
        (["Shop", "--type", "web", "--redirect-uri", "http://shop.example"], "redirect_uris: Use https"),
        (["Shop", "--type", "service", "--scope", "admin"], "scope: Use one of"),
        (["Shop", "--type", "service", "--jwks", "{"], "jwks: This is no JSON"),
        (["Shop", "--type", "desktop"], "invalid choice"),
        (["Shop"], "--type"),
    ],
)
def test_what_cannot_be_is_told_by_name(house: None, words: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        created(*words)
    assert not Application.objects.exists()


def test_a_public_client_has_no_secret(house: None) -> None:
    assert "client_secret" not in created("App", "--type", "native", "--redirect-uri", "com.example.app:/back")


def test_a_secret_comes_with_its_digest() -> None:
    call_command("create_secret", stdout=(output := StringIO()))
    made = json.loads(output.getvalue())
    assert sha256(made["client_secret"].encode()).hexdigest() == made["secret_digest"]


def test_standard_output_is_the_answer_alone(tmp_path: Path) -> None:
    """Under its name with hyphens, in an empty folder, as a script would read it."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        done = run_command(words, {}, tmp_path, begin=Service.begin)
        assert done.returncode == 0, done.stderr
        return done

    run("migrate", "--verbosity=0")
    done = run("create-application", "Shop", "--type", "web", "--redirect-uri", BACK)
    assert json.loads(done.stdout)["client_secret"]
    assert '"event": "application.created"' in done.stderr
