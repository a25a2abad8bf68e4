"""Addresses at page hosts that need the database."""

from django.urls import path, re_path

from public import api, missing, slack, views

_MADE = r"(?P<made>[A-Za-z0-9._-]{20,300})"

urlpatterns = [
    re_path(r"^subscriptions/forms-(?P<digest>[0-9a-f]{12})\.css$", views.forms_style),
    path("subscriptions/new", views.new, name="new"),
    re_path(r"^subscriptions/new-(?P<channel>[a-z_]{1,20})$", views.ask, name="ask"),
    path("subscriptions/sent", views.sent, name="sent"),
    path("subscriptions/slack", slack.start, name="slack"),
    path("subscriptions/code", views.code, name="code"),
    re_path(rf"^subscriptions/confirm/{_MADE}$", views.confirmation, name="confirm"),
    re_path(rf"^subscriptions/{_MADE}/unsubscribe$", views.leaving, name="leave"),
    re_path(rf"^subscriptions/{_MADE}/secret$", views.signing_secret, name="secret"),
    re_path(rf"^subscriptions/{_MADE}$", views.manage, name="manage"),
    path("api/v2/subscribers.json", api.subscribers),
    re_path(r"^api/v2/subscribers/(?P<pk>[0-9a-z]{1,32})\.json$", api.subscriber),
    re_path(
        r"^api/v2/subscriptions/(?P<pk>[0-9a-z]{1,32})/resend_confirmation(\.json)?$", api.resend_confirmation
    ),
    re_path(r"", missing.document),
]
