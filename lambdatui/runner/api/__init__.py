"""The Lambda HTTP API, as boto3 and the aws command line call it: AWS Lambda API Reference, and botocore's model.

Each operation's docstring names its page of the reference, then says where it differs from that. ``Takes`` are the
members of the request that have an effect, ``Ignores`` those that are accepted and stored without one; other members
do nothing. ``Errors`` are those that it answers with, besides these, which every operation may answer:

* 400 ``SerializationException`` for a body that is no JSON object, 400 ``ValidationException`` for a member outside the
  API's model (such as a name), 403 ``AccessDeniedException`` for an ARN of another account or region,
* 413 ``RequestTooLargeException`` for a body of more than 72 MB, 500 ``ServiceException`` where the runner fails.

Left out everywhere: permissions (every admitted caller may do everything), the API's own rate limits, code
signing, container images, capacity providers and durable executions.
"""
