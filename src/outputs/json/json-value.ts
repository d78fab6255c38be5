/** A value that JSON can hold, with integers of any size. Maps become objects that keep the map's order. */
export type JsonValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | readonly JsonValue[]
  | ReadonlyMap<string, JsonValue>
  | { readonly [key: string]: JsonValue }

/**
 * JSON text of a value. Integers beyond 2^53 are written as numbers, digit by digit: `JSON.stringify` refuses them, and a
 * string would change the type with the size of the count.
 */
export function jsonText(value: JsonValue): string {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null)
  if (isArray(value)) return `[${value.map(jsonText).join(',')}]`
  const entries = isMap(value) ? [...value] : Object.entries(value)
  const members = entries.filter(([, member]) => member !== undefined)
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${jsonText(member)}`).join(',')}}`
}

// `Array.isArray` does not narrow readonly arrays.
function isArray(value: object): value is readonly JsonValue[] {
  return Array.isArray(value)
}

function isMap(value: object): value is ReadonlyMap<string, JsonValue> {
  return value instanceof Map
}
