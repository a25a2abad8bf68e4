"""What the log calls things and deeds. A name of an event is `<thing>.<deed>`."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

THINGS: dict[str, Any] = {
    "address": _("Address"),
    "announcement": _("Announcement"),
    "component": _("Component"),
    "copy_target": _("Copy"),
    "group": _("Group"),
    "incident": _("Incident"),
    "invitation": _("Invitation"),
    "key": _("API key"),
    "maintenance": _("Maintenance"),
    "member": _("Member"),
    "metric": _("Metric"),
    "metrics_provider": _("Source of metrics"),
    "notification": _("Notification"),
    "organisation": _("Organisation"),
    "page": _("Page"),
    "page_access_group": _("Group of viewers"),
    "page_access_user": _("Viewer"),
    "postmortem": _("Postmortem"),
    "series": _("Recurring maintenance"),
    "subscriber": _("Subscriber"),
    "team": _("Word to the team"),
    "template": _("Template"),
}
_ACTORS: dict[str, Any] = {
    "subscriber": _("a subscriber"),
    "monitor": _("a monitor"),
    "import": _("an import"),
    "system": _("the service"),
}
_DEEDS: dict[str, Any] = {
    "added": _("added"),
    "allowed": _("may be written to again"),
    "asked": _("asked"),
    "asked_again": _("asked again"),
    "backfilled": _("written down afterwards"),
    "began": _("began"),
    "cancelled": _("cancelled"),
    "changed": _("changed"),
    "complaints": _("reported as spam"),
    "completed": _("completed"),
    "confirmed": _("confirmed"),
    "corrected": _("corrected"),
    "correction_withdrawn": _("correction withdrawn"),
    "created": _("created"),
    "deleted": _("deleted"),
    "edited": _("edited"),
    "ended": _("ended"),
    "erased": _("erased"),
    "exported": _("taken away as a file"),
    "failing": _("failing"),
    "few_confirm": _("few confirm"),
    "held": _("held back"),
    "imported": _("imported"),
    "invited": _("invited"),
    "invitation_withdrawn": _("invitation withdrawn"),
    "joined": _("joined"),
    "left": _("left"),
    "no_update": _("no update"),
    "occurrence_moved": _("one occurrence moved"),
    "occurrence_skipped": _("one occurrence skipped"),
    "postmortem_edited": _("postmortem edited"),
    "postmortem_published": _("postmortem published"),
    "postmortem_reverted": _("postmortem taken back"),
    "purged": _("removed"),
    "quarantined": _("put in quarantine"),
    "reactivated": _("reactivated"),
    "released": _("drawn anew"),
    "reminded": _("reminded"),
    "reminder": _("reminded"),
    "reminders_set": _("reminders set"),
    "removed": _("removed"),
    "renamed": _("renamed"),
    "reopened": _("opened again"),
    "reset": _("emptied"),
    "resolved": _("resolved"),
    "restored": _("brought back"),
    "revoked": _("revoked"),
    "role_set": _("role set"),
    "rotated": _("secret replaced"),
    "scheduled": _("scheduled"),
    "secret_rotated": _("secret replaced"),
    "sender_changed": _("sender changed"),
    "started": _("started"),
    "status_changed": _("status changed"),
    "suppressed": _("never written to again"),
    "test_sent": _("test sent"),
    "time_passed": _("brought up to date"),
    "transferred": _("handed over"),
    "two_factor_set": _("second factor asked for, or not"),
    "undone": _("undone"),
    "unreachable": _("addresses do not work"),
    "update_deleted": _("update deleted"),
    "update_due_soon": _("update due soon"),
    "update_edited": _("update edited"),
    "update_overdue": _("update overdue"),
    "update_written": _("update written"),
    "updated": _("updated"),
    "written": _("written"),
}


def deed(name: str) -> str:
    """The name of an event in words: `component.updated` is “Component: updated”."""
    thing, _dot, done = name.partition(".")
    return f"{THINGS.get(thing, thing)}: {_DEEDS.get(done, done.replace('_', ' '))}"


def kind_of(actor: str) -> Any:
    """Somebody who is no person and no key."""
    return _ACTORS.get(actor, actor)
