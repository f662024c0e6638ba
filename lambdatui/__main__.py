"""``lambdatui`` and ``python -m lambdatui``."""


def main() -> int:
    """The command line's exit code; see ``lambdatui.cli.main`` for what it means."""
    from lambdatui.cli.main import cli

    return cli.main(standalone_mode=False)


if __name__ == "__main__":
    raise SystemExit(main())
