-- Fills reconciliation.fields_tonight, once for all that compare fields or keep what they were.
insert into reconciliation.fields_tonight by name
from reconciliation.owned_fields;
