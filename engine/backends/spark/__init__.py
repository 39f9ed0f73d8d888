"""Spark: the cluster deals out records, its workers judge them with an engine of this program."""
