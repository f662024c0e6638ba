"""The version of the rules by which ``fingerprint`` groups errors. When it is raised, every store is grouped anew.

It has a module of its own, so that it can be read without importing the rules.
"""

RULES = 4
