import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { derive } from '../../bees/security/events/derive.ts'
import { type SecurityEvent, securityEvent } from '../../bees/security/events/event.ts'
import { randomFrom } from '../support/index.ts'
import type { Cast } from './cast.ts'
import { day, epochMs } from './clock.ts'
import { drainedCast, independentCast, lookAlikes } from './independent/cast.ts'
import { expectations } from './independent/expectations.ts'
import { allDetections } from './scenarios/index.ts'
import { heldOutSeeds, independentSeeds, tuningSeeds } from './seeds.ts'
import { createWorld, type WorldOptions } from './world.ts'

const small = { seed: 21, users: 250, warmupDays: 2, cast: independentCast } as const

function read(options: WorldOptions) {
  const world = createWorld(options)
  const events: SecurityEvent[] = []
  for (const today of world.stream) events.push(...today)
  return { ...world, events }
}

const digest = (options: WorldOptions): string =>
  createHash('sha256')
    .update(JSON.stringify(read(options).events))
    .digest('hex')

describe('the independent set', () => {
  it('has seeds of its own', () => {
    expect(new Set([...tuningSeeds, ...heldOutSeeds, ...independentSeeds]).size).toBe(12)
  })

  it('says beforehand what it expects of every attack', () => {
    expect(expectations.map(({ detection }) => detection)).toEqual(allDetections)
    expect(Object.keys(independentCast.scenarios).map(Number)).toEqual(allDetections)
  })

  it('is the same for the same seed, and another for another', () => {
    const first = digest({ ...small, weeks: 1, detections: [1, 2] })
    expect(digest({ ...small, weeks: 1, detections: [1, 2] })).toBe(first)
    expect(digest({ ...small, weeks: 1, detections: [1, 2], seed: 22 })).not.toBe(first)
  })

  for (const [name, cast] of Object.entries({ independentCast, drainedCast }) as [string, Cast][]) {
    it(`keeps to the schema: ${name}`, () => {
      const random = randomFrom(5)
      const kinds = new Set<string>()
      for (const event of read({ ...small, weeks: 2, cast }).events) {
        const kind = `${event.source} ${event.action} ${event.status_id} ${event.error_code}`
        if (kinds.has(kind) && random.next() > 0.02) continue
        kinds.add(kind)
        expect(securityEvent.parse(event)).toEqual(event)
        const { class_uid: _class, activity_id: _activity, account: _account, src_net: _net, ...draft } = event
        expect(derive(draft, event.tenant)).toEqual(event)
      }
    })
  }

  it('knows every attack of both paces; slow ones are slower, and all have ended before the world does', () => {
    for (const seed of [1, 2]) {
      const { attacks, events, days } = read({ ...small, seed, weeks: 2 })
      expect(attacks).toHaveLength(60)
      const present = new Set(events.map(({ id }) => id))
      const owners = new Set<string>()
      for (const attack of attacks) {
        expect(attack.entities.size, attack.name).toBeGreaterThan(0)
        // What a silence swallows is not there.
        if (attack.detection !== 28) expect(attack.events.size, attack.name).toBeGreaterThan(1)
        for (const id of attack.events) {
          expect(present.has(id)).toBe(true)
          expect(owners.has(id), `${id} belongs to two attacks`).toBe(false)
          owners.add(id)
        }
        expect(attack.beginMs, attack.name).toBeGreaterThanOrEqual(epochMs + 1.9 * day)
        expect(attack.endMs, attack.name).toBeLessThan(epochMs + days * day)
      }
      for (const detection of allDetections) {
        const [fast, slow] = ['fast', 'slow'].map((pace) => attacks.find(({ name }) => name === `${detection}-${pace}`))
        const span = (attack: typeof fast): number => (attack?.endMs ?? 0) - (attack?.beginMs ?? 0)
        expect(span(slow), `${detection}, seed ${seed}`).toBeGreaterThan(span(fast))
      }
    }
  })

  it('plays every look-alike, and none of them is an attack', () => {
    const played = new Map(lookAlikes.map(({ name }) => [name, 0]))
    const counting: Cast = {
      ...independentCast,
      processesOf: (random, days) => {
        const due = independentCast.processesOf(random, days)
        return (dayIndex) => {
          const today = due(dayIndex)
          return today.map(({ name, play }) => ({
            name,
            play: (agenda) =>
              play({
                ...agenda,
                say: (timeMs, draft) => {
                  played.set(name, (played.get(name) ?? 0) + 1)
                  agenda.say(timeMs, draft)
                },
              }),
          }))
        }
      },
    }
    const { attacks } = read({ ...small, warmupDays: 15, weeks: 2, detections: [], cast: counting })
    expect(attacks).toEqual([])
    expect(played.size).toBeGreaterThanOrEqual(25)
    // Holidays may change nothing but where somebody is.
    for (const [name, events] of played) if (name !== 'holidays abroad') expect(events, name).toBeGreaterThan(0)
  })

  it('in the drained form nobody knows the kind of a network, and devices are many people’s', () => {
    const { events } = read({ ...small, weeks: 1, detections: [], cast: drainedCast })
    const edge = events.filter(({ source }) => source === 'supabase_edge')
    expect(edge.some(({ network_type }) => network_type !== undefined)).toBe(false)
    expect(new Set(edge.map(({ device }) => device)).size).toBeLessThan(60)
    expect(edge.filter(({ action }) => action === 'data_read').length).toBeGreaterThan(1_000)
  })
})
