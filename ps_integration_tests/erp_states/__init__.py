"""A document of ours in every state that an ERP knows, posted and read back over HTTP."""
