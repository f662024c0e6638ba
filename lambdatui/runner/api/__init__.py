"""The Lambda HTTP API, as boto3 and the aws command line call it: AWS Lambda API reference, and botocore's model."""
