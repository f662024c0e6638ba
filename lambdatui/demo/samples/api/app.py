"""The shop's API: looks an article up, as a web client asks for it."""

import json
import time

ARTICLES = {f"a{n}": {"name": f"Article {n}", "cents": 100 + 37 * n} for n in range(200)}


def handler(event, context):
    wanted = event.get("pathParameters", {}).get("id")
    time.sleep(0.004)  # a cache that is asked
    if wanted not in ARTICLES:
        print(f"no article {wanted}")
        return {"statusCode": 404, "body": json.dumps({"error": "not found"})}
    return {"statusCode": 200, "body": json.dumps(ARTICLES[wanted])}
