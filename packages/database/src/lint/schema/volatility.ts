import { callsIn } from './expressions.ts';
import { find, type KnownSchema } from './known-schema.ts';
import { nameOfParts } from './names.ts';

/** Functions of PostgreSQL that are immutable or stable in all their forms: of those, what people write into defaults. */
const STEADY = new Set(
  `abs age array_append array_cat array_fill array_length array_position array_prepend array_remove array_replace
  array_to_json array_to_string ascii bit_length btrim cardinality casefold cbrt ceil ceiling char_length character_length chr
  concat concat_ws convert convert_from convert_to current_database current_schema current_schemas current_setting
  current_user date date_add date_bin date_part date_subtract date_trunc daterange decode degrees div encode enum_first
  enum_last enum_range exp extract factorial floor format gcd get_bit get_byte greatest hashtext hostmask inet_client_addr
  inet_server_addr initcap int4range int8range isfinite json_array_length json_build_array json_build_object json_object
  json_typeof jsonb_array_length jsonb_build_array jsonb_build_object jsonb_object jsonb_set jsonb_strip_nulls jsonb_typeof
  justify_days justify_hours justify_interval lcm least left length ln log log10 lower lpad ltrim make_date make_interval
  make_time make_timestamp make_timestamptz masklen md5 mod network normalize now num_nonnulls num_nulls numrange
  octet_length overlay parse_ident pi point position power quote_ident quote_literal quote_nullable radians regexp_replace
  repeat replace reverse right round row_to_json rpad rtrim session_user set_masklen setweight sha224 sha256 sha384 sha512
  sign split_part sqrt statement_timestamp string_to_array strpos substr substring text timezone to_char to_date to_hex
  to_json to_jsonb to_number to_regclass to_timestamp to_tsquery to_tsvector transaction_timestamp translate trim trunc
  tsrange tstzrange txid_current unaccent upper uuid_nil uuid_ns_dns uuid_ns_url version xmlcomment`.split(
    /\s+/,
  ),
);

/** A function in an expression that may give another value for each row. */
export interface VolatileCall {
  readonly name: string;
  /** Whether that is known, or only not known otherwise. */
  readonly certain: boolean;
}

const VOLATILE = new Set(
  `clock_timestamp currval gen_random_bytes gen_random_uuid gen_salt lastval nextval random random_normal setval timeofday
  uuid_generate_v1 uuid_generate_v1mc uuid_generate_v4 uuidv4 uuidv7`.split(/\s+/),
);

/** The first call in an expression that makes a default volatile: PostgreSQL then computes it for each row there is. */
export function volatileCall(schema: KnownSchema, expression: unknown): VolatileCall | undefined {
  for (const parts of callsIn(expression)) {
    const name = parts.at(-1) ?? '';
    const own = find(schema, schema.functions, nameOfParts(parts));
    if (own?.volatile === true) return { name, certain: true };
    if (own !== undefined || STEADY.has(name)) continue;
    return { name, certain: VOLATILE.has(name) };
  }
  return undefined;
}
