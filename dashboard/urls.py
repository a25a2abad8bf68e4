"""Addresses below /o/<slug>/: of the organisation, and of its pages at p/<page_id>/."""

from django.urls import URLPattern, URLResolver, include, path, re_path

from dashboard.views.after import incident_past, postmortem, postmortem_preview
from dashboard.views.appearance import appearance, appearance_preview
from dashboard.views.components import (
    component,
    component_correct,
    component_delete,
    component_edit,
    component_new,
    component_order,
    components,
    correction_withdraw,
    group_delete,
    group_edit,
    group_new,
)
from dashboard.views.copies import copies, copy_again, copy_edit, copy_new, copy_remove
from dashboard.views.data import page_data, page_data_import, page_export, page_site
from dashboard.views.find import find
from dashboard.views.first_run import launch, page_import, page_import_one, page_new
from dashboard.views.holding import draft_discard, release
from dashboard.views.home import home, index, switch
from dashboard.views.hosts import host_check, host_primary, host_remove, hosts
from dashboard.views.incident import (
    incident,
    incident_delete,
    incident_edit,
    progress,
    update_edit,
    update_preview,
)
from dashboard.views.incidents import incident_new, incident_preview, incidents, mail_preview
from dashboard.views.keys import key_new, key_revoke, key_rotate, keys
from dashboard.views.maintenance import (
    maintenance,
    maintenance_calendar,
    maintenance_new,
    maintenance_preview,
)
from dashboard.views.notifications import (
    deliveries,
    deliveries_replay,
    delivery,
    delivery_do,
    notification,
    notification_progress,
    notifications,
)
from dashboard.views.people import (
    subscriber_person,
    subscribers_export,
    subscribers_import,
    test_message,
)
from dashboard.views.settings import page_delete, page_unpublish, sender, sender_check, settings
from dashboard.views.subscribers import (
    subscriber,
    subscriber_do,
    subscriber_erase,
    subscriber_new,
    subscribers,
)
from dashboard.views.templates import (
    template_delete,
    template_edit,
    template_new,
    template_preview,
    templates,
)
from dashboard.views.webhooks import (
    page_webhooks,
    webhook,
    webhook_again,
    webhook_new,
    webhook_remove,
    webhook_secret,
    webhook_test,
)
from dashboard.views.window import (
    all_series,
    maintenance_cancel,
    maintenance_delete,
    maintenance_edit,
    maintenance_one,
    maintenance_remind,
    series,
    series_end,
)

_Addresses = list[URLPattern | URLResolver]

