"""How functions are run: a module for each family of runtimes, and the programs that their processes start with."""
