"""The Lambda HTTP API, as boto3 and the aws command line call it: AWS Lambda API Reference, and botocore's model.

Each operation's docstring names its page of the reference, then says what it does as far as that differs. ``Takes`` are
the members of the request that count, ``Ignores`` those that are accepted and kept but change nothing here; any other
member does nothing. ``Errors`` are those that it answers with, beside what every operation may answer:

* 400 ``SerializationException`` for a body that is no JSON object, 400 ``ValidationException`` for a member outside the
  API's model (such as a name), 403 ``AccessDeniedException`` for an ARN of another account or region,
* 413 ``RequestTooLargeException`` for a body of more than 72 MB, 500 ``ServiceException`` where the runner fails.

Left out everywhere: permissions (every caller that is let in may do everything), the API's own rate limits, code
signing, container images, capacity providers and durable executions.
"""
