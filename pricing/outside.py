"""What no figure here includes, said once wherever a bill is shown."""

CREDITS = "credits"
OUTSIDE = ("API Gateway", "NAT", "data transfer", "X-Ray", "S3", "Step Functions", CREDITS, "tax", "support")


def outside(*, credits: bool = False) -> tuple[str, ...]:
    """What a bill leaves out; ``credits`` are in it where they were given."""
    return tuple(one for one in OUTSIDE if one != CREDITS) if credits else OUTSIDE


def outside_in_words(*, credits: bool = False) -> str:
    """``outside`` as a sentence."""
    *names, last = outside(credits=credits)
    return f"Not included: {', '.join(names)} and {last}."
