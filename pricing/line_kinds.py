"""The kinds of line on AWS's bill: usage, what a commitment covers, discounts, credits, refunds, tax and so on.

Names as Cost and Usage Reports have them ("Line item details", LineItemType), as Cost Explorer's RECORD_TYPE has them,
and as FOCUS says them by ChargeCategory, ChargeClass and the commitment's columns.
"""

import re

USAGE, COVERED, RESERVED, MIXED = "usage", "savings_plan_usage", "reserved_usage", "all_kinds"
NEGATION, PLAN_FEE, RESERVATION_FEE, UNUSED = "savings_plan_negation", "savings_plan_fee", "reservation_fee", "unused"
EDP, PRIVATE, BUNDLED, DISCOUNT = "edp_discount", "private_rate_discount", "bundled_discount", "other_discount"
CREDIT, REFUND, TAX, SUPPORT, FEE = "credit", "refund", "tax", "support", "fee"
ADJUSTMENT, UNKNOWN = "adjustment", "unknown_kind"

OF_USAGE = frozenset((USAGE, COVERED, RESERVED, MIXED))
DISCOUNTS = frozenset((EDP, PRIVATE, BUNDLED, DISCOUNT))
# A commitment's own lines: its fee, what it took off at the usage, what of it was not used.
OF_COMMITMENTS = frozenset((NEGATION, PLAN_FEE, RESERVATION_FEE, UNUSED))

WORDS = {
    USAGE: "usage", COVERED: "Savings Plan covered usage", RESERVED: "reserved usage", MIXED: "all kinds together",
    NEGATION: "Savings Plan negation", PLAN_FEE: "Savings Plan fee", RESERVATION_FEE: "reservation fee",
    UNUSED: "unused commitment", EDP: "EDP discount", PRIVATE: "private rate discount", BUNDLED: "bundled discount",
    DISCOUNT: "other discount", CREDIT: "credits", REFUND: "refunds", TAX: "tax", SUPPORT: "support", FEE: "fees",
    ADJUSTMENT: "adjustments", UNKNOWN: "lines of a kind that is not known here",
}  # fmt: skip
_NAMES = {
    "": USAGE, "usage": USAGE, "discountedusage": RESERVED, "savingsplancoveredusage": COVERED,
    "savingsplannegation": NEGATION, "savingsplanrecurringfee": PLAN_FEE, "savingsplanupfrontfee": PLAN_FEE,
    "rifee": RESERVATION_FEE, "recurring": RESERVATION_FEE, "upfront": RESERVATION_FEE,
    "recurringreservationfee": RESERVATION_FEE, "upfrontreservationfee": RESERVATION_FEE, "upfrontfee": RESERVATION_FEE,
    "reservationapplied": RESERVED, "reservationapplieddiscountedusage": RESERVED,
    "edpdiscount": EDP, "enterprisediscountprogram": EDP, "enterprisediscountprogramdiscount": EDP,
    "privateratediscount": PRIVATE, "privateratecarddiscount": PRIVATE, "privatepricingdiscount": PRIVATE,
    "bundleddiscount": BUNDLED, "credit": CREDIT, "credits": CREDIT, "refund": REFUND, "refunds": REFUND,
    "tax": TAX, "taxes": TAX, "support": SUPPORT, "fee": FEE, "otheroutofcyclecharges": FEE, "adjustment": ADJUSTMENT,
}  # fmt: skip
_BY_WORDS = (
    (r"enterprise|\bedp\b", EDP), (r"private (rate|pricing)|privaterate", PRIVATE), (r"bundled?", BUNDLED),
    (r"refund", REFUND), (r"discount", DISCOUNT), (r"credit", CREDIT), (r"\btax\b|\bvat\b|\bgst\b", TAX),
)  # fmt: skip


def kind_of(record_type: str) -> str:
    """The kind of a LineItemType or RECORD_TYPE; any that ends with Discount is a discount, others are unknown."""
    name = re.sub(r"[^a-z]", "", record_type.lower())
    if name in _NAMES:
        return _NAMES[name]
    return DISCOUNT if name.endswith("discount") else UNKNOWN


def kind_of_focus(category: str, description: str, commitment: str, status: str) -> str:
    """The kind of a FOCUS charge. ``commitment`` is its id and type, empty where there is none."""
    category, words = category.lower(), description.lower()
    plan = "saving" in commitment.lower() or "spend" in commitment.lower()
    if category == "usage":
        if status.lower() == "unused":
            return UNUSED
        return USAGE if not commitment else RESERVED if "reserved" in commitment.lower() and not plan else COVERED
    if category == "purchase":
        return PLAN_FEE if plan or "savings plan" in words else RESERVATION_FEE if commitment else FEE
    if category == "tax":
        return TAX
    if category in ("credit", "adjustment"):
        by_words = next((kind for pattern, kind in _BY_WORDS if re.search(pattern, words)), None)
        return by_words or (CREDIT if category == "credit" else ADJUSTMENT)
    return kind_of(category)
