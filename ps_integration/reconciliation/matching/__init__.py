"""Which entries a line typed into the ERP by hand bills: found exactly, or said to be ambiguous."""
