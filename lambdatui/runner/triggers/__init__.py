"""What calls functions by itself: a module for each trigger, what triggers share, and those that are running."""