_INCIDENT: _Addresses = [
    path("", incident, name="incident"),
    path("preview", update_preview, name="update_preview"),
    path("progress", progress, name="incident_progress"),
    path("edit", incident_edit, name="incident_edit"),
    path("delete", incident_delete, name="incident_delete"),
    path("postmortem", postmortem, name="postmortem"),
    path("postmortem/preview", postmortem_preview, name="postmortem_preview"),
    path("updates/<str:update_id>", update_edit, name="update_edit"),
]
_TEMPLATES: _Addresses = [
    path("", templates, name="templates"),
    path("new", template_new, name="template_new"),
    path("preview", template_preview, name="template_preview"),
    path("<str:pk>/", template_edit, name="template_edit"),
    path("<str:pk>/delete", template_delete, name="template_delete"),
]
_COMPONENTS: _Addresses = [
    path("", components, name="components"),
    path("order", component_order, name="component_order"),
    path("new", component_new, name="component_new"),
    path("groups/new", group_new, name="group_new"),
    path("groups/<str:pk>/", group_edit, name="group_edit"),
    path("groups/<str:pk>/delete", group_delete, name="group_delete"),
    path("<str:pk>/", component, name="component"),
    path("<str:pk>/edit", component_edit, name="component_edit"),
    path("<str:pk>/correct", component_correct, name="component_correct"),
    path("<str:pk>/corrections/<int:number>/withdraw", correction_withdraw, name="correction_withdraw"),
    path("<str:pk>/delete", component_delete, name="component_delete"),
]
_MAINTENANCE: _Addresses = [
    path("", maintenance, name="maintenance"),
    path("calendar", maintenance_calendar, name="maintenance_calendar"),
    path("new", maintenance_new, name="maintenance_new"),
    path("preview", maintenance_preview, name="maintenance_preview"),
    path("series/", all_series, name="all_series"),
    path("series/<str:pk>/", series, name="series"),
    path("series/<str:pk>/end", series_end, name="series_end"),
    path("<str:pk>/", maintenance_one, name="maintenance_one"),
    path("<str:pk>/edit", maintenance_edit, name="maintenance_edit"),
    path("<str:pk>/remind", maintenance_remind, name="maintenance_remind"),
    path("<str:pk>/cancel", maintenance_cancel, name="maintenance_cancel"),
    path("<str:pk>/delete", maintenance_delete, name="maintenance_delete"),
]
_SUBSCRIBERS: _Addresses = [
    path("", subscribers, name="subscribers"),
    path("new", subscriber_new, name="subscriber_new"),
    path("import", subscribers_import, name="subscribers_import"),
    path("export", subscribers_export, name="subscribers_export"),
    path("<str:pk>/", subscriber, name="subscriber"),
    path("<str:pk>/person", subscriber_person, name="subscriber_person"),
    path("<str:pk>/erase", subscriber_erase, name="subscriber_erase"),
    re_path(
        r"^(?P<pk>[0-9a-z]+)/(?P<verb>unsubscribe|quarantine|reactivate|ask|secret)$",
        subscriber_do,
        name="subscriber_do",
    ),
]
_NOTIFICATIONS: _Addresses = [
    path("", notifications, name="notifications"),
    path("test", test_message, name="test_message"),
    path("deliveries/", deliveries, name="deliveries"),
    path("deliveries/replay", deliveries_replay, name="deliveries_replay"),
    path("deliveries/<int:number>/", delivery, name="delivery"),
    re_path(
        r"^deliveries/(?P<number>[0-9]{1,18})/(?P<verb>replay|suppress|allow)$",
        delivery_do,
        name="delivery_do",
    ),
    path("<int:number>/", notification, name="notification"),
    path("<int:number>/progress", notification_progress, name="notification_progress"),
]
_SETTINGS: _Addresses = [
    path("", settings, name="settings"),
    path("sender", sender, name="sender"),
    path("sender/check", sender_check, name="sender_check"),
    path("webhooks/", page_webhooks, name="page_webhooks"),
    path("webhooks/new", webhook_new, name="webhook_new"),
    path("webhooks/<str:pk>/", webhook, name="webhook"),
    path("webhooks/<str:pk>/test", webhook_test, name="webhook_test"),
    path("webhooks/<str:pk>/secret", webhook_secret, name="webhook_secret"),
    path("webhooks/<str:pk>/again", webhook_again, name="webhook_again"),
    path("webhooks/<str:pk>/remove", webhook_remove, name="webhook_remove"),
    path("copies/", copies, name="copies"),
    path("copies/new", copy_new, name="copy_new"),
    path("copies/<str:pk>/", copy_edit, name="copy_edit"),
    path("copies/<str:pk>/again", copy_again, name="copy_again"),
    path("copies/<str:pk>/remove", copy_remove, name="copy_remove"),
    path("data/", page_data, name="page_data"),
    path("data/import/<str:import_id>", page_data_import, name="page_data_import"),
    path("data/export", page_export, name="page_export"),
    path("data/site", page_site, name="page_site"),
    path("hosts/", hosts, name="hosts"),
    path("hosts/primary", host_primary, name="host_primary"),
    path("hosts/<str:pk>/check", host_check, name="host_check"),
    path("hosts/<str:pk>/remove", host_remove, name="host_remove"),
    path("unpublish", page_unpublish, name="page_unpublish"),
    path("delete", page_delete, name="page_delete"),
    path("<slug:section>", settings, name="settings_section"),
]
_PAGE: _Addresses = [
    path("", home, name="home"),
    path("launch", launch, name="launch"),
    path("switch", switch, name="switch"),
    path("find", find, name="find"),
    path("held/<int:event_id>", release, name="release"),
    path("drafts/<str:draft_id>/discard", draft_discard, name="draft_discard"),
    path("incidents/", incidents, name="incidents"),
    path("incidents/new", incident_new, name="incident_new"),
    path("incidents/preview", incident_preview, name="incident_preview"),
    path("incidents/past", incident_past, name="incident_past"),
    path("preview/mail", mail_preview, name="mail_preview"),
    path("incidents/templates/", include(_TEMPLATES)),
    path("incidents/<str:incident_id>/", include(_INCIDENT)),
    path("components/", include(_COMPONENTS)),
    path("maintenance/", include(_MAINTENANCE)),
    path("subscribers/", include(_SUBSCRIBERS)),
    path("notifications/", include(_NOTIFICATIONS)),
    path("appearance/", appearance, name="appearance"),
    path("appearance/preview", appearance_preview, name="appearance_preview"),
    path("settings/", include(_SETTINGS)),
]

urlpatterns = [
    path("", index, name="index"),
    path("new", page_new, name="page_new"),
    path("new/import", page_import, name="page_import"),
    path("new/import/<str:import_id>", page_import_one, name="page_import_one"),
    path("", include("dashboard.inside")),
    path("keys/", keys, name="keys"),
    path("keys/new", key_new, name="key_new"),
    path("keys/<str:key_id>/rotate", key_rotate, name="key_rotate"),
    path("keys/<str:key_id>/revoke", key_revoke, name="key_revoke"),
    path("p/<str:page_id>/", include(_PAGE)),
]
