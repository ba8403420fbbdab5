-- currentUser() is whom a client of the native protocol names as the initiator of its query; authenticatedUser() is who logged in.
alter table governance.audit_entries
    modify column db_user String materialized authenticatedUser() comment 'Who inserted the row, as the server knows it';
