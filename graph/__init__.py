"""The way of a fact: tables, mapping, validation, store, reasoning, query."""
