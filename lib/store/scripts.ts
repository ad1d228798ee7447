/** The Lua scripts that a store runs, each on the hash of one bucket. A node loads them at each connection. */

/** A script: its text, and the digest that `EVALSHA` needs. */
export interface Script {
  readonly text: string;
  /** SHA-1 of the text, as 40 hexadecimal digits. */
  readonly sha: string;
}

/**
 * Removes a field and returns its value; nil if there is no such field; its length, and the field stays,
 * if the value is longer than the limit.
 *
 * Arguments: field, limit in bytes.
 */
export const REMOVE: Script = {
  text: `local value = redis.call('HGET', KEYS[1], ARGV[1])
if not value then return false end
if #value > tonumber(ARGV[2]) then return #value end
redis.call('HDEL', KEYS[1], ARGV[1])
return value`,
  sha: "c859fe18973a388e2c218b92ae71300b9ba9e3c8",
};

/**
 * Returns the values of fields, nil for a missing field. It stops before the value with which all values
 * would be longer than the limit, but returns at least one.
 *
 * Arguments: limit in bytes, fields.
 */
export const GET_SOME: Script = {
  text: `local values, bytes, limit = {}, 0, tonumber(ARGV[1])
for at = 2, #ARGV do
  local value = redis.call('HGET', KEYS[1], ARGV[at])
  if value then
    bytes = bytes + #value
    if bytes > limit and at > 2 then break end
  end
  values[at - 1] = value
end
return values`,
  sha: "06a48af7d64deef358ccf120304f2d2527491455",
};

export const SCRIPTS: readonly Script[] = [REMOVE, GET_SOME];
