"""Judges clusters against the truth, pair by pair.

    evaluate.py CLUSTERS.csv TRUTH.csv

CLUSTERS.csv has `id,cluster_id`; a record it leaves out stands alone. TRUTH.csv has `id` and, in its
second column, the entity. A pair of records is a true positive when both say they are one. Prints
JSON. Ten million rows take seconds: pairs are counted from sizes, never listed.
"""

import json
import sys
from pathlib import Path

import duckdb

SIZES = """
with truth as (select id, entity
               from read_csv(?, header = true, all_varchar = true, names = ['id', 'entity'])),
given as (select id, cluster_id from read_csv(?, header = true, all_varchar = true)),
judged as (select truth.entity, coalesce('c' || given.cluster_id, 'alone-' || truth.id) as cluster
         from truth left join given using (id)),
cells as (select entity, cluster, count(*) as n from judged group by all),
clusters as (select cluster, sum(n) as n from cells group by cluster),
entities as (select entity, sum(n) as n from cells group by entity)
select (select sum(n * (n - 1) / 2) from cells)    as right_pairs,
       (select sum(n * (n - 1) / 2) from clusters) as made_pairs,
       (select sum(n * (n - 1) / 2) from entities) as true_pairs,
       (select sum(n) from cells)    as records,
       (select count(*) from clusters) as clusters,
       (select count(*) from entities) as entities,
       (select max(n) from clusters)   as largest_cluster
"""


def scores(right: float, made: float, true: float) -> dict[str, float]:
    """Pairwise precision, recall and F1 from counts of pairs."""
    precision = right / made if made else 1.0
    recall = right / true if true else 1.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {"precision": precision, "recall": recall, "f1": f1}


def evaluate(clusters: Path, truth: Path) -> dict[str, float]:
    """Scores and sizes of a clusters file against a truth file."""
    relation = duckdb.connect().execute(SIZES, [str(truth), str(clusters)])
    names = [column[0] for column in relation.description]
    counts = {name: int(value) for name, value in zip(names, relation.fetchone())}
    return {
        **scores(counts["right_pairs"], counts["made_pairs"], counts["true_pairs"]),
        **counts,
    }


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    print(json.dumps(evaluate(Path(sys.argv[1]), Path(sys.argv[2])), indent=1))
