class StoreError(Exception):
    """What was handed to the store, or found in it, cannot be used."""
