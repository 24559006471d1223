import type { EventField, SecurityEvent } from '../events/event.ts'
import { digest } from './hash.ts'

/**
 * A group: the fields whose values tell one state row from another. Two clauses over the same fields share the row, in
 * whatever order they name them.
 */
export interface Group {
  /** Its number among the groups of the compiled rules. */
  readonly index: number
  /** Names in the key, sorted and joined. */
  readonly names: string
  /** Fields that the values are taken from: the names, or their aliases. */
  readonly fields: readonly EventField[]
  /** A missing value is a value of its own; otherwise the event belongs to no row. */
  readonly isLoose: boolean
}

export const tenantKey = 't|'
const longest = 400

/** Key of the row, or null where a field is missing. */
export function keyOf(group: Group, event: SecurityEvent): string | null {
  let key = `g|${group.names}`
  for (const field of group.fields) {
    const value = event[field]
    if (value === undefined) {
      if (!group.isLoose) return null
      key += '|~'
    } else key += `|${typeof value === 'string' ? escaped(value) : String(value)}`
  }
  return key.length <= longest ? key : `h|${group.names}|${digest(key, 64)}`
}

/** A value cannot pass for two values, nor for a missing one. */
function escaped(value: string): string {
  if (!/[|%~]/.test(value)) return value
  return value.replaceAll('%', '%25').replaceAll('|', '%7C').replaceAll('~', '%7E')
}

/** Every group once, so that an event's keys are made once. */
export class Groups {
  readonly all: Group[] = []
  readonly #known = new Map<string, Group>()

  of(names: readonly EventField[], aliases: readonly EventField[] = names, isLoose = false): Group {
    const pairs = names.map((name, at) => ({ name, field: aliases[at] ?? name }))
    pairs.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
    const id = JSON.stringify([pairs, isLoose])
    const known = this.#known.get(id)
    if (known !== undefined) return known
    const group: Group = {
      index: this.all.length,
      names: pairs.map(({ name }) => name).join(','),
      fields: pairs.map(({ field }) => field),
      isLoose,
    }
    this.all.push(group)
    this.#known.set(id, group)
    return group
  }
}
