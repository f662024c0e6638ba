"""CloudWatch Logs and CloudWatch metrics of the runner's log, read only, as AWS's clients call them.

It also answers what a collection asks besides: whose credentials they are, the tags of functions, alarms. All of it is
read from the log and from what is deployed; whatever would change something is refused.
"""
