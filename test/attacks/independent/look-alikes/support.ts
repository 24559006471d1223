import type { Agenda } from '../../benign/agenda.ts'
import { signIn } from '../../benign/sign-in.ts'
import { hour, minute, second } from '../../clock.ts'
import type { Draft } from '../../event-maker.ts'
import { deviceOf, type Person } from '../../people.ts'
import { readOf } from '../means.ts'
import type { LookAlike } from './look-alike.ts'

/** An administrator at the office after a sign-in with the second factor. */
function atWork(
  agenda: Agenda,
  startMs: number,
): { readonly timeMs: number; readonly acting: Draft; readonly admin: Person } | undefined {
  const { town } = agenda
  const admin = town.admins[1]
  if (admin === undefined) return undefined
  const timeMs = signIn(agenda, admin, town.office, admin.desktop, startMs)
  const session = admin.sessions.get(admin.desktop.device)
  const own = {
    source: 'app',
    actor_uid: admin.uid,
    user_uid: admin.uid,
    is_admin: true,
    ...town.office,
    ...admin.desktop,
    aal: 'aal2',
  } as const
  return {
    timeMs,
    acting: { action: 'admin_call', ...own, ...(session === undefined ? {} : { session_uid: session }) },
    admin,
  }
}

/** Support looks at a customer's account as the customer: a session of the customer's on the support's computer. */
const impersonation: LookAlike = {
  name: 'support as the customer',
  when: 'workdays',
  play: (agenda) => {
    const { random, town, dayMs, say } = agenda
    const desk = atWork(agenda, dayMs + random.between(9, 10) * hour)
    if (desk === undefined) return
    const customers = town.people.filter(({ habit, isAdmin }) => habit !== 'dormant' && !isAdmin)
    for (const [index, customer] of random.sample(customers, 2).entries()) {
      const timeMs = desk.timeMs + (5 + index * 20) * minute
      say(timeMs, { ...desk.acting, resource: 'users.impersonate' })
      const self = {
        user_uid: customer.uid,
        actor_uid: desk.admin.uid,
        session_uid: `s${random.hex(23)}`,
        ...town.office,
        ...desk.admin.desktop,
      } as const
      say(timeMs + 2 * second, { action: 'session_seen', ...self, aal: 'aal1' })
      for (let i = random.integer(4, 9); i > 0; i -= 1)
        say(timeMs + i * 25 * second, readOf(self, 'projects', random.integer(1, 30)))
    }
  },
}

/** A telephone fell into the lake: support takes its factor away, the owner signs in at home and adds the new one. */
const lostPhone: LookAlike = {
  name: 'a lost telephone',
  when: 'wednesdays',
  play: (agenda) => {
    const { random, town, dayMs, say } = agenda
    const owner = random.pick(town.people.filter(({ mfa, isAdmin, habit }) => mfa && !isAdmin && habit === 'plain'))
    const desk = atWork(agenda, dayMs + random.between(9, 14) * hour)
    if (desk === undefined) return
    say(desk.timeMs + 4 * minute, { ...desk.acting, resource: 'users.get' })
    say(desk.timeMs + 5 * minute, { ...desk.acting, action: 'factor_remove', user_uid: owner.uid, is_admin: false })
    const inMs = desk.timeMs + random.between(10, 40) * minute
    const phone = deviceOf(random, owner.phone.ua_family, owner.phone.ua_kind)
    const self = { user_uid: owner.uid, session_uid: `s${random.hex(23)}`, ...owner.homeAddress, ...phone } as const
    say(inMs, { action: 'login', ...self, auth_method: 'password', aal: 'aal1' })
    say(inMs + 2 * minute, { action: 'factor_add', ...self })
  },
}

/** Accounts that asked to go, or never came, are deleted in one sitting. */
const cleaning: LookAlike = {
  name: 'accounts are cleared out',
  when: 'once',
  play: (agenda) => {
    const { random, dayMs, say } = agenda
    const desk = atWork(agenda, dayMs + random.between(13, 15) * hour)
    if (desk === undefined) return
    let timeMs = desk.timeMs + 2 * minute
    for (let i = random.integer(30, 45); i > 0; i -= 1) {
      timeMs += random.between(25, 60) * second
      say(timeMs, { ...desk.acting, action: 'user_delete', user_uid: `u${random.hex(23)}`, is_admin: false })
    }
  },
}

export const supportAtWork: readonly LookAlike[] = [impersonation, lostPhone, cleaning]
