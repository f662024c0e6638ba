"""What calls functions by itself: a module for each trigger, what they share, and those that run."""
