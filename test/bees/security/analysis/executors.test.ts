import { expect, it } from 'vitest'
import { adminQuery, createDatabase, seededRandom } from '../../../support/index.ts'
import { runTask } from '../../../support/run-task.ts'
import { analysisBee } from './analysis-bee.ts'
import { beginOf, queue, remains, signIns } from './scene.ts'

const analyse = (database: Parameters<typeof remains>[0], input = {}) =>
  runTask(analysisBee, 'analyze_security', input, { database })

const sumOf = (runs: readonly { readonly counts: Readonly<Record<string, number>> }[], name: string) =>
  runs.reduce((total, { counts }) => total + (counts[name] ?? 0), 0)

it('four executors on one stream: each event counts once, no incident twice', { timeout: 60_000 }, async () => {
  const events = signIns(seededRandom(), 'acme', 6000, beginOf(Date.now()))
  await using alone = await createDatabase()
  await queue(alone, events)
  const single = await analyse(alone)
  await using shared = await createDatabase()
  await queue(shared, events)
  const runs = await Promise.all([1, 2, 3, 4].map(() => analyse(shared, { tenant: 'acme' })))
  expect(await remains(shared)).toEqual(await remains(alone))
  // What is counted is counted once as well, by whoever was first.
  for (const name of ['events', 'findings', 'incidents']) expect(sumOf(runs, name)).toBe(single.counts[name])
  expect(sumOf(runs, 'stale')).toBeGreaterThan(0)
})

it('events that come while they are analysed, by several at once', { timeout: 60_000 }, async () => {
  const random = seededRandom()
  const events = signIns(random, 'acme', 3000, beginOf(Date.now()))
  await using database = await createDatabase()
  let left = [...events]
  const sender = async () => {
    while (left.length > 0) {
      const size = random.integer(1, 400)
      const batch = left.slice(0, size)
      left = left.slice(size)
      await queue(database, batch)
    }
  }
  const executor = async () => {
    const runs = []
    while (left.length > 0) runs.push(await analyse(database))
    return runs
  }
  const [, ...runs] = await Promise.all([sender(), executor(), executor()])
  runs.push([await analyse(database)])
  const done = await remains(database)
  expect(done.inbox).toEqual([])
  expect(done.versions).toMatchObject([{ events: '3000' }])
  expect(sumOf(runs.flat(), 'events')).toBe(3000)
  const counted = await adminQuery(
    database.url,
    `select sum(value)::int as n from security.points where stream in ('logins', 'login_failures')`,
  )
  expect(counted).toEqual([{ n: 3000 }])
})

it('many tenants, several executors: each as if it were alone, and nobody waits for the end of a flood', {
  timeout: 90_000,
}, async () => {
  const random = seededRandom()
  const fromMs = beginOf(Date.now())
  const tenants = Array.from({ length: 12 }, (_, n) => `t${n}`)
  const events = new Map(tenants.map((tenant, n) => [tenant, signIns(random, tenant, n === 0 ? 4000 : 200, fromMs)]))
  await using alone = await createDatabase()
  await using shared = await createDatabase()
  for (const [tenant, one] of events) {
    await queue(shared, one, tenant)
    await queue(alone, one, tenant)
    await analyse(alone, { tenant })
  }
  const seen: string[] = []
  await adminQuery(
    shared.url,
    `create table public.turns (n bigint generated always as identity, tenant text);
     create function public.note_turn() returns trigger language plpgsql security definer as $$
       begin insert into public.turns (tenant) values (new.tenant); return null; end $$;
     create trigger note_turn after update on security.versions for each row execute function public.note_turn()`,
  )
  await Promise.all([analyse(shared), analyse(shared), analyse(shared)])
  for (const { tenant } of await adminQuery(shared.url, 'select tenant from public.turns order by n')) {
    seen.push(String(tenant))
  }
  const [together, apart] = [await remains(shared), await remains(alone)]
  for (const name of ['states', 'findings', 'incidents', 'points', 'versions', 'alerts'] as const) {
    expect(together[name]).toEqual(apart[name])
  }
  // The flood's last page comes after the first of everybody else.
  const others = tenants.slice(1).map((tenant) => seen.indexOf(tenant))
  expect(Math.max(...others)).toBeLessThan(seen.lastIndexOf('t0'))
})

it('gives up on a tenant that somebody else is always faster with, and says so', { timeout: 30_000 }, async () => {
  await using database = await createDatabase()
  await queue(database, signIns(seededRandom(), 'acme', 50, beginOf(Date.now())))
  // Whoever reads is behind by the time that he writes.
  await adminQuery(
    database.url,
    `alter function security.analysis_page(jsonb) rename to true_page;
     create function security.analysis_page(input jsonb) returns jsonb language sql as $$
       select p || jsonb_build_object('version', (p ->> 'version')::bigint - 1) from security.true_page(input) as p $$;
     alter function security.analysis_page(jsonb) owner to bees_owner`,
  )
  const run = await analyse(database)
  expect(run.counts).toEqual({ stale: 5 })
  expect(run.output).toMatchObject({ events: 0, stale: 5, complete: true })
  const left = await adminQuery(database.url, 'select count(*)::int as n from security.inbox')
  expect(left).toEqual([{ n: 50 }])
})
