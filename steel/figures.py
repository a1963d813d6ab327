"""Figures as people read them: three that are significant, and kilograms where tonnes would be all noughts."""

KG_BELOW_T = 0.01
KG_PER_T = 1000.0


def mass_words(mass_t: float) -> str:
    """A mass with its three significant figures at least: t without a unit, below 10 kg kg with it.

    >>> mass_words(28.3071), mass_words(0.0265), mass_words(0.0000496)
    ('28.307', '0.0265', '0.0496 kg')
    """
    if abs(mass_t) >= KG_BELOW_T:
        return f"{mass_t:.3f}" if abs(mass_t) >= 0.1 else f"{mass_t:.4f}"
    return "0" if mass_t == 0 else f"{mass_t * KG_PER_T:.3g} kg"


def share_words(share: float) -> str:
    """How near to the optimum a recipe is proven to be."""
    return "proven optimal" if share < 5e-6 else f"proven within {100 * share:.3g} % of the optimum"
