import type { Agenda } from '../../benign/agenda.ts'
import type { Town } from '../../people.ts'
import { type City, homeCities, type Network, type NetworkType } from '../../places.ts'
import type { Random } from '../../random.ts'

/** Something that goes on among honest people and machines, and looks like one of the attacks. */
export interface LookAlike {
  readonly name: string
  /** `once`: on one working day of the world, chosen by the seed. */
  readonly when: 'daily' | 'workdays' | 'sundays' | 'tuesdays' | 'wednesdays' | 'thursdays' | 'once' | 'once, a Monday'
  /** What it plays on the day it is due. */
  readonly play: (agenda: Agenda) => void
}

const weekdays: Readonly<Record<string, number>> = { tuesdays: 1, wednesdays: 2, thursdays: 3, sundays: 6 }

/** Which of them are due on which day. Working days of the first two days and the last two are left out for those that come once. */
export function calendarOf(
  all: readonly LookAlike[],
  random: Random,
  days: number,
): (dayIndex: number) => readonly LookAlike[] {
  const working = Array.from({ length: days - 4 }, (_, index) => index + 2).filter((index) => index % 7 < 5)
  const mondays = working.filter((index) => index % 7 === 0)
  const once = new Map<string, number>()
  for (const { name, when } of all) {
    const own = random.fork(name)
    if (when === 'once' && working.length > 0) once.set(name, own.pick(working))
    if (when === 'once, a Monday' && mondays.length > 0) once.set(name, own.pick(mondays))
  }
  return (dayIndex) =>
    all.filter(({ name, when }) => {
      if (when === 'daily') return true
      if (when === 'workdays') return dayIndex % 7 < 5
      return dayIndex % 7 === weekdays[when] || once.get(name) === dayIndex
    })
}

/** A network that is in no town: a carrier's, a firm's, a cloud's. The same number is the same network in every world. */
export function networkNumber(number: number, type: NetworkType, city: City | undefined = homeCities[0]): Network {
  if (city === undefined) throw new RangeError('There is no such city.')
  return { asn: 4_250_000_000 + number, type, city, prefix: `130.${number}`, v6: false }
}

/** Some people who are the same every day. */
export function regulars(town: Town, from: number, count: number, of: (habit: string) => boolean): Town['people'] {
  return town.people.filter((person) => of(person.habit) && !person.isAdmin).slice(from, from + count)
}
