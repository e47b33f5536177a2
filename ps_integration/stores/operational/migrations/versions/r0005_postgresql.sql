create or replace function check_two_persons() returns trigger language plpgsql as $$
begin
    if exists (
            select 1 from batch_makers as bm
            where bm.batch_id = new.batch_id and lower(trim(bm.maker)) = lower(trim(new.decided_by))
        )
        or lower(trim(new.decided_by)) = lower(trim(new.maker))
        or trim(new.decided_by) = ''
        or not exists (
            select 1 from batches as b
            where
                b.batch_id = new.batch_id and b.maker = new.maker
                and b.content_sha256 = new.content_sha256 and b.merkle_root = new.merkle_root
        ) then
        raise exception 'approvals: the maker is not the checker, and the batch is the signed one';
    end if;
    return new;
end
$$
;;
create function check_config_persons() returns trigger language plpgsql as $$
begin
    if new.act = 'accepted' and exists (
            select 1 from config_changes as c
            where
                c.act = 'installed' and lower(trim(c.who)) = lower(trim(new.who))
                and c.change_id > coalesce(
                    (select max(a.change_id) from config_changes as a where a.act = 'accepted'), 0
                )
        ) then
        raise exception 'config_changes: who changed a configuration does not accept it';
    end if;
    return new;
end
$$
;;
create trigger config_changes_two_persons before insert on config_changes
for each row execute function check_config_persons()
;;
create trigger config_changes_append_only before update or delete on config_changes
for each row execute function refuse_change()
;;
create trigger config_changes_no_truncate before truncate on config_changes
for each statement execute function refuse_change()
