class StartError(Exception):
    """The service cannot start; the message tells a person why and what to do."""


class PortTakenError(StartError):
    """Somebody else listens on the port that was free when it was chosen."""
