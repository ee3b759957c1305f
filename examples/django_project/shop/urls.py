"""The pages: one for everybody, and those of mozilla-django-oidc."""

from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.urls import include, path
from django.utils.html import escape
from django.views.decorators.csrf import csrf_exempt

from shop.backchannel import end_sessions


@csrf_exempt
def home(request):
    """Say who is signed in."""
    if request.user.is_authenticated:
        token = f'<input type="hidden" name="csrfmiddlewaretoken" value="{get_token(request)}">'
        said = f"<p>Signed in as {escape(request.user.email)}</p>"
        said += f'<form method="post" action="/oidc/logout/">{token}<button>Sign out everywhere</button></form>'
    else:
        said = '<p>Nobody is signed in</p><a href="/oidc/authenticate/">Sign in</a>'
    return HttpResponse(f'<!doctype html><title>Shop</title><link rel="icon" href="data:,"><h1>The shop</h1>{said}')


urlpatterns = [
    path("", home),
    path("oidc/", include("mozilla_django_oidc.urls")),
    path("oidc/backchannel/", end_sessions),
]
