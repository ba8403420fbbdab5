-- A backend may correct the instant of a row: the day it leaves is counted as one that received rows (extraction).
alter table raw.oltp_orders
    modify column placed_at comment 'Decides the order''s day; where a backend corrects it, both days are built again';
