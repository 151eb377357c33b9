"""Prints sequential-test-table.json: what the sequential test has to say, computed apart from the program.

Written from the definition and the Python standard library alone, with decimals of thirty digits:

    x failures among n devices, a limit L, a chance alpha of each wrong verdict
    likelihood ratio of a rate q to the limit:  (q/L)^x * ((1-q)/(1-L))^(n-x)
    FAIL when its mean over rates above the limit exceeds 1/alpha,
    PASS when its mean over rates below the limit does, else HOLD

The rates are 64 of equal weight, even on a logarithmic scale: the middles of 64 equal cells between
the limit and 1 above it, between a hundredth of the limit and the limit below it. Unlike the program
this asks both sides at every row.
"""

import json
from decimal import Decimal, getcontext

getcontext().prec = 30

CELLS = 64
ALPHAS = ["0.01", "0.05", "0.2"]
LIMITS = ["0.5", "1", "2", "5", "20", "40"]
DEVICES = [1, 2, 5, 10, 20, 50, 100, 175, 350, 1000, 2500, 10_000, 100_000]
FEW_FAILURES = [0, 1, 2, 3, 5]
AROUND_THE_LIMIT = ["0.25", "0.5", "0.9", "1", "1.1", "2", "4"]
NEAR = Decimal("1e-9")


class Side:
    """The rates on one side of the limit, as what one failure and one good device add to each logarithm."""

    def __init__(self, limit, low, high):
        cell = (high.ln() - low.ln()) / CELLS
        rates = [(low.ln() + cell * (2 * i + 1) / 2).exp() for i in range(CELLS)]
        self.of_failure = [q.ln() - limit.ln() for q in rates]
        self.of_good = [(1 - q).ln() - (1 - limit).ln() for q in rates]

    def log_ratio(self, failures, devices):
        good = devices - failures
        logs = [failures * bad + good * fine for bad, fine in zip(self.of_failure, self.of_good)]
        top = max(logs)
        return top + (sum((log - top).exp() for log in logs) / CELLS).ln()


class Test:
    def __init__(self, limit_percent):
        limit = Decimal(limit_percent) / 100
        self.above = Side(limit, limit, Decimal(1))
        self.below = Side(limit, limit / 100, limit)

    def log_ratios(self, failures, devices):
        return self.above.log_ratio(failures, devices), self.below.log_ratio(failures, devices)

    def verdict(self, failures, devices, alpha):
        above, below = self.log_ratios(failures, devices)
        return verdict_of(above, below, alpha)


def verdict_of(above, below, alpha):
    needed = -Decimal(alpha).ln()
    assert not (above > needed and below > needed)
    return "fail" if above > needed else "pass" if below > needed else "hold"


def first(holds, start, end):
    """The first number from start on for which it holds; it goes on holding. None: not before end."""
    step = 1
    while not holds(start + step - 1):
        step *= 2
        if start + step > end:
            return None
    low, high = start + step // 2 - 1, start + step - 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def failures_of_interest(limit_percent, devices):
    rate = Decimal(limit_percent) / 100
    around = [int(devices * rate * Decimal(share)) for share in AROUND_THE_LIMIT]
    wanted = [*FEW_FAILURES, *around, devices]
    return sorted({count for count in wanted if count <= devices})


def shown(number):
    return float("%.15g" % number)


def rows():
    for limit in LIMITS:
        test = Test(limit)
        for devices in DEVICES:
            for failures in failures_of_interest(limit, devices):
                above, below = test.log_ratios(failures, devices)
                larger = max(above, below)
                near = any(abs((larger + Decimal(alpha).ln()).exp() - 1) < NEAR for alpha in ALPHAS)
                verdicts = [verdict_of(above, below, alpha) for alpha in ALPHAS]
                yield [float(limit), failures, devices, shown(above), shown(below), *verdicts, *(["near"] if near else [])]


def turning_points():
    for limit in LIMITS:
        test = Test(limit)
        for alpha in ALPHAS:
            passes = [
                first(lambda n, k=k: test.verdict(k, n, alpha) == "pass", max(1, k), 1_000_000) for k in range(4)
            ]
            too_many = [first(lambda n, k=k: test.verdict(k, n, alpha) != "fail", k, 1_000_000) for k in range(1, 7)]
            fails = [n - 1 if n > k else 0 for k, n in enumerate(too_many, 1)]
            yield [float(limit), float(alpha), passes, fails]


def lines(values):
    return ",\n".join("    " + json.dumps(value) for value in values)


print(
    f"""{{
  "alphas": [{", ".join(ALPHAS)}],
  "rowIs": "limit in percent, failures, devices, log ratio above and below, verdict at each alpha",
  "rows": [
{lines(rows())}
  ],
  "turningPointIs": "limit in percent, alpha, first n to pass with 0..3 failures, last n to fail with 1..6 or 0",
  "turningPoints": [
{lines(turning_points())}
  ]
}}"""
)
