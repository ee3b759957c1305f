"""The paths of the pages."""

from django.urls import path
from django.views.generic import RedirectView

from vestibule.skins.pages import house, mailbox, registration

urlpatterns = [
    path("", RedirectView.as_view(url="/register/")),
    path("register/", registration.register),
    path("verify-otp/", registration.verify),
    path("resend-otp/", registration.resend),
    path("welcome/", registration.welcome),
    path("problems/<slug:code>", house.problem),
    path("house.css", house.accent),
    path("dev/mailbox/", mailbox.listing),
    path("dev/mailbox/<str:id>/", mailbox.reading),
    path("dev/mailbox/<str:id>/html", mailbox.html),
]
