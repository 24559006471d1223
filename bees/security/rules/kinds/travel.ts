import type { ClauseOf } from '../clause.ts'
import type { Context } from '../context.ts'
import { type Hit, type Judge, judgeOf } from '../judge.ts'
import { listsOf, numberAt } from '../read-json.ts'
import type { Kernel } from '../row.ts'
import type { Workshop } from '../workshop.ts'

interface Place {
  readonly lat: number
  readonly long: number
  /** When the group was last there; 0: never. */
  readonly time: number
}

interface Whereabouts extends Place {
  readonly country: string
  /** Where else it has been, the latest last. */
  readonly known: readonly Place[]
}

const mostKnown = 8

const earthRadiusKm = 6371.0088
const hourMs = 3_600_000

/** Great-circle distance (haversine), kilometres; arguments in degrees. */
export function distanceKm(latA: number, longA: number, latB: number, longB: number): number {
  const radians = Math.PI / 180
  const byLat = Math.sin(((latB - latA) * radians) / 2)
  const byLong = Math.sin(((longB - longA) * radians) / 2)
  const chord = byLat * byLat + Math.cos(latA * radians) * Math.cos(latB * radians) * byLong * byLong
  return 2 * earthRadiusKm * Math.asin(Math.min(1, Math.sqrt(chord)))
}

/** Two places that nobody reaches in the time between. An event without a place, or to be skipped, leaves no trace. */
export function compileTravel(clause: ClauseOf<'travel'>, workshop: Workshop): Judge {
  const { settings, path, slot, latenessMs } = workshop
  const fasterKmh = settings.number(clause.faster, `${path}.faster`)
  const fartherKm = settings.number(clause.farther, `${path}.farther`)
  const withinMs = settings.ms(clause.within, `${path}.within`)
  const unfamiliarMs = clause.unfamiliar === undefined ? 0 : settings.ms(clause.unfamiliar, `${path}.unfamiliar`)
  const skip = clause.skip === undefined ? undefined : workshop.condition(clause.skip, `${path}.skip`).test
  const source = workshop.source(clause.of, path)
  const group = workshop.group(clause.by)
  const kernel: Kernel<Whereabouts> = {
    load: (json) => {
      const [country, known] = Array.isArray(json) ? [json[3], json[4]] : []
      return {
        ...placeAt(json),
        country: typeof country === 'string' ? country : '',
        known: listsOf(known).map(placeAt),
      }
    },
    save: ({ lat, long, time, country, known }) =>
      known.length === 0
        ? [lat, long, time, country]
        : [lat, long, time, country, known.map((place) => [place.lat, place.long, place.time])],
    expires: ({ time }) => (time === 0 ? 0 : time + Math.max(withinMs, unfamiliarMs) + latenessMs),
  }
  const isNear = (one: Place, other: Place): boolean =>
    distanceKm(one.lat, one.long, other.lat, other.long) <= fartherKm
  /** What is known with one more place, and whether it was known already. */
  const visited = (
    known: readonly Place[],
    place: Place,
  ): { readonly known: readonly Place[]; readonly isKnown: boolean } => {
    if (unfamiliarMs === 0) return { known: [], isKnown: false }
    const fresh = known.filter(({ time }) => time > place.time - unfamiliarMs)
    const same = fresh.find((one) => isNear(one, place))
    const others = fresh.filter((one) => one !== same)
    const now = same === undefined ? place : { ...same, time: Math.max(same.time, place.time) }
    return { known: [...others, now].slice(-mostKnown), isKnown: same !== undefined }
  }
  const judge = (context: Context): Hit | undefined => {
    const { lat, long, time, country = '' } = context.event
    if (lat === undefined || long === undefined || !source.test(context) || skip?.(context) === true) return undefined
    const row = context.row(group)
    if (row === null) return undefined
    const before = row.read(slot, kernel, context.markMs)
    const { known, isKnown } = visited(before.known, { lat, long, time })
    const now = time >= before.time ? { lat, long, time, country } : before
    row.write(slot, kernel, { ...now, known }, context.markMs)
    if (isKnown) return undefined
    const apartMs = Math.abs(time - before.time)
    if (before.time === 0 || apartMs > withinMs) return undefined
    const km = distanceKm(before.lat, before.long, lat, long)
    // Events have a resolution of seconds in some sources.
    const hours = Math.max(apartMs, 1000) / hourMs
    if (km <= fartherKm || km / hours <= fasterKmh) return undefined
    const facts = {
      km: Math.round(km),
      kmh: Math.min(Math.round(km / hours), 1_000_000),
      hours: Math.round(hours * 100) / 100,
      from: before.country,
      to: country,
    }
    return { facts, firstMs: Math.min(time, before.time), events: 2, evidence: [] }
  }
  return judgeOf({ actions: source.actions, concerns: source.concerns, groups: [group], judge })
}

const placeAt = (json: unknown): Place => ({ lat: numberAt(json, 0), long: numberAt(json, 1), time: numberAt(json, 2) })
