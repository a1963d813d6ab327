"""What no steel and no furnace can be: beyond it, a value is a slip, another unit or another decimal sign."""

from steel.elements import Element

MOST_WT_PCT: dict[Element, float] = {
    Element.C: 10.0, Element.SI: 25.0, Element.MN: 90.0, Element.P: 3.0, Element.S: 1.0, Element.CU: 6.0,
    Element.CR: 40.0, Element.NI: 60.0, Element.MO: 15.0, Element.SN: 1.0, Element.V: 10.0, Element.N: 1.0,
    Element.AS: 0.5, Element.AL: 10.0, Element.TI: 5.0, Element.CO: 30.0, Element.W: 25.0, Element.PB: 0.5,
    Element.NB: 5.0,
}  # fmt: skip
"""More of an element than any iron-based melt holds, tool steels and alloyed irons included."""
ENERGY_KWH_PER_T = (0.0, 3000.0)
TAPPED_T = (1e-3, 1000.0)
TAPPED_PER_CHARGED = (0.5, 1.2)
"""Steel tapped per t charged: below it, charge or steel is in another unit; above it, baskets are missing."""
SUMMARIES = frozenset(
    {
        "total", "totals", "sum", "sums", "subtotal", "average", "averages", "avg", "avg.", "mean", "median", "min",
        "min.", "max", "max.", "minimum", "maximum", "std", "sd", "rsd", "stdev", "std.dev.", "count", "grand total",
        "summe", "gesamt", "mittel", "mittelwert", "mw", "durchschnitt", "anzahl", "somme", "moyenne", "media",
        "promedio", "totaal", "gemiddelde", "suma", "totale",
    }
)  # fmt: skip
"""What stands in place of a heat number where a row sums others up, in small letters."""


def is_summary(heat_id: str) -> bool:
    """Whether a heat number is none but the name of a summary."""
    plain = heat_id.strip().rstrip(":").casefold()
    return plain in SUMMARIES or plain.split(" ")[0] in SUMMARIES
