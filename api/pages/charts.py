"""What the page draws: the predicted analysis against the grade, as an ECharts option."""

import math
from typing import Any

from steel.recipes import AnalysisLine, Recipe

STEEL, HOT, PALE = "#2f5d8a", "#d9622b", "#9db8d1"
WORDS, LINES = "#74828f", "#74828f55"
"""Seen on a light ground and on a dark one."""
CAREFUL_BELOW = 0.9


def limited_lines(recipe: Recipe) -> list[AnalysisLine]:
    """The elements the grade limits."""
    return [line for line in recipe.analysis if line.maximum_wt_pct is not None or line.minimum_wt_pct is not None]


def analysis_chart(recipe: Recipe) -> dict[str, Any]:
    """Predicted interval of each limited element as a share of its limit.

    An element with a maximum is drawn as a share of it, one with only a minimum as a share of that; a
    triangle marks the minimum where both are set.
    """
    lines = list(reversed(limited_lines(recipe)))
    scale = [line.maximum_wt_pct or line.minimum_wt_pct or 1.0 for line in lines]

    def share(values: list[float]) -> list[float]:
        return [round(100.0 * value / unit, 2) for value, unit in zip(values, scale, strict=True)]

    low = share([line.predicted.low for line in lines])
    high = share([line.predicted.high for line in lines])
    minimum = [
        [100.0 * line.minimum_wt_pct / unit, position]
        for position, (line, unit) in enumerate(zip(lines, scale, strict=True))
        if line.minimum_wt_pct is not None
    ]
    return {
        "animationDuration": 200,
        "grid": {"left": 150, "right": 30, "top": 34, "bottom": 28},
        "legend": {
            "top": 0,
            "right": 10,
            "data": ["90 % interval", "expected", "minimum"],
            "itemHeight": 9,
            "textStyle": {"color": WORDS},
        },
        "xAxis": {
            "type": "value",
            "min": 0,
            "max": max(120, min(160, 20 * math.ceil((max(high, default=100) + 5) / 20))),
            "axisLabel": {"formatter": "{value} %", "color": WORDS},
            "splitLine": {"lineStyle": {"color": LINES}},
        },
        "yAxis": {
            "type": "category",
            "data": [_label(line) for line in lines],
            "axisTick": {"show": False},
            "axisLabel": {"color": WORDS},
        },
        "series": [
            {"type": "bar", "stack": "i", "data": low, "itemStyle": {"color": "transparent"}, "silent": True},
            {
                "type": "bar",
                "name": "90 % interval",
                "stack": "i",
                "barWidth": 12,
                "data": [round(h - left, 2) for h, left in zip(high, low, strict=True)],
                "itemStyle": {"color": PALE, "borderRadius": 3},
                "markLine": {
                    "symbol": "none",
                    "silent": True,
                    "data": [{"xAxis": 100}],
                    "lineStyle": {"color": HOT, "width": 2, "type": "solid"},
                    "label": {"formatter": "limit", "color": HOT, "position": "insideEndTop", "rotate": 0},
                },
            },
            {
                "type": "scatter",
                "name": "expected",
                "symbol": "rect",
                "symbolSize": [4, 16],
                "data": [[value, row] for row, value in enumerate(share([line.predicted.mean for line in lines]))],
                "itemStyle": {"color": STEEL},
            },
            {
                "type": "scatter",
                "name": "minimum",
                "symbol": "triangle",
                "symbolSize": 10,
                "symbolRotate": -90,
                "data": minimum,
                "itemStyle": {"color": HOT},
            },
        ],
    }


def _label(line: AnalysisLine) -> str:
    low, high = line.minimum_wt_pct, line.maximum_wt_pct
    if low is not None and high is not None:
        asked = f"{low:g}–{high:g}"
    else:
        asked = f"≤ {high:g}" if high is not None else f"≥ {low:g}"
    return f"{line.element.value}  {line.predicted.mean:.3f}  ({asked})"
