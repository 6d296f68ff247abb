"""Bulk work: an action on many rows is a job that a worker carries out row by row."""
