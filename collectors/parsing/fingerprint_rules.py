"""The version of the rules by which ``fingerprint`` groups errors. Where it is raised, every store is grouped anew.

The module holds only this, so that it is read without importing the rules.
"""

RULES = 4
