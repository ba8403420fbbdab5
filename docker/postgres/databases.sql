-- Run once, when the volume is new: Dagster's storage, and a stand-in for the backend's database.
create database dagster;
create database oltp;
\connect oltp
\i /usr/local/share/gxy/oltp_schema.sql
