import hashlib

import pyoxigraph as ox


def dataset_hash(quads):
    d=ox.Dataset(quads); d.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return hashlib.sha256("".join(sorted(f"{q} .\n" for q in d)).encode()).hexdigest()
