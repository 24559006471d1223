import type { SecurityEvent } from '../../bees/security/events/event.ts'
import { type Agenda, agendaOf } from './benign/agenda.ts'
import { history } from './benign/history.ts'
import { machines, telemetry } from './benign/machines.ts'
import { administration, codes, comings, payments, signUps } from './benign/occasions.ts'
import { visits } from './benign/visits.ts'
import { type Cast, standardCast } from './cast.ts'
import { day, epochMs, hour } from './clock.ts'
import { createEventMaker, type MakeEvent } from './event-maker.ts'
import { createTown, type Person, type Town } from './people.ts'
import { createRandom, type Random } from './random.ts'
import { allDetections, type Distortion, type Scene } from './scenarios/index.ts'
import { type Attack, createAttack, noteEvent, type Pace } from './truth.ts'

export interface WorldOptions {
  readonly seed: number
  /** Active users, more or less. @default 1000 */
  readonly users?: number | undefined
  /** Days before the first attack: what rules with a memory learn from. @default 15 */
  readonly warmupDays?: number | undefined
  /** Weeks with attacks. @default 2 */
  readonly weeks?: number | undefined
  /** Which attacks there are; an empty list is a world at peace. @default all */
  readonly detections?: readonly number[] | undefined
  /** @default both */
  readonly paces?: readonly Pace[] | undefined
  /** Who plays. @default standardCast */
  readonly cast?: Cast | undefined
}

export interface World {
  readonly town: Town
  /** Complete only when the stream has been read to its end. */
  readonly attacks: readonly Attack[]
  readonly days: number
  /** One simulated day after the other, each sorted by time and id. */
  readonly stream: Generator<readonly SecurityEvent[]>
}

interface Planned {
  readonly attack: Attack
  readonly random: Random
  readonly startMs: number
}

function plan(options: WorldOptions, random: Random, warmupDays: number, days: number): readonly Planned[] {
  const { detections = allDetections, paces = ['fast', 'slow'], cast = standardCast } = options
  return detections.flatMap((detection) =>
    paces.map((pace) => {
      const own = random.fork(`attack ${detection} ${pace}`)
      // Every attack has ended before the simulation does.
      const first = epochMs + warmupDays * day
      const last = epochMs + days * day - 44 * hour
      const share = cast.shareOf(detection, pace, own)
      const startMs = Math.max(epochMs + hour, first + share * Math.max(0, last - first))
      return { attack: createAttack(detection, pace), random: own, startMs }
    }),
  )
}

/** A small SaaS, its users and its troubles. The same options give the same events, bit by bit. */
export function createWorld(options: WorldOptions): World {
  const { seed, users = 1000, warmupDays = 15, weeks = 2, cast = standardCast } = options
  const random = createRandom(seed)
  const days = warmupDays + Math.round(weeks * 7)
  const town = createTown(users, random)
  const planned = plan(options, random, warmupDays, days)
  return { town, attacks: planned.map(({ attack }) => attack), days, stream: stream(town, random, planned, days, cast) }
}

function* stream(
  town: Town,
  random: Random,
  planned: readonly Planned[],
  days: number,
  cast: Cast,
): Generator<readonly SecurityEvent[]> {
  const create = createEventMaker()
  const make: MakeEvent = (timeMs, draft) => cast.deliver(create(timeMs, draft))
  const others = cast.processesOf(random.fork('calendar'), days)
  const pending = new Map<number, SecurityEvent[]>()
  const owners = new Map<string, Attack>()
  const distortions: { readonly attack: Attack; readonly distortion: Distortion }[] = []
  const claimed = new Set<Person>()

  let today = 0
  const put = (event: SecurityEvent): void => {
    const index = Math.max(today, Math.floor((event.time - epochMs) / day))
    const list = pending.get(index)
    if (list === undefined) pending.set(index, [event])
    else list.push(event)
  }

  history(agendaOf({ town, random: random.fork('history'), dayIndex: 0, dayMs: epochMs }, make, put))
  for (today = 0; today < days; today += 1) {
    const dayMs = epochMs + today * day
    const everyday = [comings, visits, machines, telemetry, signUps, payments, administration, codes]
    for (const { name, play } of [...everyday.map((play) => ({ name: play.name, play })), ...others(today)]) {
      const base = { town, random: random.fork(`${name} ${today}`), dayIndex: today, dayMs }
      const agenda: Agenda = agendaOf(base, make, put)
      play({ ...agenda, say: (timeMs, draft) => agenda.say(Math.max(timeMs, dayMs), draft) })
    }
    for (const each of planned) {
      if (each.startMs < dayMs || each.startMs >= dayMs + day) continue
      const scene = sceneOf(
        each,
        town,
        claimed,
        (distortion) => distortions.push({ attack: each.attack, distortion }),
        {
          benign: (timeMs, draft) => put(make(Math.max(timeMs, dayMs), draft)),
          malicious: (timeMs, draft) => {
            const event = make(Math.max(timeMs, dayMs), draft)
            owners.set(event.id, each.attack)
            put(event)
          },
        },
      )
      cast.scenarios[each.attack.detection]?.(scene)
    }
    const events = (pending.get(today) ?? []).sort((a, b) => a.time - b.time || (a.id < b.id ? -1 : 1))
    pending.delete(today)
    yield finish(events, owners, distortions)
  }
}

/** Lets the distortions work and notes what belongs to which attack. */
function finish(
  events: readonly SecurityEvent[],
  owners: Map<string, Attack>,
  distortions: readonly { readonly attack: Attack; readonly distortion: Distortion }[],
): readonly SecurityEvent[] {
  const first = events[0]?.time ?? 0
  const last = events.at(-1)?.time ?? 0
  const active = distortions.filter(({ distortion }) => distortion.fromMs <= last && distortion.toMs > first)
  const result: SecurityEvent[] = []
  for (const original of events) {
    let event: SecurityEvent | undefined = original
    let by = owners.get(original.id)
    for (const { attack, distortion } of active) {
      if (event === undefined || event.time < distortion.fromMs || event.time >= distortion.toMs) continue
      const before: SecurityEvent = event
      event = distortion.change(before)
      if (event !== before && event !== undefined) by ??= attack
      if (event === undefined) {
        attack.beginMs = Math.min(attack.beginMs, distortion.fromMs)
        attack.endMs = Math.max(attack.endMs, distortion.toMs)
      }
    }
    if (event === undefined) continue
    owners.delete(original.id)
    if (by !== undefined) noteEvent(by, event)
    result.push(event)
  }
  return result
}

function sceneOf(
  { attack, random, startMs }: Planned,
  town: Town,
  claimed: Set<Person>,
  distort: Scene['distort'],
  out: Readonly<Record<'benign' | 'malicious', Scene['say']>>,
): Scene {
  return {
    random,
    town,
    pace: attack.pace,
    startMs,
    say: out.malicious,
    sayBenign: out.benign,
    victims: (count, of = () => true) => {
      // There are few administrators: they may have bad luck twice.
      const free = town.people.filter((person) => (person.isAdmin || !claimed.has(person)) && of(person))
      const chosen = random.sample(free, count)
      for (const person of chosen) claimed.add(person)
      return chosen
    },
    crowd: (count) => {
      const chosen = random.sample(town.people, count)
      for (const person of chosen) attack.crowd.add(person.uid)
      return chosen
    },
    concerns: (kind, id) => attack.entities.add(`${kind}:${id}`),
    distort,
  }
}
