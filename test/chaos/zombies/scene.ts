/** An executor that stands still with a process at every place, and what becomes of it when it wakes. */

import { until } from '../../support/index.ts'
import type { ExecutorProcess } from '../crash-matrix/executor-process.ts'
import type { Passed } from '../crash-matrix/messages.ts'
import { createProxy, type Struck, type WireProxy } from '../crash-matrix/proxy.ts'
import type { CrashColony, CrashSite, Kind } from '../crash-matrix/site.ts'

/** Where the zombie stood still. `committed`: its (first) transaction was done. */
interface Place {
  readonly name: string
  readonly kind: Kind
  readonly committed: boolean
  readonly hold: { readonly passed: Passed } | { readonly message: string; readonly hold: 'request' | 'answer' }
}

export const places: readonly Place[] = [
  { name: 'assigned', kind: 'single', committed: false, hold: { passed: 'assign' } },
  { name: 'admitted', kind: 'single', committed: false, hold: { passed: 'admit' } },
  { name: 'transaction sent', kind: 'single', committed: false, hold: { message: 'execute 1', hold: 'request' } },
  { name: 'committed, not told', kind: 'single', committed: true, hold: { message: 'execute 1', hold: 'answer' } },
  { name: 'committed', kind: 'single', committed: true, hold: { passed: 'transact 1' } },
  { name: 'between two transactions', kind: 'steps', committed: true, hold: { passed: 'transact 1' } },
  { name: 'second transaction sent', kind: 'steps', committed: true, hold: { message: 'execute 2', hold: 'request' } },
  { name: 'not signed', kind: 'single', committed: true, hold: { passed: 'run' } },
  { name: 'signed', kind: 'keyed', committed: true, hold: { passed: 'sign' } },
  { name: 'receipt stored', kind: 'single', committed: true, hold: { passed: 'store' } },
  { name: 'close sent', kind: 'single', committed: true, hold: { message: 'close', hold: 'request' } },
]

interface Undead {
  readonly place: Place
  readonly note: string
  readonly processId: string
  readonly struck: Struck | undefined
}

export interface Scene {
  readonly site: CrashSite
  readonly colony: CrashColony
  readonly zombie: ExecutorProcess
  readonly zombieProxy: WireProxy
  readonly executorName: string
  readonly executorKey: string | undefined
  readonly undead: readonly Undead[]
  readonly ids: readonly string[]
}

let colonies = 0

export function zombieColony(site: CrashSite): Promise<CrashColony> {
  colonies += 1
  return site.colony(`zombies-${colonies}`)
}

/** An executor that stands still (SIGSTOP) with a process at every place, and has no poll open. */
export async function freeze(site: CrashSite, deadlineMs: number, executorKey?: string): Promise<Scene> {
  const colony = await zombieColony(site)
  const zombieProxy = await createProxy({ brokerUrl: site.broker.url, gatewayUrl: site.gateway.url })
  const zombie = await colony.load({ proxy: zombieProxy, executorKey, tryTimeoutMs: 60_000 })
  const { executorName } = await zombie.start()
  const undead = await Promise.all(
    places.map(async (place): Promise<Undead> => {
      const note = `${colony.name} ${place.name}`
      const { hold } = place
      if ('passed' in hold) {
        await zombie.arm(note, hold.passed)
        const processId = await colony.submit(place.kind, { note }, deadlineMs)
        await zombie.heard('at', (message) => message.note === note)
        return { place, note, processId, struck: undefined }
      }
      const struck = zombieProxy.strike(hold.message, { hold: hold.hold, thenArrives: true }, note)
      const processId = await colony.submit(place.kind, { note }, deadlineMs)
      await struck.struck
      return { place, note, processId, struck }
    }),
  )
  zombie.freeze()
  await until(() => site.broker.waiting() === 0, { what: 'the end of the last poll' })
  return {
    site,
    colony,
    zombie,
    zombieProxy,
    executorName,
    executorKey,
    undead,
    ids: undead.map(({ processId }) => processId),
  }
}

/** Lets the zombie go on everywhere. @returns what it sent from now on, when it has come to its end with every process */
export async function wake({ zombie, zombieProxy, undead }: Scene): Promise<readonly string[]> {
  const before = zombieProxy.seen().length
  zombie.thaw()
  for (const { note, struck } of undead) {
    struck?.release()
    zombie.go(note)
  }
  await Promise.all(undead.map(({ processId }) => zombie.heard('ended', ({ process }) => process === processId)))
  await Promise.all(undead.map(({ struck }) => struck?.over))
  const held = undead.flatMap(({ place: { hold } }) => ('message' in hold && hold.message === 'close' ? ['close'] : []))
  return [
    ...held,
    ...zombieProxy
      .seen()
      .slice(before)
      .map(({ message }) => message),
  ]
}

/** Everything that could change: effects, ledger, states and results. Receipts may be added, never changed. */
export async function state({ site, colony }: Pick<Scene, 'site' | 'colony'>) {
  const rows = async (sql: string) => (await site.admin.query(sql, [colony.name])).rows
  return {
    effects: await rows('select id, process, step from crash.effects where colony = $1 order by id'),
    ledger: await rows('select id, process, step, output from bees.ledger where colony = $1 order by id'),
    processes: await rows(
      `select processid, state, out::jsonb #> '{0,result}' as result from colonies.processes
       where colonyname = $1 order by processid`,
    ),
  }
}

/** For `heard`: that process has left the pipeline that way. */
export const isEnd =
  (processId: string, how: string) =>
  (message: { readonly process: string; readonly how: string }): boolean =>
    message.process === processId && message.how === how

export const count = (sent: readonly string[], message: string) => sent.filter((one) => one === message).length

export function tell(scenario: string, { undead, zombie }: Scene, sent: readonly string[]): void {
  const ends = undead.map(({ place, processId }) => {
    const end = (how: string) => zombie.hasHeard('ended', (m) => m.process === processId && m.how === how)
    const how = [
      'BEE_DEADLINE',
      'BEE_FENCED',
      'BEE_OWNERSHIP_LOST',
      'BEE_REVOKED',
      'BEE_CANCELLED',
      'BEE_RECEIPT_CHAIN_BROKEN',
      'applied',
      'replayed',
    ].find(end)
    return `${place.name}: ${how ?? 'other'}`
  })
  const executes = sent.filter((message) => message.startsWith('execute')).length
  console.info(
    `${scenario}: on waking it sent ${executes} transactions, ${count(sent, 'close')} closes, ${count(sent, 'fail')} failures\n  ${ends.join(', ')}`,
  )
}

/** Starts a second process with the identity of the zombie: the broker takes the running processes back and gives them to it. */
export async function again(scene: Scene, standBefore: readonly string[] = []): Promise<ExecutorProcess> {
  const successor = await scene.colony.load({ executorKey: scene.executorKey })
  for (const note of standBefore) await successor.arm(note, 'admit')
  const { executorName } = await successor.start()
  if (executorName !== scene.executorName) throw new Error('it is somebody else')
  for (const note of standBefore) await successor.heard('at', (message) => message.note === note)
  return successor
}
