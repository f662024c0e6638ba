"""The ports on which functions answer HTTP."""
