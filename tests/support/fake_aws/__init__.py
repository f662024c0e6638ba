"""A fake AWS for tests: a real HTTP server that speaks botocore's protocols, a deterministic fleet, faults by rule.

    from fake_aws.collecting import collect
    from fake_aws.faults import truncated
    from fake_aws.fleet import Fleet
    from fake_aws.server import fake_aws
    from fake_aws.stores import content, differences

    with fake_aws(Fleet(functions=20)) as aws:
        aws.rule("logs:FilterLogEvents", truncated(0.5), calls={3})
        done = collect(aws, tmp_path / "store.db")

**A rule** is ``aws.rule(operation, fault, calls=..., when=...)``:

- ``operation`` is ``service:Operation`` as IAM spells it, ``service:*`` or ``*``;
- ``fault`` is a function of the request and the answer that gives another answer (``faults.py`` has one of each kind:
  on the wire, in the body, in the values, in the tokens, refusals);
- ``calls`` are the numbers of the calls that it strikes, counted from 1 among those that the rule is about; None: all;
- ``when`` looks at the request (``asked["FunctionName"] == "orders"``); None: every one.

Several rules may strike one call: they are applied in the order in which they were made. ``aws.clear()`` forgets all
rules, the counts stay; ``aws.calls`` counts the requests by operation (retries too), ``aws.asked`` has them all.
``aws.answers["lambda:ListTags"] = function(fleet, asked) -> dict`` gives or replaces an operation; an operation that
nobody answers gives ``{}``. Requests of an access key that ends in twelve digits are of that account;
the region is the one that the request is signed for. ``Fleet`` serves every account and region that
``fake_aws(fleet, more={(account, region): fleet})`` does not name.

Pages are small (see ``paging.py``), tokens are ``OPERATION-NUMBER``. Nothing here shares code with what it judges.
"""
