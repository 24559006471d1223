import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Desk, openDesk, rule, world } from './desk.ts'

let desk: Desk
beforeAll(async () => {
  desk = await openDesk()
})
afterAll(() => desk.close())
beforeEach(async () => {
  await desk.calm()
  await desk.setMode(rule, 'approve')
})

let octet = 0
const approved = async () => {
  octet += 1
  const plan = (await desk.incident({ wants: [{ kind: 'ip', id: `192.0.2.${octet}`, response: 'block_ip' }] })) ?? ''
  expect(await desk.approve(plan)).toMatchObject({ state: 'approved' })
  return plan
}

const tryLimits = (limits: string) =>
  [
    `update security.limits set limits = ${limits}`,
    'update security.limits set limits = kept.limits from kept_limits as kept where kept.tenant = security.limits.tenant',
  ] as const
const troubles: Readonly<Record<string, readonly [string, string]>> = {
  'there are no limits': ['delete from security.limits', 'insert into security.limits select * from kept_limits'],
  'the table of limits is gone': [
    'alter table security.limits rename to lost',
    'alter table security.lost rename to limits',
  ],
  'the limits may not be read': [
    'revoke select on security.limits from bees_owner',
    'grant select on security.limits to bees_owner',
  ],
  'limits are null': tryLimits(`'null'`),
  'limits are empty': tryLimits(`'{}'`),
  'limits are texts': tryLimits(`limits || '{"users_per_hour": "50"}'`),
  'limits are negative': tryLimits(`limits || '{"ips_per_10_min": -1}'`),
  'limits are fractions': tryLimits(`limits || '{"ips_per_10_min": 1.5}'`),
  'limits allow everything': tryLimits(`limits || '{"users_share": 1}'`),
  'limits are beyond reason': tryLimits(`limits || '{"users_per_hour": 1e30}'`),
  'limits open every range': tryLimits(`limits || '{"widest_v4": 0}'`),
  'the cap is below the start': tryLimits(`limits || '{"block_cap_s": 60}'`),
  'nobody says who is an administrator': tryLimits(`limits - 'admin_roles'`),
  'the never-list is empty': [
    'delete from security.never_list',
    'insert into security.never_list overriding system value select * from kept_never',
  ],
  'the never-list lacks what it came with': [
    `delete from security.never_list where class = 'loopback'`,
    `delete from security.never_list; insert into security.never_list overriding system value select * from kept_never`,
  ],
  'the never-list is gone': [
    'alter table security.never_list rename to lost',
    'alter table security.lost rename to never_list',
  ],
  'the never-list may not be read': [
    'revoke select on security.never_list from bees_owner',
    'grant select on security.never_list to bees_owner',
  ],
  'the circuits cannot be read': [
    'alter table security.circuits rename to lost',
    'alter table security.lost rename to circuits',
  ],
  'auth cannot be read': ['alter schema auth rename to lost', 'alter schema lost rename to auth'],
}

describe('nothing is done, and people are told, while', () => {
  beforeAll(async () => {
    await desk.rows('create table kept_limits as select * from security.limits')
    await desk.rows('create table kept_never as select * from security.never_list')
  })

  test.each(Object.entries(troubles))('%s', async (what, [breakIt, mendIt]) => {
    const plan = await approved()
    const before = await world(desk)
    await desk.rows(breakIt)
    try {
      const { actions } = await desk.execute(plan)
      expect(actions.slice(1)).toMatchObject([{ state: 'refused', problem: 'unreadable' }])
      // Nor is anything planned meanwhile; circuits are asked when something is done, not before.
      if (what !== 'the circuits cannot be read') {
        expect(await desk.incident({ wants: [{ kind: 'ip', id: '192.0.2.250', response: 'block_ip' }] })).toBeNull()
        const told = 'select entry ->> $1 as what from security.audit order by seq desc limit 1'
        expect(await desk.rows(told, ['what'])).not.toEqual([{ what: 'proposed' }])
      }
    } finally {
      await desk.rows(mendIt)
    }
    expect(await world(desk)).toEqual(before)
    expect(await desk.stateOf(plan)).toBe('refused')
    // And afterwards it works again.
    const next = await approved()
    expect((await desk.execute(next)).actions.slice(1)).toMatchObject([{ state: 'done' }])
  })
})
