"""Who may call. Today: the person at this machine, over loopback."""
