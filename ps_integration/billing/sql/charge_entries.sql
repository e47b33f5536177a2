-- What `chargeable` looks at: entries as they are accounted for.
create or replace temp view entries_to_charge as
select * from billing.entries;
