"""What messages say that tell of no notice: to who subscribes, to who looks after a machine, to the team."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from incidents.cadence import Call
from subscribers.troubles import Trouble

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Phrases:
    """`template` names files of templates/mail/. Subject, preview and `because` are filled with the facts'
    values."""

    template: str
    subject: Text
    title: Text
    preview: Text
    text: Text = ""
    """What to do, where that takes more words."""
    action: Text = ""
    because: Text = ""
    """Why somebody of the team gets it."""


_WRITE = _("Write an update")
_WORKS_ON_IT = _(
    "You get this because you work on the status page of %(page)s. How often it is sent is set there; an "
    "administrator can also leave you out."
)
_SEE = _("See the subscribers")
_ADMINISTERS_IT = _(
    "You get this, once a day at most, because you administer the status page of %(page)s. An administrator "
    "can also leave you out."
)
_ASKED = Phrases(
    "confirm",
    _("Confirm your subscription to %(page)s"),
    _("Confirm your subscription"),
    _("One more step, and %(page)s will keep you informed."),
)
PHRASES: dict[str, Phrases] = {
    "subscriber.asked": _ASKED,
    "subscriber.reminded": replace(_ASKED, subject=_("Reminder: confirm your subscription to %(page)s")),
    "subscriber.asked_again": Phrases(
        "known",
        _("Your subscription to %(page)s"),
        _("You are subscribed already"),
        _("Change what you are told, or leave."),
    ),
    "subscriber.failing": Phrases(
        "machine",
        _("Messages of %(page)s do not reach your machine"),
        _("Your machine does not answer"),
        _(
            "It should be told when something happens, but it failed four times in a row. We go on trying "
            "for five days, and then give up."
        ),
    ),
    "subscriber.quarantined": Phrases(
        "machine",
        _("%(page)s does not tell your machine any more"),
        _("We have given up on your machine"),
        _(
            "It is told nothing any more. Once it works, ask the team of the page to take it up again: they "
            "can also send what it has missed."
        ),
    ),
    Call.SOON: Phrases(
        "team",
        _("Update due at %(time)s: %(name)s"),
        _("An update is due soon"),
        _("The public was promised an update by %(promised)s."),
        action=_WRITE,
        because=_WORKS_ON_IT,
    ),
    Call.OVERDUE: Phrases(
        "team",
        _("Update overdue since %(time)s: %(name)s"),
        _("An update is overdue"),
        _("The public was promised an update by %(promised)s. The status page now says that it is late."),
        action=_WRITE,
        because=_WORKS_ON_IT,
    ),
    Call.SILENT: Phrases(
        "team",
        _("No update since %(time)s: %(name)s"),
        _("An incident waits for an update"),
        _("It is still open, and the last update was written on %(written)s."),
        action=_WRITE,
        because=_WORKS_ON_IT,
    ),
    Trouble.UNREACHABLE: Phrases(
        "team",
        _("Addresses of %(page)s that do not work: %(number)d"),
        _("Messages do not arrive"),
        _(
            "Addresses put in quarantine: %(number)d. Mail to them came back, or their machine has failed "
            "for days. Nothing is sent to them any more."
        ),
        _(
            "Where you know a better address, add it. Where one works again, take it out of quarantine. If "
            "there are many at once, look at how the sender of your mail is set up."
        ),
        _SEE,
        _ADMINISTERS_IT,
    ),
    Trouble.COMPLAINTS: Phrases(
        "team",
        _("Mail of %(page)s was reported as spam: %(number)d"),
        _("Mail was reported as spam"),
        _(
            "Subscribers who reported mail of your organisation as spam: %(number)d. They are told nothing "
            "any more, by none of its pages."
        ),
        _(
            "Services hold back the mail of whoever is reported often. Look at where these addresses came "
            "from: has everybody on the list, above all who was imported, asked to be told?"
        ),
        _SEE,
        _ADMINISTERS_IT,
    ),
    Trouble.FEW_CONFIRM: Phrases(
        "team",
        _("Few confirm their subscription to %(page)s: %(confirmed)d of %(asked)d"),
        _("Few confirm their subscription"),
        _("In a week %(asked)d people were asked to confirm, and %(confirmed)d did."),
        _(
            "Somebody may be entering addresses that are not theirs, which get mail that they never asked "
            "for. Look at who was asked. Until it is over you can take the form off the page, in its "
            "settings."
        ),
        _SEE,
        _ADMINISTERS_IT,
    ),
}
