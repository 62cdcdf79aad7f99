"""What a member sends becomes triples that know their place in the member's own files."""
