"""The model card: what a surrogate is, what it was fitted to, how good it is and where it must not be trusted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from steel.claims import KeptClaim
from surrogate.judge.alarm import Alarm
from surrogate.judge.coverage import LEVELS, Coverage
from surrogate.judge.scores import OutputEvaluation, shown_r2
from surrogate.model.model import Surrogate
from surrogate.store.registry import Approval, Version


@dataclass(frozen=True)
class CardFacts:
    """Everything a card states.

    Attributes:
        model: the surrogate in question.
        version: its version.
        approvals: of this version.
        judged_on: heats, the newest of the record, that a model of the same making had not seen.
        scores: on those heats; alarms of outputs, and inputs that moved.
        coverage: on those heats; alarms of outputs, and inputs that moved.
        alarms: of outputs, on those heats.
        moved: inputs that left their level.
        kept: what the plant's recipes claimed of each limit, and what was kept of it.
    """

    model: Surrogate
    version: Version
    approvals: tuple[Approval, ...]
    judged_on: int
    scores: list[OutputEvaluation]
    coverage: list[Coverage]
    alarms: list[Alarm]
    moved: list[Alarm]
    kept: tuple[KeptClaim, ...] = ()


def card_markdown(facts: CardFacts, parity: str, coverage: str) -> str:
    """The card as Markdown; `parity` and `coverage` are where its two plots lie."""
    return "\n".join(_lines(facts, parity, coverage)) + "\n"


def _lines(facts: CardFacts, parity: str, coverage: str) -> Iterator[str]:
    version, manifest = facts.version, facts.version.manifest
    yield f"# Surrogate of {version.plant}, {version.version}"
    yield ""
    yield "Charge, process and heel in; analysis at tap, electricity and yield out, each with its uncertainty."
    yield ""
    rows = [
        ("made", manifest.created_at),
        ("from", manifest.parent or "the plant's own heats"),
        ("in service", "yes" if version.active else "no"),
        *((f"approved {one.at}", one.by) for one in facts.approvals),
        ("heats", f"{manifest.data['heats']}, {manifest.data['first_heat']} to {manifest.data['last_heat']}"),
        ("hash of the heats", f"`{manifest.data['sha256'][:16]}…`"),
        ("hash of the arrays", f"`{manifest.sha256[:16]}…`"),
        ("software", ", ".join(f"{name} {number}" for name, number in manifest.versions.items())),
    ]
    yield from _table(("", ""), rows)
    yield "## What it is"
    yield ""
    yield "A balance of yields, contents and recoveries with catalogue priors; where it surely helped, a remainder:"
    yield ""
    yield from _table(("output", "remainder", "spread today / whole record"), _forms(facts.model))
    yield f"## How good it is: {facts.judged_on} newest heats, unseen"
    yield ""
    yield from _table(
        ("output", "heats", "mean absolute error", "R²", "90 % interval covers", "best plain regression's error"),
        [_score(row) for row in facts.scores],
    )
    yield f"![Predicted against measured]({parity})"
    yield ""
    yield "## Whether its confidence is real"
    yield ""
    yield "Share of the same heats under the one-sided limit of each stated confidence."
    yield ""
    yield from _table(
        ("group", "output", "values", *(f"{100 * level:.0f} %" for level in LEVELS)),
        [(c.group, c.output, str(c.heats), *(f"{100 * share:.1f} %" for share in c.shares)) for c in facts.coverage],
    )
    yield f"![Stated and real coverage]({coverage})"
    yield ""
    if facts.kept:
        yield "## Whether recipes kept what they claimed"
        yield ""
        yield from _table(
            ("limit", "recipes", "claimed", "realised", "margin times"),
            [
                (
                    f"{one.element} {one.side}", str(one.recipes), f"{100 * (1 - one.claimed):.1f} %",
                    f"{100 * (1 - one.missed):.1f} %", f"{one.width:.2f}",
                )
                for one in facts.kept
            ],
        )  # fmt: skip
    yield "## Where it must not be trusted"
    yield ""
    for line in _limits(facts):
        yield f"- {line}"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(row) + " |"
    yield ""


def _forms(model: Surrogate) -> list[tuple[str, str, str]]:
    found = []
    for name, output in model.outputs.items():
        form = f"{len(output.pieces)} convex pieces" if len(output.pieces) else "none"
        form = f"{len(output.trees)} trees" if len(output.trees) else form
        moved = output.motion.spread
        found.append((name, form, f"{1 / float(moved.mean()):.2f}" if len(moved) else "1.00"))
    return found


def _score(row: OutputEvaluation) -> tuple[str, ...]:
    best = min(row.baselines.items(), key=lambda pair: pair[1].mae, default=None)
    peer = "" if best is None else f"{best[1].mae:.4g} ({best[0].replace('_', ' ')})"
    return (
        row.output,
        str(row.heats),
        f"{row.surrogate.mae:.4g}",
        shown_r2(row.surrogate),
        f"{100 * row.coverage_90:.1f} %",
        peer,
    )


def _limits(facts: CardFacts) -> Iterator[str]:
    schema = facts.model.schema
    shares = dict(zip(schema.names, schema.largest_share, strict=True))
    yield "Beyond the shares of the charge that were ever tried: " + "; ".join(
        f"{name} up to {100 * share:.0f} %" for name, share in shares.items() if share > 0
    )
    unseen = [name for name, share in shares.items() if share == 0]
    if unseen:
        yield f"No heat has used {', '.join(unseen)}: what is said of these is the catalogue's, with its uncertainty."
    if schema.baskets_unrecorded:
        yield "The scrap baskets are not on record: effects of additions are associations, not experiments."
    yield "Content times recovery is learned as one number, for heats cannot tell the two apart."
    for alarm in facts.alarms:
        yield f"Drift alarm ({alarm.kind}) on {alarm.output} at heat {alarm.heat_id}: {alarm.shift_sd:+.1f} sd."
    for alarm in facts.moved:
        yield f"Input {alarm.output} left its usual level by heat {alarm.heat_id}: {alarm.shift_sd:+.1f} sd."
