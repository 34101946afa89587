-- Who did what to what, and when. Rows are only ever inserted.

-- migrate:up

create table audit_log (
  id uuid primary key,
  -- the order of writing, which times and ids cannot give: rows of one transaction share their time
  position bigint generated always as identity,
  occurred_at timestamptz not null default now(),
  actor_type text not null,
  -- no foreign key: the record outlives the actor
  actor_id uuid,
  action text not null,
  subject_type text not null,
  subject_id text,
  session_id uuid,
  request_id text,
  address inet,
  details jsonb not null default '{}',
  constraint audit_log_actor_type_known check (actor_type in ('user', 'system', 'operator', 'anonymous')),
  constraint audit_log_action_format check (action ~ '^[a-z_]+(\.[a-z_]+)+$')
);
create unique index audit_log_position on audit_log (position);
create index audit_log_time on audit_log (occurred_at);
create index audit_log_actor on audit_log (actor_id, position) where actor_id is not null;
create index audit_log_subject on audit_log (subject_type, subject_id, position);
create index audit_log_action on audit_log (action, position);
create index audit_log_request on audit_log (request_id) where request_id is not null;

-- migrate:down

drop table audit_log;
