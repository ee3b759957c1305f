"""The URL patterns of the pages."""

from django.urls import path
from django.views.decorators.http import require_safe
from django.views.generic import RedirectView

from vestibule.web.pages import account, mailbox, pictures, registration, sign_in, site, verify_link, waiting

urlpatterns = [
    path("", require_safe(RedirectView.as_view(url="/register/"))),
    path("register/", registration.submit_sign_up),
    path("verify-otp/", waiting.confirm_code),
    path("resend-otp/", waiting.resend_code),
    path("redirect-otp/", waiting.send_proof_elsewhere),
    path("verify-email/", verify_link.verify_email),
    path("verify-email/reject/", verify_link.reject_by_link),
    path("verify-email/resend/", verify_link.resend_by_email),
    path("welcome/", registration.show_welcome),
    path("login/", sign_in.log_in),
    path("logout/", sign_in.log_out),
    path("password/reset/", sign_in.request_password_reset),
    path("password/reset/confirm/", sign_in.choose_new_password),
    path("account/", account.edit_profile),
    path("account/picture/", account.change_picture),
    path("account/security/", account.change_security),
    path("account/sessions/", account.manage_sessions),
    path("account/activity/", account.show_activity),
    path("account/confirm/", account.confirm_password),
    *(path(f"{taking.path}/", sign_in.undo_link_page(taking)) for taking in sign_in.UNDO_LINKS),
    path(".well-known/change-password", require_safe(RedirectView.as_view(url="/account/security/"))),
    path("problems/<slug:code>", site.explain_problem),
    path("media/pictures/<str:name>", pictures.serve_picture),
    path("house.css", site.accent_stylesheet),
    path("dev/mailbox/", mailbox.list_letters),
    path("dev/mailbox/<str:id>/", mailbox.show_letter),
    path("dev/mailbox/<str:id>/html", mailbox.show_letter_html),
]
