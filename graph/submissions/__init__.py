"""The life of what a member sends: received, checked, proposed, decided, undone; each step is one commit."""
