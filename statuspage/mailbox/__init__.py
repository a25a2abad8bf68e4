"""Every message that the local stack would have sent, to be looked at: nothing has left the machine."""
