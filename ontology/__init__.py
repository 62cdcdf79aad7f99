"""The ontology: Turtle modules, rules and competency questions, as package data."""
