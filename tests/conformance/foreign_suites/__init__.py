"""Runs suites that other people wrote against the runner; see the README beside this folder."""
