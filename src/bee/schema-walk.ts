import type { z } from 'zod'

export type Schema = z.core.$ZodType

/** Everything on the way from a schema to the values that it describes: its wrappers, alternatives and pipe ends. */
export function unfold(schemas: readonly Schema[], seen: Set<Schema> = new Set()): readonly Schema[] {
  return schemas.flatMap((schema) => {
    if (seen.has(schema)) return []
    seen.add(schema)
    return [schema, ...unfold(inner(schema), seen)]
  })
}

function inner(schema: Schema): readonly Schema[] {
  const internals = (schema as z.core.$ZodTypes)._zod
  switch (internals.def.type) {
    case 'optional':
    case 'nullable':
    case 'nonoptional':
    case 'default':
    case 'prefault':
    case 'catch':
    case 'readonly':
    case 'success':
    case 'promise':
      return [internals.def.innerType]
    case 'union':
      return internals.def.options
    case 'intersection':
      return [internals.def.left, internals.def.right]
    case 'pipe':
      return [internals.def.in, internals.def.out]
    case 'lazy':
      return [(schema as z.core.$ZodLazy)._zod.innerType]
    default:
      return []
  }
}

/** The schemas that may describe the member `key` of a value described by `unfolded`; none when no schema knows it. */
export function memberSchemas(unfolded: readonly Schema[], key: string): readonly Schema[] {
  return unfolded.flatMap((schema) => {
    const { def } = (schema as z.core.$ZodTypes)._zod
    if (def.type === 'record') return [def.valueType]
    if (def.type !== 'object') return []
    const declared = Object.hasOwn(def.shape, key) ? def.shape[key] : def.catchall
    return declared === undefined || isNever(declared) ? [] : [declared]
  })
}

/** The schemas that may describe the element at `index`. */
export function elementSchemas(unfolded: readonly Schema[], index: number): readonly Schema[] {
  return unfolded.flatMap((schema) => {
    const { def } = (schema as z.core.$ZodTypes)._zod
    if (def.type === 'array') return [def.element]
    if (def.type !== 'tuple') return []
    const element = def.items[index] ?? def.rest
    return element ? [element] : []
  })
}

/** True when the member names of such a value are part of the contract, not data. */
export function declares(unfolded: readonly Schema[], key: string): boolean {
  return unfolded.some((schema) => {
    const { def } = (schema as z.core.$ZodTypes)._zod
    return def.type === 'object' && Object.hasOwn(def.shape, key)
  })
}

/** True when some schema of these describes objects (or arrays) from the inside. */
export function describesInside(unfolded: readonly Schema[], kind: 'object' | 'array'): boolean {
  const types = kind === 'object' ? ['object', 'record'] : ['array', 'tuple']
  return unfolded.some((schema) => types.includes(schema._zod.def.type))
}

export const isPlainObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isNever = (schema: Schema) => schema._zod.def.type === 'never'

/** The key and value schemas of the records among these. */
export function recordSchemas(
  unfolded: readonly Schema[],
): readonly { readonly key: Schema; readonly value: Schema }[] {
  return unfolded.flatMap((schema) => {
    const { def } = (schema as z.core.$ZodTypes)._zod
    return def.type === 'record' ? [{ key: def.keyType, value: def.valueType }] : []
  })
}
