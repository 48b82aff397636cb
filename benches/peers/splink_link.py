"""Links one table with Splink and says how well and at what cost.

    splink_link.py TABLE.csv TRUTH.csv --model NAME [--out clusters.csv]

One table, one model, one process, so that the peak of memory is that table's. What is timed is what
a user waits for: reading and cleaning, training, prediction, clustering, writing. What only judges
the result (scanning thresholds, counting candidate pairs) comes after and is left out of time and
memory. Prints JSON.
"""

import argparse
import json
import logging
import resource
import sys
import time
import warnings
from contextlib import contextmanager
from pathlib import Path

import duckdb
import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from splink import DuckDBAPI, Linker
from splink.blocking_analysis import count_comparisons_from_blocking_rules

from evaluate import scores
from models import MODELS, Model

PROBABILITIES = [0.2, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9995, 0.9999, 0.99999]
# Where the scan of thresholds begins, in match weight (log2 of the odds); it goes up to 40.
LOWEST_WEIGHT = -10


class Stages:
    """Wall and processor seconds of each named stage, in order."""

    def __init__(self) -> None:
        self.wall: dict[str, float] = {}
        self.cpu: dict[str, float] = {}

    @contextmanager
    def __call__(self, name: str):
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.wall[name] = round(time.perf_counter() - wall, 3)
        self.cpu[name] = round(time.process_time() - cpu, 3)


def peak_mb() -> float:
    """Peak resident memory so far. DuckDB works inside this process, so its threads count."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def read(connection: duckdb.DuckDBPyConnection, table: Path, model: Model, api: DuckDBAPI):
    """The cleaned table, or the two tables of a linkage, as Splink takes them."""
    connection.execute(
        "create table raw as select * from read_csv(?, header = true, all_varchar = true)",
        [str(table)],
    )
    connection.execute(f"create table cleaned as {model.clean}")
    connection.execute("drop table raw")
    if model.source_column is None:
        return api.register("cleaned")
    sources = connection.execute(
        f"select distinct {model.source_column} from cleaned order by 1"
    ).fetchall()
    halves = []
    for (source,) in sources:
        connection.execute(
            f"create table half_{source} as select * exclude ({model.source_column})"
            f" from cleaned where {model.source_column} = '{source}'"
        )
        halves.append(api.register(f"half_{source}"))
    return halves


def write(connection, clusters, model: Model, out: Path) -> None:
    """Clusters as `id,cluster_id`."""
    clusters.as_duckdbpyrelation().create_view("clusters_to_write")
    connection.execute(
        f"copy (select {model.id_column} as id, cluster_id from clusters_to_write)"
        f" to '{out}' (header, delimiter ',')"
    )


class Judge:
    """Scores clusters of the same records at many thresholds."""

    def __init__(self, connection, predictions, model: Model, truth: Path) -> None:
        connection.execute(
            "create table numbered as select id, (row_number() over ()) - 1 as n,"
            " dense_rank() over (order by entity) - 1 as entity from"
            " read_csv(?, header = true, all_varchar = true, names = ['id', 'entity'])",
            [str(truth)],
        )
        predictions.as_duckdbpyrelation().create_view("predicted")
        links = connection.execute(
            "select l.n as l, r.n as r, match_weight as w from predicted"
            f" join numbered l on l.id = {model.id_column}_l"
            f" join numbered r on r.id = {model.id_column}_r"
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


def pairs(sizes: np.ndarray) -> int:
    """Pairs within groups of these sizes."""
    sizes = sizes.astype(np.int64)
    return int((sizes * (sizes - 1) // 2).sum())


def weight_of(probability: float) -> float:
    return float(np.log2(probability / (1 - probability)))


def candidate_pairs(model: Model, inputs, api) -> int:
    """How many pairs the blocking rules give, each counted once, exactly."""
    settings = model.settings
    counts = count_comparisons_from_blocking_rules(
        inputs,
        blocking_rules=settings.blocking_rules_to_generate_predictions,
        link_type=settings.link_type,
        unique_id_column_name=model.id_column,
        record_sample_proportion=1.0,
    )
    return int(counts[-1]["cumulative_comparison_count"])


def link(table: Path, truth: Path, name: str, out: Path | None) -> dict:
    model = MODELS[name]()
    stage = Stages()
    connection = duckdb.connect()
    api = DuckDBAPI(connection)
    with stage("read"):
        inputs = read(connection, table, model, api)
        linker = Linker(inputs, model.settings)
    model.train(linker, stage)
    with stage("predict"):
        predictions = linker.inference.predict(threshold_match_probability=model.predict_at)
    with stage("cluster"):
        clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(
            predictions, threshold_match_probability=model.cluster_at
        )
    with stage("write"):
        if out:
            write(connection, clusters, model, out)
    peak = peak_mb()

    kept = predictions.as_duckdbpyrelation().count("*").fetchall()[0][0]
    predictions.drop_table_from_database_and_remove_from_cache()
    every = linker.inference.predict(threshold_match_weight=LOWEST_WEIGHT)
    judge = Judge(connection, every, model, truth)
    weights = sorted({weight_of(p) for p in PROBABILITIES} | set(range(LOWEST_WEIGHT, 41)))
    scan = [judge.at(weight) for weight in weights]
    return {
        "set": table.stem,
        "model": name,
        "records": len(judge.entity),
        "seconds": round(sum(stage.wall.values()), 2),
        "cpu_seconds": round(sum(stage.cpu.values()), 2),
        "stages": stage.wall,
        "stages_cpu": stage.cpu,
        "peak_mb": round(peak),
        "pairs_scored": candidate_pairs(model, inputs, api),
        "pairs_kept": kept,
        "at_default": judge.at(weight_of(model.cluster_at)),
        "at_best": max(scan, key=lambda row: row["f1"]),
        "scan": scan,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("--model", required=True, choices=sorted(MODELS))
    parser.add_argument("--out", type=Path, help="write clusters here, id,cluster_id")
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    json.dump(link(arguments.table, arguments.truth, arguments.model, arguments.out), sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
