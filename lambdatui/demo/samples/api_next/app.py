"""The shop's API as it is deployed next: with discounts, and with the mistake that came with them."""

import json
import time

ARTICLES = {f"a{n}": {"name": f"Article {n}", "cents": 100 + 37 * n} for n in range(200)}
DISCOUNTS = {f"a{n}": 10 for n in range(0, 200, 2)} | {f"a{n}": 20 for n in range(1, 190, 2)}


def handler(event, context):
    wanted = event.get("pathParameters", {}).get("id")
    time.sleep(0.004)  # a cache that is asked
    if wanted not in ARTICLES:
        print(f"no article {wanted}")
        return {"statusCode": 404, "body": json.dumps({"error": "not found"})}
    return {"statusCode": 200, "body": json.dumps(ARTICLES[wanted] | {"cents": discounted(wanted)})}


def discounted(article):
    return ARTICLES[article]["cents"] * (100 - DISCOUNTS[article]) // 100
