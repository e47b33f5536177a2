-- Fills billing.rated_entries, and empties billing.rated_today.
delete from billing.rated_entries;

insert into billing.rated_entries by name
select * from rated;

delete from billing.rated_today;
