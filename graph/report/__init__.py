"""The findings of a check, as people and tools read them."""
