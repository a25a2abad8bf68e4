class StartError(Exception):
    """The service cannot start; the message tells a person why and what to do."""
