"""The paths of the pages."""

from django.urls import path
from django.views.generic import RedirectView

from vestibule.skins.pages import house, link, mailbox, pictures, registration, waiting

urlpatterns = [
    path("", RedirectView.as_view(url="/register/")),
    path("register/", registration.register),
    path("verify-otp/", waiting.verify),
    path("resend-otp/", waiting.resend),
    path("redirect-otp/", waiting.redirect),
    path("verify-email/", link.verify),
    path("verify-email/reject/", link.reject),
    path("verify-email/resend/", link.resend),
    path("welcome/", registration.welcome),
    path("problems/<slug:code>", house.problem),
    path("media/pictures/<str:name>", pictures.picture),
    path("house.css", house.accent),
    path("dev/mailbox/", mailbox.listing),
    path("dev/mailbox/<str:id>/", mailbox.reading),
    path("dev/mailbox/<str:id>/html", mailbox.html),
]
