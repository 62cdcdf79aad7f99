"""The SHACL shapes, as package data."""
