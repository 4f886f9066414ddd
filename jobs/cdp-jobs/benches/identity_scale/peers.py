"""Clusters the same edges by another library: seconds, peak bytes and clusters, in one line."""

import resource
import sys
import time

peer, numbers, texts = sys.argv[1:]


def scipy():
    import numpy
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    edges = numpy.fromfile(numbers, dtype="<u4").reshape(-1, 2)
    nodes = int(edges.max()) + 1
    began = time.time()
    ones = numpy.ones(len(edges), dtype="i1")
    matrix = coo_matrix((ones, (edges[:, 0], edges[:, 1])), shape=(nodes, nodes))
    clusters, _ = connected_components(matrix, directed=False)
    return time.time() - began, clusters


def splink(is_text):
    import duckdb
    import numpy
    from splink import DuckDBAPI
    from splink.clustering import cluster_pairwise_predictions_at_threshold

    db = duckdb.connect()
    if is_text:
        db.execute(f"create table edges as select device_id as l, user_id as r from '{texts}'")
    else:
        import pyarrow

        pairs = numpy.fromfile(numbers, dtype="<u4").reshape(-1, 2).astype("i8")
        pairs = pyarrow.table({"l": pairs[:, 0].copy(), "r": pairs[:, 1].copy()})
        db.execute("create table edges as select * from pairs")
        del pairs
    db.execute("create table nodes as select l as id from edges union select r from edges")
    api = DuckDBAPI(connection=db)
    began = time.time()
    clusters = cluster_pairwise_predictions_at_threshold(
        "nodes",
        "edges",
        db_api=api,
        node_id_column_name="id",
        edge_id_column_name_left="l",
        edge_id_column_name_right="r",
    )
    seconds = time.time() - began
    name = clusters.physical_name
    count = db.execute(f"select count(distinct cluster_id) from {name}").fetchone()[0]
    return seconds, count


seconds, clusters = scipy() if peer == "scipy" else splink(peer == "splink-text")
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(seconds, peak, clusters)
