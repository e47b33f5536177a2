-- What `chargeable` looks at: posted entries as the master data of today would have them.
create or replace temp view entries_to_charge as
select * from billing.entries_today;
