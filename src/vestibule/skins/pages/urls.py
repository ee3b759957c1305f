"""The paths of the pages."""

from django.urls import path
from django.views.decorators.http import require_safe
from django.views.generic import RedirectView

from vestibule.skins.pages import account, house, link, mailbox, pictures, registration, sign_in, waiting

urlpatterns = [
    path("", require_safe(RedirectView.as_view(url="/register/"))),
    path("register/", registration.register),
    path("verify-otp/", waiting.verify),
    path("resend-otp/", waiting.resend),
    path("redirect-otp/", waiting.redirect),
    path("verify-email/", link.verify),
    path("verify-email/reject/", link.reject),
    path("verify-email/resend/", link.resend),
    path("welcome/", registration.welcome),
    path("login/", sign_in.login),
    path("logout/", sign_in.logout),
    path("password/reset/", sign_in.forgot),
    path("password/reset/confirm/", sign_in.reset),
    path("account/", account.about_me),
    path("account/picture/", account.picture),
    path("account/security/", account.security),
    path("account/sessions/", account.places),
    path("account/activity/", account.activity),
    path("account/confirm/", account.step_up),
    *(path(f"{taking.path}/", sign_in.taking(taking)) for taking in sign_in.TAKINGS),
    path(".well-known/change-password", require_safe(RedirectView.as_view(url="/account/security/"))),
    path("problems/<slug:code>", house.problem),
    path("media/pictures/<str:name>", pictures.picture),
    path("house.css", house.accent),
    path("dev/mailbox/", mailbox.listing),
    path("dev/mailbox/<str:id>/", mailbox.reading),
    path("dev/mailbox/<str:id>/html", mailbox.html),
]
