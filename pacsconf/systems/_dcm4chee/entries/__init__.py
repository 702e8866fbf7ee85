"""Entries of an archive's own: storages, exporters, rules, policies, queues, loggers."""
