drop trigger approvals_two_persons
;;
create trigger approvals_two_persons before insert on approvals
when exists (
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
        ) begin
    select raise(abort, 'approvals: the maker is not the checker, and the batch is the signed one');
end
;;
create trigger config_changes_two_persons before insert on config_changes
when new.act = 'accepted' and exists (
            select 1 from config_changes as c
            where
                c.act = 'installed' and lower(trim(c.who)) = lower(trim(new.who))
                and c.change_id > coalesce(
                    (select max(a.change_id) from config_changes as a where a.act = 'accepted'), 0
                )
        ) begin
    select raise(abort, 'config_changes: who changed a configuration does not accept it');
end
;;
create trigger config_changes_no_update before update on config_changes begin
    select raise(abort, 'config_changes is append-only');
end
;;
create trigger config_changes_no_delete before delete on config_changes begin
    select raise(abort, 'config_changes is append-only');
end
