import { day, epochMs } from '../clock.ts'
import type { Agenda } from './agenda.ts'

/** What is read from the auth tables on the first day: everybody's last sign-in, months ago for those who have gone quiet. */
export function history(agenda: Agenda): void {
  const { town, random, say } = agenda
  for (const person of town.people) {
    const daysAgo = person.habit === 'dormant' ? random.between(95, 300) : random.between(0, 6)
    const session = `s${random.hex(23)}`
    const login = { user_uid: person.uid, session_uid: session, ...person.homeAddress, ...person.desktop } as const
    const admin = person.isAdmin ? { is_admin: true } : {}
    say(epochMs - daysAgo * day, { action: 'login', ...login, ...admin, auth_method: 'password', aal: 'aal1' })
    if (person.habit !== 'dormant') person.sessions.set(person.desktop.device, session)
  }
}
