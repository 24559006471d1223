import { signIn } from '../../benign/sign-in.ts'
import { hour, minute, second } from '../../clock.ts'
import { deviceOf } from '../../people.ts'
import { addressIn } from '../../places.ts'
import { readOf, sessionOf } from '../means.ts'
import { type LookAlike, networkNumber, regulars } from './look-alike.ts'

/** A new laptop at home: signs in, fetches everything for work without a network, and takes a copy. */
const firstSync: LookAlike = {
  name: 'the first sync of a new laptop',
  when: 'tuesdays',
  play: (agenda) => {
    const { random, town, dayMs, say } = agenda
    for (const person of random.sample(
      regulars(town, 20, 60, (habit) => habit === 'plain'),
      2,
    )) {
      const laptop = deviceOf(random, random.pick(['Chrome', 'Safari']), 'browser')
      const timeMs = signIn(agenda, person, person.homeAddress, laptop, dayMs + random.between(15, 19) * hour)
      const self = { user_uid: person.uid, ...person.homeAddress, ...laptop } as const
      for (let i = 0; i < 6; i += 1) say(timeMs + i * 3 * second, readOf(self, 'tasks', 1_000))
    }
  },
}

/** An import with a wrong column: three thousand rows come in, are taken out again, and come in better. */
const wrongImport: LookAlike = {
  name: 'an import that went wrong',
  when: 'thursdays',
  play: ({ random, town, dayMs, say }) => {
    const person = random.pick(regulars(town, 0, 40, (habit) => habit === 'plain' || habit === 'office'))
    const self = {
      user_uid: person.uid,
      session_uid: sessionOf(random, person),
      ...person.homeAddress,
      ...person.desktop,
    } as const
    const table = {
      source: 'supabase_edge',
      status_code: 200,
      resource: 'tasks',
      path: '/rest/v1/tasks',
      ...self,
    } as const
    const rows = random.integer(1_500, 3_000)
    const startMs = dayMs + random.between(9, 16) * hour
    say(startMs, { action: 'data_write', http_method: 'POST', rows, ...table })
    say(startMs + 9 * minute, { action: 'data_delete', http_method: 'DELETE', rows, ...table })
    say(startMs + 15 * minute, { action: 'data_write', http_method: 'POST', rows, ...table })
  },
}

/** The firm of accountants takes the year's invoices, month after month, from its own network with the clerk's account. */
const accountant: LookAlike = {
  name: 'the accountant at the end of the year',
  when: 'once',
  play: ({ random, town, dayMs, say }) => {
    const [clerk] = regulars(town, 3, 1, (habit) => habit === 'office')
    if (clerk === undefined) return
    const from = addressIn(networkNumber(52, 'business'), random)
    const self = { user_uid: clerk.uid, session_uid: sessionOf(random, clerk), ...from, ...clerk.desktop } as const
    say(dayMs + 9.8 * hour, { action: 'session_seen', ...self, aal: 'aal1' })
    for (let month = 0; month < 12; month += 1) {
      const rows = random.integer(3_000, 9_000)
      say(dayMs + 10 * hour + month * 4 * minute, {
        action: 'data_export',
        source: 'app',
        ...self,
        resource: 'invoices',
        rows,
        bytes: rows * 300,
      })
    }
  },
}

export const volumes: readonly LookAlike[] = [firstSync, wrongImport, accountant]
