"""Addresses at app hosts."""

from django.urls import include, path
from django.views.generic import RedirectView

from notifications.views import mail_report, sms_inbound, sms_status
from public.slack import authorized
from publishing.preview import preview
from statuspage import health
from statuspage.admin import platform
from statuspage.mailbox.slack import choose_channel, exchange_code, take_chat
from statuspage.mailbox.twilio import take_message
from statuspage.mailbox.views import mail_html, mailbox

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="organisations")),
    path("accounts/", include("accounts.urls")),
    path("", include("dashboard.outside")),
    path("admin/", platform.urls),
    path("", include("api.urls")),
    path("livez", health.livez),
    path("readyz", health.readyz),
    path("health", health.health),
    path("hooks/mail/<str:provider>", mail_report),
    path("hooks/sms/<str:provider>/status", sms_status),
    path("hooks/sms/<str:provider>/inbound", sms_inbound),
    path("hooks/slack/authorized", authorized),
    path("dev/messages", mailbox),
    path("dev/slack/oauth/v2/authorize", choose_channel),
    path("dev/slack/api/oauth.v2.access", exchange_code),
    path("dev/slack/hooks/<str:name>", take_chat),
    path("dev/messages/<str:name>", mail_html),
    path("dev/twilio/2010-04-01/Accounts/<str:account>/Messages.json", take_message),
    path("preview/<str:token>/<path:path>", preview),
    path("preview/<str:token>/", preview, {"path": ""}),
]
