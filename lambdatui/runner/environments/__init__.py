"""Where functions run: their processes, how many there may be, and what they use."""
