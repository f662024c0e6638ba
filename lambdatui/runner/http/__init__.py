"""HTTP on this machine: a server, and who may connect to it."""
