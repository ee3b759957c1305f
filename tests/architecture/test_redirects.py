"""Where our answers send a browser: to pages of ours, by their names; elsewhere only by what was checked. And what is
checked once is carried by each form and link that goes on with the flow."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source import Call, calls, trees
from vestibule.web import pages

REDIRECTS = (
    *("HttpResponseRedirect", "HttpResponsePermanentRedirect", "HttpResponseRedirectBase", "redirect"),
    "ApplicationRedirect",
)
ENDS = {"go_on": 1, "go_on_signed_in": 2}  # where they are given the page of ours for who has no destination
# What returns an address on our host, whatever it is given.
OWN = {"reverse", "url_with_destination", "security_url", "person_url", "application_url", "_done_url", "_link_url"}
# Each redirect that may leave us, and what has checked its address.
CHECKED = {
    "vestibule.web.authorization_answer.send_answer": "applications.redirect_uris.is_registered",
    "vestibule.web.pages.languages.pick_language": "destination.is_own_path, and that a page of ours stands there",
    "vestibule.web.pages.application_sign_out._return_to_application": "applications.redirect_uris.is_registered",
    "vestibule.web.destination.go_on": "find_destination",
    "vestibule.web.proxy.check._redirect_to_sign_in": "our own sign-in, at BASE_URL",
    "vestibule.web.pages.social.begin_visit": "the provider's, of its discovery document (identities.discovery)",
    "vestibule.web.pages.step_up.confirm_identity": "_is_origin, by what reverse() gives",
    "vestibule.web.pages.social._return": "flows.social_visits.parse_return_to, when the visit began",
}
TEMPLATES = Path(pages.__file__).parent / "templates/vestibule/pages"
# Pages of the flow, by the names of their URLs: a link from one to another keeps the destination.
FLOW = (
    *("register", "verify_otp", "resend_otp", "redirect_otp", "verify_email", "reject_sign_up", "resend_link", "login"),
    *("login_mfa", "login_magic", "login_passkey", "social_email", "social", "password_reset"),
    *("password_reset_confirm", "enrol_app", "add_passkey"),
)
# Templates that no destination goes through: what undoes something, the mailbox, errors, and the account itself.
OUTSIDE = {
    "form_post",
    "taking",
    "failure",
    "problem",
    "logout",
    "closing",
    "profile",
    "profile_field",
    "sessions",
    "activity",
    "letter",
    "mailbox",
}


def is_own(node: ast.expr | None, within: ast.FunctionDef | None) -> bool:
    """Whether the address stands on our host, whatever a request says."""
    match node:
        case ast.Call(func=func, args=args):
            called = ast.unparse(func).rpartition(".")[2]
            return called in OWN or (called == "add_to_query" and is_own(args[0], within))
        case ast.JoinedStr(values=[ast.FormattedValue(value=first), *_]):
            return is_own(first, within)
        case ast.Attribute(value=ast.Name(id="request"), attr="path"):
            return True  # the path that was resolved to this very view
        case ast.Name(id=name) if within:
            given = [value for target, value in _assignments(within) if target == name]
            return bool(given) and all(is_own(value, within) for value in given)
    return False


def _assignments(within: ast.FunctionDef) -> Iterator[tuple[str, ast.expr]]:
    """What a function assigns, and to which names."""
    for node in ast.walk(within):
        if isinstance(node, ast.Assign):
            [target] = node.targets
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                yield from zip(map(ast.unparse, target.elts), node.value.elts, strict=True)
            else:
                yield ast.unparse(target), node.value


def place(call: Call) -> str:
    """The function that it stands in."""
    return f"{call.module}.{call.within.name if call.within else ''}"


def test_every_redirect_stays_with_us_or_was_checked() -> None:
    found = [call for call in calls() if call.callee.rpartition(".")[2] in REDIRECTS]
    leaving = {place(call) for call in found if not is_own(call.argument(0), call.within)}
    assert len(found) > 20
    assert leaving == CHECKED.keys()


def test_who_has_no_destination_ends_with_us() -> None:
    found = [call for call in calls() if call.callee.rpartition(".")[2] in ENDS]
    assert found
    for call in found:
        given = call.argument(ENDS[call.callee.rpartition(".")[2]])
        assert is_own(given, call.within) or ast.unparse(given or call.node) == "otherwise", place(call)


def test_nobody_writes_a_location_by_hand() -> None:
    written = [
        module
        for module, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and str(node.value).lower() == "location"
    ]
    assert written == []
    for call in calls():
        if call.callee == "RedirectView.as_view":
            assert [word.arg for word in call.node.keywords] == ["pattern_name"]


def test_a_destination_is_read_and_checked_in_one_place() -> None:
    """Whoever reads the fields themselves would have to check them, too."""
    read = [
        place(call)
        for call in calls()
        if re.search(r"\b(GET|POST)\.get(list)?$", call.callee)
        and isinstance(field := call.argument(0), ast.Constant)
        and field.value in ("next", "return_to")
    ]
    assert read == []
    checking = {call.module for call in calls() if call.callee == "is_return_url"}
    assert checking == {"vestibule.web.destination", "vestibule.flows.social_visits"}


@pytest.mark.parametrize(
    "template", [path for path in TEMPLATES.rglob("*.html") if path.stem not in OUTSIDE], ids=lambda path: path.stem
)
def test_each_form_and_link_of_the_flow_carries_the_destination(template: Path) -> None:
    text = template.read_text()
    links = re.findall(r"""href="\{% url '(?:vestibule_pages):(\w+)'""", text)
    assert not set(links) & set(FLOW)
    for form in re.findall(r"<form.*?</form>", text, re.DOTALL):
        leads_on = re.search(r"vestibule_pages:(\w+)|\{\{ action \}\}", form)
        if leads_on and (leads_on[1] in (*FLOW, None)) and template.stem not in ("again", "identities"):
            assert "{% carried_destination %}" in form, form[:120]
