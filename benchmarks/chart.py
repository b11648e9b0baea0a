# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Draw the requests per second: ``chart.py FIGURES PICTURE``.

Runs under a Python that has matplotlib, which nothing else needs.
"""

import json
import sys
from pathlib import Path
from typing import Any

from matplotlib import pyplot

COLORS = {"native": "#8f8f8f", "fastapi": "#714b67", "published": "#d9a441"}
TITLES = {
    "native": "native controller",
    "fastapi": "this addon",
    "published": "the published addon",
}
INCHES = (9.0, 0.45)  # width; height of a task


def main(figures: str, picture: str) -> None:
    """Draw a panel for each kind of server and number of clients."""
    bars = json.loads(Path(figures).read_text())
    panels: dict[str, list[dict[str, Any]]] = {}
    for bar in bars:
        unit = "client" if bar["clients"] == 1 else "clients"
        name = f"{bar['server']}, {bar['clients']} {unit}"
        panels.setdefault(name, []).append(bar)
    names = [name for name in TITLES if any(name in bar["rates"] for bar in bars)]
    heights = [len(tasks) for tasks in panels.values()]
    figure, axes = pyplot.subplots(
        len(panels),
        squeeze=False,
        figsize=(INCHES[0], INCHES[1] * sum(heights) + 1.2 * len(panels)),
        height_ratios=heights,
        layout="constrained",
    )
    for axis, (title, tasks) in zip(axes.flat, panels.items(), strict=True):
        thickness = 0.8 / len(names)
        for number, name in enumerate(names):
            found = [
                (y, bar["rates"][name])
                for y, bar in enumerate(tasks)
                if name in bar["rates"]
            ]
            shown = axis.barh(
                [y + (number - (len(names) - 1) / 2) * thickness for y, _rate in found],
                [rate for _y, rate in found],
                thickness,
                color=COLORS[name],
                label=TITLES[name],
            )
            axis.bar_label(shown, fmt="%.0f", padding=2, fontsize=7)
        axis.set_yticks(
            range(len(tasks)), [bar["task"].replace("`", "") for bar in tasks]
        )
        axis.invert_yaxis()
        axis.set_title(title, loc="left")
        axis.set_xlabel("requests per second")
        axis.spines[["top", "right"]].set_visible(False)
    handles, labels = axes.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=3, frameon=False)
    figure.savefig(picture, dpi=110)


if __name__ == "__main__":
    main(*sys.argv[1:])
