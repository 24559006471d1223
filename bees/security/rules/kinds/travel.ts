import type { ClauseOf } from '../clause.ts'
import type { Context } from '../context.ts'
import { type Hit, type Judge, judgeOf } from '../judge.ts'
import { numberAt } from '../read-json.ts'
import type { Kernel } from '../row.ts'
import type { Workshop } from '../workshop.ts'

interface Place {
  lat: number
  long: number
  /** 0: nowhere yet. */
  time: number
  country: string
}

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
  const skip = clause.skip === undefined ? undefined : workshop.condition(clause.skip, `${path}.skip`).test
  const source = workshop.source(clause.of, path)
  const group = workshop.group(clause.by)
  const kernel: Kernel<Place> = {
    load: (json) => {
      const country: unknown = Array.isArray(json) ? json[3] : undefined
      const place = { lat: numberAt(json, 0), long: numberAt(json, 1), time: numberAt(json, 2) }
      return { ...place, country: typeof country === 'string' ? country : '' }
    },
    save: ({ lat, long, time, country }) => [lat, long, time, country],
    expires: ({ time }) => (time === 0 ? 0 : time + withinMs + latenessMs),
  }
  const judge = (context: Context): Hit | undefined => {
    const { lat, long, time, country = '' } = context.event
    if (lat === undefined || long === undefined || !source.test(context) || skip?.(context) === true) return undefined
    const row = context.row(group)
    if (row === null) return undefined
    const before = row.read(slot, kernel, context.markMs)
    if (time >= before.time) row.write(slot, kernel, { lat, long, time, country }, context.markMs)
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
