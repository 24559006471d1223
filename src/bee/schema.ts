import { z } from 'zod'
import { digestOf, type Json } from '../canonical.ts'
import { BeeError } from '../errors.ts'

/** JSON Schema (draft 2020-12) of what a task takes and of what it publishes. */
export interface TaskSchemas {
  readonly input: { readonly [key: string]: Json }
  readonly output: { readonly [key: string]: Json }
}

/**
 * The JSON Schemas of a task: its input as submitters write it, its output as readers see it.
 *
 * @throws BeeError BEE_BEE_INVALID when a schema accepts what JSON cannot say (dates, bigints, sets, ...).
 */
export function taskSchemas(task: { readonly input: z.ZodType; readonly output: z.ZodType }): TaskSchemas {
  return { input: jsonSchema(task.input, 'input'), output: jsonSchema(task.output, 'output') }
}

/** SHA-256 of the canonical JSON of both schemas: equal for equal contracts, on every machine. It is in each receipt. */
export function schemaHash(schemas: TaskSchemas): string {
  return digestOf({ input: withoutOrder(schemas.input), output: withoutOrder(schemas.output) })
}

/** `required` is a set written as a list: the order in which somebody wrote the members down must not count. */
function withoutOrder(schema: Json): unknown {
  return JSON.parse(JSON.stringify(schema), (name, value: unknown) =>
    name === 'required' && Array.isArray(value) ? value.toSorted() : value,
  )
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): { readonly [key: string]: Json } {
  try {
    // Through text: zod's own object carries a hidden member that is no JSON.
    return JSON.parse(JSON.stringify(z.toJSONSchema(schema, { io })))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new BeeError('BEE_BEE_INVALID', `${io}: expected a schema of JSON values only: ${reason}`, { cause: error })
  }
}
