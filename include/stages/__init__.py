"""The life of a model as four DAGs, joined only by Assets; each module here returns one of them for one model."""
