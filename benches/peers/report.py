"""Writes what was measured as a table and a plot.

    report.py RESULTS.json FOLDER

RESULTS.json is a list of measurements as `run` and `splink_link.py` make them. FOLDER gets
`results.md` and, when there are several sizes of one table, `results.svg` and `results.png`.
"""

import json
import re
import sys
from pathlib import Path

HEADINGS = [
    ("set", "set"),
    ("who", "who"),
    ("F1 default", "f1_default"),
    ("precision", "precision"),
    ("recall", "recall"),
    ("F1 best", "f1_best"),
    ("at probability", "best_at"),
    ("seconds", "seconds"),
    ("CPU s", "cpu_seconds"),
    ("peak MB", "peak_mb"),
    ("pairs scored", "pairs_scored"),
    ("of the seconds", "stages"),
]


def cells(row: dict) -> dict[str, str]:
    """One measurement as text, by name of column."""
    default, best = row["at_default"], row.get("at_best")
    stages = row.get("stages", {})
    return {
        "set": row["set"],
        "who": row["model"],
        "f1_default": f"{default['f1']:.4f}",
        "precision": f"{default['precision']:.4f}",
        "recall": f"{default['recall']:.4f}",
        "f1_best": f"{best['f1']:.4f}" if best else "",
        "best_at": at(best) if best else "",
        "seconds": f"{row['seconds']:.1f}",
        "cpu_seconds": f"{row['cpu_seconds']:.1f}",
        "peak_mb": f"{row['peak_mb']:,}",
        "pairs_scored": f"{row['pairs_scored']:,}" if row.get("pairs_scored") else "",
        "stages": ", ".join(f"{name} {seconds:.1f}" for name, seconds in stages.items()),
    }


def at(row: dict) -> str:
    """The threshold of a row; where it has none, the default was the best there is."""
    if "weight" not in row:
        return "its default"
    return f"{row['probability']:.5f} (weight {row['weight']:g})"


def table(rows: list[dict]) -> str:
    """The measurements as a Markdown table."""
    lines = [
        "| " + " | ".join(title for title, _ in HEADINGS) + " |",
        "|" + "---|" * len(HEADINGS),
    ]
    for row in rows:
        text = cells(row)
        lines.append("| " + " | ".join(text[name] for _, name in HEADINGS) + " |")
    return "\n".join(lines) + "\n"


def plot(rows: list[dict], folder: Path) -> None:
    """Seconds and memory by number of records, one line for each who."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    sized = [row for row in rows if re.fullmatch(r"people_\d+[km]?", row["set"])]
    whos = sorted({row["model"] for row in sized})
    if len({row["records"] for row in sized}) < 2:
        return
    figure, axes = pyplot.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
    for axis, key, title in zip(axes, ["seconds", "peak_mb"], ["Seconds", "Peak memory, MB"]):
        for who in whos:
            line = sorted((r["records"], r[key]) for r in sized if r["model"] == who)
            axis.plot(*zip(*line), marker="o", label=who)
        axis.set(xscale="log", yscale="log", xlabel="Records", title=title)
        axis.grid(True, which="both", alpha=0.25)
    axes[0].legend()
    for ending in ["svg", "png"]:
        figure.savefig(folder / f"results.{ending}", dpi=120)


def main(results: Path, folder: Path) -> None:
    rows = json.loads(results.read_text())
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.md").write_text(table(rows))
    plot(rows, folder)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
