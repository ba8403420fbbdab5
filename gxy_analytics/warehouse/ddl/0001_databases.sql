-- The databases of the platform. dbt owns the tables of staging, marts, platform and features; migrations own the rest.
create database if not exists raw;
create database if not exists pii;
create database if not exists staging;
create database if not exists marts;
create database if not exists platform;
create database if not exists features;
create database if not exists governance;
