import { hour, minute, second } from '../clock.ts'
import { addressOf, isActive, type Scene, takeOver, toolOf, victimOf } from './scene.ts'

/** 17: somebody makes themselves, or a friend, an administrator. */
export function escalation(scene: Scene): void {
  const { random, pace, startMs } = scene
  const way = pace === 'fast' ? random.pick(['self', 'first_call', 'stale_admin'] as const) : 'stale_admin'
  if (way === 'stale_admin') {
    // A stolen administrator's session, which has no fresh second factor.
    const admin = victimOf(scene, (each) => each.isAdmin)
    const stolen = {
      actor_uid: admin.uid,
      session_uid: `s${random.hex(23)}`,
      ...addressOf(scene),
      ...toolOf(scene, false),
      aal: 'aal1',
    } as const
    const gap = pace === 'fast' ? minute : random.between(1.5, 3) * hour
    const friends = scene.victims(random.integer(2, 4), isActive)
    for (const [index, friend] of friends.entries()) {
      const timeMs = startMs + index * gap * random.between(0.8, 1.2)
      scene.say(timeMs - 20 * second, {
        action: 'admin_call',
        source: 'app',
        ...stolen,
        user_uid: admin.uid,
        is_admin: true,
        resource: 'users.list',
      })
      scene.say(timeMs, { action: 'role_grant', source: 'app', ...stolen, user_uid: friend.uid, role: 'admin' })
    }
    return
  }
  const person = victimOf(scene)
  const self = takeOver(scene, person, addressOf(scene), toolOf(scene, false), startMs)
  const base = { ...self, source: 'app', actor_uid: person.uid, aal: 'aal1' } as const
  if (way === 'self')
    scene.say(startMs + 4 * minute, { ...base, action: 'role_grant', role: random.pick(['admin', 'owner']) })
  for (let count = random.integer(3, 10); count > 0; count -= 1) {
    scene.say(startMs + (5 + count * 0.5) * minute, {
      ...base,
      action: 'admin_call',
      resource: random.pick(['users.list', 'users.export', 'flags.set']),
    })
  }
}

/** 18: much more leaves than this person ever read, at once or in portions. */
export function exfiltration(scene: Scene): void {
  const { random, pace, startMs } = scene
  const person = victimOf(scene)
  const insider = random.chance(0.5)
  const place = insider
    ? { ...person.homeAddress, ...person.desktop }
    : { ...addressOf(scene), ...toolOf(scene, false) }
  const self = { user_uid: person.uid, session_uid: `s${random.hex(23)}`, ...place } as const
  const portions = pace === 'fast' ? random.integer(6, 20) : random.integer(35, 60)
  const gap = pace === 'fast' ? random.between(20, 90) * second : random.between(15, 30) * minute
  let timeMs = startMs
  for (let i = 0; i < portions; i += 1) {
    timeMs += gap * random.between(0.6, 1.4)
    const rows = pace === 'fast' ? random.integer(2_000, 20_000) : random.integer(800, 2_500)
    const bytes = rows * random.integer(200, 500)
    if (random.chance(0.5))
      scene.say(timeMs, { action: 'data_export', source: 'app', ...self, resource: 'customers', rows, bytes })
    else {
      const call = { action: 'http_request', source: 'supabase_edge', http_method: 'GET', status_code: 200 } as const
      scene.say(timeMs, {
        ...call,
        ...self,
        api_key_id: 'pk_web',
        api_key_type: 'publishable',
        path: '/rest/v1/customers',
        resource: 'customers',
        rows,
        bytes,
      })
    }
  }
}

/** 19: data or users go, by an account that was taken over or a man who was given notice. */
export function destruction(scene: Scene): void {
  const { random, pace, startMs } = scene
  if (random.chance(0.5)) {
    const admin = victimOf(scene, (each) => each.isAdmin)
    const acting = {
      source: 'app',
      actor_uid: admin.uid,
      is_admin: false,
      ...addressOf(scene),
      ...toolOf(scene, false),
    } as const
    const gap = pace === 'fast' ? random.between(1, 5) * second : random.between(70, 200) * second
    let timeMs = startMs
    for (let count = random.integer(120, 250); count > 0; count -= 1) {
      timeMs += random.wait(gap)
      scene.say(timeMs, { action: 'user_delete', ...acting, user_uid: `u${random.hex(23)}` })
    }
    return
  }
  const person = victimOf(scene)
  const self = {
    source: 'supabase_edge',
    user_uid: person.uid,
    session_uid: `s${random.hex(23)}`,
    ...person.homeAddress,
    ...person.desktop,
  } as const
  const gap = pace === 'fast' ? random.between(5, 40) * second : random.between(8, 15) * minute
  let timeMs = startMs
  for (let count = pace === 'fast' ? random.integer(8, 20) : random.integer(40, 70); count > 0; count -= 1) {
    timeMs += random.wait(gap)
    const rows = pace === 'fast' ? random.integer(800, 12_000) : random.integer(100, 450)
    scene.say(timeMs, {
      action: 'data_delete',
      http_method: 'DELETE',
      status_code: 200,
      ...self,
      resource: random.pick(['tasks', 'projects', 'comments']),
      rows,
    })
  }
}

const weakenings = [
  'rls_disabled',
  'policy_dropped',
  'bucket_public',
  'hook_removed',
  'mfa_disabled',
  'password_policy_weakened',
  'captcha_disabled',
  'audit_disabled',
  'log_drain_removed',
  'jwt_expiry_raised',
  'signup_opened',
  'rate_limit_raised',
  'leaked_password_check_disabled',
] as const

/** 29: the walls are taken down, quickly or one a night. */
export function weakening(scene: Scene): void {
  const { random, pace, startMs } = scene
  const admin = victimOf(scene, (each) => each.isAdmin)
  const acting = {
    source: 'app',
    actor_uid: admin.uid,
    user_uid: admin.uid,
    is_admin: true,
    ...addressOf(scene),
    ...toolOf(scene, false),
    aal: 'aal1',
  } as const
  let timeMs = startMs
  for (const change of random.sample(weakenings, random.integer(2, 4))) {
    scene.say(timeMs, {
      action: 'config_change',
      ...acting,
      resource: change,
      object_id: random.pick(['public.invoices', 'auth', 'files']),
    })
    timeMs += pace === 'fast' ? random.between(0.5, 4) * minute : random.between(7, 12) * hour
  }
}
