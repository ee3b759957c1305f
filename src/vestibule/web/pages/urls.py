"""The URL patterns of the pages."""

from django.urls import path
from django.views.decorators.http import require_safe
from django.views.generic import RedirectView

from vestibule.web.pages import (
    account,
    consent,
    factors,
    keys,
    magic_link,
    mailbox,
    passkeys,
    registration,
    second_factor,
    security,
    sign_in,
    site,
    social,
    step_up,
    verify_link,
    waiting,
    well_known,
)

app_name = "vestibule_pages"
register_redirect = require_safe(RedirectView.as_view(pattern_name="vestibule_pages:register"))
security_redirect = require_safe(RedirectView.as_view(pattern_name="vestibule_pages:security"))
urlpatterns = [
    path("", register_redirect, name="home"),
    path("register/", registration.submit_sign_up, name="register"),
    path("verify-otp/", waiting.confirm_code, name="verify_otp"),
    path("resend-otp/", waiting.resend_code, name="resend_otp"),
    path("redirect-otp/", waiting.send_proof_elsewhere, name="redirect_otp"),
    path("verify-email/", verify_link.verify_email, name="verify_email"),
    path("verify-email/reject/", verify_link.reject_by_link, name="reject_sign_up"),
    path("verify-email/resend/", verify_link.resend_by_email, name="resend_link"),
    path("welcome/", registration.show_welcome, name="welcome"),
    path("login/", sign_in.log_in, name="login"),
    path("login/mfa/", second_factor.prove_factor, name="login_mfa"),
    path("login/magic/", magic_link.sign_in_by_link, name="login_magic"),
    path("login/passkey/", passkeys.enter_with_passkey, name="login_passkey"),
    path("register/social/", social.name_address, name="social_email"),
    path("social/<slug:provider>/", social.begin_visit, name="social"),
    path("social/<slug:provider>/callback/", social.receive_callback, name="social_callback"),
    path("oauth/consent/", consent.ask_consent, name="consent"),
    path("account/link/", social.link_identity, name="link_identity"),
    path("logout/", sign_in.log_out, name="logout"),
    path("password/reset/", sign_in.request_password_reset, name="password_reset"),
    path("password/reset/confirm/", sign_in.choose_new_password, name="password_reset_confirm"),
    path("account/", account.edit_profile, name="account"),
    path("account/picture/", account.change_picture, name="picture"),
    path("account/security/", security.change_security, name="security"),
    path("account/security/app/", factors.enrol_app, name="enrol_app"),
    path("account/security/passkey/", passkeys.add_passkey, name="add_passkey"),
    path("account/security/passkey/options/", passkeys.start_passkey, name="passkey_options"),
    path("account/keys/", keys.manage_keys, name="keys"),
    path("account/sessions/", account.manage_sessions, name="sessions"),
    path("account/activity/", account.show_activity, name="activity"),
    path("account/confirm/", step_up.confirm_identity, name="confirm_identity"),
    path("not-me/", sign_in.undo_link_page(sign_in.NOT_ME), name="not_me"),
    path("email/undo/", sign_in.undo_link_page(sign_in.EMAIL_UNDO), name="email_undo"),
    path("account/undo/", sign_in.undo_link_page(sign_in.ACCOUNT_UNDO), name="account_undo"),
    path("second-factors/keep/", sign_in.undo_link_page(sign_in.FACTORS_UNDO), name="factors_keep"),
    path(".well-known/change-password", security_redirect, name="change_password"),
    path(".well-known/webauthn", well_known.list_related_origins, name="related_origins"),
    path(".well-known/passkey-endpoints", well_known.list_passkey_endpoints, name="passkey_endpoints"),
    path("problems/<slug:code>", site.explain_problem, name="problem"),
    path("house.css", site.accent_stylesheet, name="stylesheet"),
    path("dev/mailbox/", mailbox.list_letters, name="mailbox"),
    path("dev/mailbox/<str:id>/", mailbox.show_letter, name="letter"),
    path("dev/mailbox/<str:id>/html", mailbox.show_letter_html, name="letter_html"),
]
