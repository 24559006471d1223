import { z } from 'zod'
import {
  declares,
  describesInside,
  elementSchemas,
  isPlainObject,
  memberSchemas,
  recordSchemas,
  type Schema,
  unfold,
} from './schema-walk.ts'

/** What stands in the place of a sensitive value, whatever its type was. */
export const HIDDEN = '[sensitive]'

const MARK = 'x-sensitive'

/**
 * Marks a field whose value must never reach logs, errors, metrics or the broker's output. Works on any schema, whole
 * objects included; mark last, since `.extend()` and the like make a new, unmarked schema. Shows as
 * `"x-sensitive": true` in the JSON Schema. A value under a marked field is still stored by the task's own SQL.
 *
 * @example email: sensitive(z.email()).optional()
 */
export function sensitive<T extends z.ZodType>(schema: T): T {
  // What was said about the schema before is inherited.
  return schema.meta({ [MARK]: true }) as T
}

/** True when the schemas, or what they wrap, or the keys of a record among them, are marked. */
export function isHidden(unfolded: readonly Schema[]): boolean {
  return unfolded.some((schema) => {
    if (z.globalRegistry.get(schema)?.[MARK] === true) return true
    const { def } = (schema as z.core.$ZodTypes)._zod
    return (
      def.type === 'template_literal' && isHidden(unfold(def.parts.flatMap((part) => (isSchema(part) ? [part] : []))))
    )
  })
}

/** True when the keys of such a value are data to hide: those of a record whose key schema is marked. */
export function hidesKeys(unfolded: readonly Schema[]): boolean {
  return recordSchemas(unfolded).some(({ key }) => isHidden(unfold([key])))
}

const anySensitive = new WeakMap<Schema, boolean>()

/** True when anything under the schema is marked; remembered, since it is asked for each process. */
export function hasSensitive(schema: Schema): boolean {
  const known = anySensitive.get(schema)
  if (known !== undefined) return known
  const found = sensitivePaths(schema).length > 0
  anySensitive.set(schema, found)
  return found
}

/**
 * Where the marked fields are, for people: `customer.email`, `items[].note`, `labels.*`. The whole value is `.`.
 */
export function sensitivePaths(schema: Schema): readonly string[] {
  return [...new Set(pathsUnder([schema], '', new Set()))].sort()
}

function pathsUnder(schemas: readonly Schema[], path: string, above: ReadonlySet<Schema>): readonly string[] {
  const unfolded = unfold(schemas).filter((schema) => !above.has(schema))
  if (isHidden(unfolded) || hidesKeys(unfolded)) return [path === '' ? '.' : path]
  const inside = new Set([...above, ...unfolded])
  const under = (schema: Schema, step: string) =>
    pathsUnder([schema], path === '' ? step : `${path}${dot(step)}`, inside)
  return unfolded.flatMap((schema) => {
    const { def } = (schema as z.core.$ZodTypes)._zod
    if (def.type === 'array') return under(def.element, '[]')
    if (def.type === 'record') return under(def.valueType, '*')
    if (def.type === 'tuple') {
      return [...def.items.map((item) => item), ...(def.rest ? [def.rest] : [])].flatMap((item) => under(item, '[]'))
    }
    if (def.type !== 'object') return []
    const members = Object.entries(def.shape).flatMap(([name, member]) => under(member, name))
    return def.catchall ? [...members, ...under(def.catchall, '*')] : members
  })
}

const dot = (step: string) => (step === '[]' ? step : `.${step}`)
const isSchema = (part: unknown): part is Schema => typeof part === 'object' && part !== null && '_zod' in part

/**
 * A copy fit to be published: every marked field is the string '[sensitive]'. Where a value could belong to several
 * alternatives of a union, it is hidden if any of them hides it. Members that no schema knows are left out of values
 * that hold marked fields; a value without any is returned as it is.
 */
export function redact(schema: Schema, value: unknown): unknown {
  return hasSensitive(schema) ? redactBy([schema], value) : value
}

function redactBy(schemas: readonly Schema[], value: unknown): unknown {
  const unfolded = unfold(schemas)
  if (value === undefined) return undefined
  if (isHidden(unfolded)) return HIDDEN
  if (Array.isArray(value)) {
    if (!describesInside(unfolded, 'array')) return value
    return value.map((item, index) => redactBy(elementSchemas(unfolded, index), item))
  }
  if (!isPlainObject(value) || !describesInside(unfolded, 'object')) return value
  // Keys that are data cannot be replaced one by one: two of them would become one.
  if (hidesKeys(unfolded)) return HIDDEN
  const members = Object.entries(value).flatMap(([key, member]) => {
    const known = memberSchemas(unfolded, key)
    return known.length === 0 ? [] : [[key, redactBy(known, member)] as const]
  })
  return Object.fromEntries(members)
}

/**
 * The leaf values under marked fields, as text: what a scrubber looks for in free text. Member names count as values
 * where they are data (records, and what is no name in values of unknown shape), not where the schema declares them.
 * Booleans and null say too little to be looked for.
 */
export function sensitiveValues(schema: Schema, value: unknown): ReadonlySet<string> {
  const found = new Set<string>()
  if (hasSensitive(schema)) collect([schema], value, false, found)
  return found
}

function collect(schemas: readonly Schema[], value: unknown, hidden: boolean, found: Set<string>): void {
  const unfolded = unfold(schemas)
  const inside = hidden || isHidden(unfolded)
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') {
    if (inside) found.add(String(value))
    return
  }
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) collect(elementSchemas(unfolded, index), item, inside, found)
    return
  }
  if (!isPlainObject(value)) return
  const keysToo = inside || hidesKeys(unfolded)
  for (const [key, member] of Object.entries(value)) {
    if (keysToo && isData(unfolded, key)) found.add(key)
    collect(memberSchemas(unfolded, key), member, keysToo, found)
  }
}

/** In a value of unknown shape `postal_code` is a name, and scrubbing it would only spoil the text. */
function isData(unfolded: readonly Schema[], key: string): boolean {
  if (declares(unfolded, key)) return false
  return recordSchemas(unfolded).length > 0 || !/^[A-Za-z_]\w{0,39}$/.test(key)
}
