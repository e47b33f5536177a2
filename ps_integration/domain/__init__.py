"""Values and decisions of the field; standard library only."""
