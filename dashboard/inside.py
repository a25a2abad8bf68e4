"""Addresses below /o/<slug>/ of the organisation itself: its people, its log, its settings."""

from django.urls import path

from dashboard.views import log, members, organisation
from dashboard.views.sms import organisation_sms

urlpatterns = [
    path("members/", members.members, name="members"),
    path("members/invite", members.invite_member, name="invite"),
    path("members/leave", members.leave, name="leave"),
    path("members/reminders", members.reminders, name="reminders"),
    path("members/<int:member_id>", members.member, name="member"),
    path("members/<int:member_id>/remove", members.remove, name="remove_member"),
    path("invitations/<str:invitation_id>/again", members.again, name="invite_again"),
    path("invitations/<str:invitation_id>/withdraw", members.withdraw, name="withdraw_invitation"),
    path("log/", log.log, name="log"),
    path("log/csv", log.log_csv, name="log_csv"),
    path("settings/", organisation.settings, name="organisation_settings"),
    path("settings/second-factor", organisation.second_factor, name="require_second_factor"),
    path("settings/sms", organisation_sms, name="organisation_sms"),
    path("settings/transfer", organisation.transfer, name="transfer_organisation"),
    path("settings/export", organisation.export, name="export_organisation"),
    path("settings/delete", organisation.delete, name="delete_organisation"),
]
