-- expect: default-partition
-- truth: visits_rest ACCESS EXCLUSIVE scan
-- migrate:up
create table visits_new partition of visits for values from (10) to (20);
