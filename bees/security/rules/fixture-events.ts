import { derive } from '../events/derive.ts'
import { type SecurityEvent, securityEvent } from '../events/event.ts'
import { durationMs } from './duration.ts'
import type { Fixture, FixtureEvent } from './rule.ts'

/** A Monday, 09:00 UTC. */
export const fixtureStartMs = Date.UTC(2026, 0, 5, 9)
export const fixtureTenant = 'fixture'

const numeric = new Set(
  Object.entries(securityEvent.shape)
    .filter(([, field]) => field.safeParse(1).success || field.safeParse(0.5).success)
    .map(([name]) => name),
)

/** The events of a fixture, in the order of time. */
export function eventsOf(fixture: Fixture): readonly SecurityEvent[] {
  const events: SecurityEvent[] = []
  for (const [at, given] of fixture.events.entries()) {
    const count = given.repeat?.count ?? 1
    for (let index = 0; index < count; index++) events.push(eventOf(given, at, index))
  }
  return events.sort((a, b) => a.time - b.time || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
}

function eventOf(given: FixtureEvent, at: number, index: number): SecurityEvent {
  const { at: offset, repeat, vary, ...fields } = given
  const varied = Object.fromEntries(
    Object.entries(vary ?? {}).map(([name, how]) => [name, variedValue(name, how ?? '', index)]),
  )
  const everyMs = repeat === undefined ? 0 : durationMs(repeat.every)
  const draft = {
    id: `fixture-${at}-${String(index).padStart(5, '0')}`,
    source: 'fixture',
    status_id: 1,
    action: 'other' as const,
    ...fields,
    ...varied,
    time: fixtureStartMs + durationMs(offset) + index * everyMs,
  }
  return securityEvent.parse(derive(draft as Parameters<typeof derive>[0], fixtureTenant))
}

function variedValue(name: string, how: string | readonly (string | number | boolean)[], index: number) {
  if (typeof how !== 'string') return how[index % how.length]
  const text = how.replaceAll(/\{i((?:[%/*+]\d+)*)\}/g, (_whole, steps: string) => String(stepped(index, steps)))
  return numeric.has(name) && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text
}

/** `%5+1`, from left to right. */
function stepped(index: number, steps: string): number {
  let value = index
  for (const [, operator, digits] of steps.matchAll(/([%/*+])(\d+)/g)) {
    const operand = Number(digits)
    if (operator === '%') value %= operand
    else if (operator === '/') value = Math.floor(value / operand)
    else if (operator === '*') value *= operand
    else value += operand
  }
  return value
}
