"""The way of a fact: tables, mapping, validation, the record, reasoning, query, worker, engine."""
