"""The paths of the JSON API; a trailing slash is taken off before they are looked at."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from vestibule.skins.api import addresses, configuration, docs, login, me, passwords, pending, registration, tokens

urlpatterns = [
    path("auth/config", configuration.Show.as_view()),
    path("auth/register/start", registration.Start.as_view()),
    path("auth/register/resend", registration.Resend.as_view()),
    path("auth/register/confirm", registration.Confirm.as_view()),
    path("auth/register", pending.Register.as_view()),
    path("auth/register/status", pending.Status.as_view()),
    path("auth/register/redirect", pending.Redirect.as_view()),
    path("auth/verify-email", pending.VerifyEmail.as_view()),
    path("auth/verify-email/resend", pending.ResendEmail.as_view()),
    path("auth/verify-email/reject", pending.Reject.as_view()),
    path("auth/verify-phone/start", pending.StartPhone.as_view()),
    path("auth/verify-phone/resend", pending.ResendPhone.as_view()),
    path("auth/verify-phone/confirm", pending.ConfirmPhone.as_view()),
    path("auth/login", login.Login.as_view()),
    path("auth/reauthenticate", login.Reauthenticate.as_view()),
    path("auth/token/refresh", tokens.Refresh.as_view()),
    path("auth/token/verify", tokens.Verify.as_view()),
    path("auth/logout", tokens.Logout.as_view()),
    path("auth/logout/all", tokens.LogoutAll.as_view()),
    path("auth/password/reset", passwords.Reset.as_view()),
    path("auth/password/reset/confirm", passwords.ConfirmReset.as_view()),
    path("auth/password/change", passwords.Change.as_view()),
    path("auth/email/change", addresses.ChangeEmail.as_view()),
    path("auth/email/change/confirm", addresses.ConfirmEmail.as_view()),
    path("auth/email/change/undo", addresses.UndoEmail.as_view()),
    path("auth/phone/change", addresses.ChangePhone.as_view()),
    path("auth/phone/change/confirm", addresses.ConfirmPhone.as_view()),
    path("auth/me", me.Me.as_view()),
    path("schema", SpectacularAPIView.as_view(), name="schema"),
    path("docs", docs.Page.as_view(), name="docs"),
]
