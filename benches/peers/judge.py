"""Scores scored pairs at many thresholds, as clusters.

    judge.py PAIRS.csv TRUTH.csv

PAIRS.csv has `id_l,id_r,weight` among its columns, the weight in log2 of the odds; TRUTH.csv has
`id` and, in its second column, the entity. Prints JSON: the scan and its best row by F1.
"""

import json
import sys
from pathlib import Path

import duckdb
import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from evaluate import scores

PROBABILITIES = [0.2, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9995, 0.9999, 0.99999]
# Where the scan of thresholds begins and ends, in match weight.
LOWEST_WEIGHT, HIGHEST_WEIGHT = -10, 40


class Judge:
    """Scores clusters of the same records at any threshold of weight."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, pairs_query: str, truth: Path):
        """`pairs_query` gives `id_l, id_r, weight`."""
        connection.execute(
            "create table numbered as select id, (row_number() over ()) - 1 as n,"
            " dense_rank() over (order by entity) - 1 as entity from"
            " read_csv(?, header = true, all_varchar = true, names = ['id', 'entity'])",
            [str(truth)],
        )
        links = connection.execute(
            f"select l.n as l, r.n as r, weight::double as w from ({pairs_query}) as links"
            " join numbered l on l.id = id_l join numbered r on r.id = id_r"
        ).fetchnumpy()
        self.l, self.r = (np.asarray(links[side], dtype=np.int64) for side in "lr")
        self.weight = np.asarray(links["w"], dtype=np.float64)
        entity = connection.execute("select entity from numbered order by n").fetchnumpy()
        self.entity = np.asarray(entity["entity"], dtype=np.int64)
        self.true_pairs = pairs(np.bincount(self.entity))

    def at(self, weight: float) -> dict[str, float]:
        """Scores when pairs of at least this weight are joined."""
        kept = self.weight >= weight
        size = len(self.entity)
        ones = np.ones(int(kept.sum()), dtype=np.int8)
        graph = coo_array((ones, (self.l[kept], self.r[kept])), shape=(size, size))
        _, cluster = connected_components(graph, directed=False)
        cells = np.unique(cluster.astype(np.int64) * size + self.entity, return_counts=True)[1]
        sizes = np.bincount(cluster)
        found = scores(pairs(cells), pairs(sizes), self.true_pairs)
        return {
            "weight": round(weight, 3),
            "probability": 1 / (1 + 2.0**-weight),
            **found,
            "largest_cluster": int(sizes.max()),
        }

    def scan(self) -> list[dict[str, float]]:
        """Scores at every whole weight and at the probabilities people choose."""
        whole = range(LOWEST_WEIGHT, HIGHEST_WEIGHT + 1)
        weights = sorted({weight_of(p) for p in PROBABILITIES} | {float(w) for w in whole})
        return [self.at(weight) for weight in weights]


def pairs(sizes: np.ndarray) -> int:
    """Pairs within groups of these sizes."""
    sizes = sizes.astype(np.int64)
    return int((sizes * (sizes - 1) // 2).sum())


def weight_of(probability: float) -> float:
    return float(np.log2(probability / (1 - probability)))


def best(scan: list[dict[str, float]]) -> dict[str, float]:
    return max(scan, key=lambda row: row["f1"])


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    query = f"select id_l, id_r, weight from read_csv('{sys.argv[1]}', header = true, all_varchar = true)"
    rows = Judge(duckdb.connect(), query, Path(sys.argv[2])).scan()
    print(json.dumps({"at_best": best(rows), "scan": rows}, indent=1))
