-- What was changed in the warehouse since the last night, and put right or not.
select sentence
from config.mendings
inner join config.run on config.mendings.run_id = config.run.run_id
order by sentence asc;
