/** Where an executor can die, and how the test gets it to stand still exactly there. */

import type { Passed } from './messages.ts'
import type { Kind } from './site.ts'

export type Hold =
  /** The executor itself stops after a step. */
  | { readonly by: 'step'; readonly passed: Passed }
  /** The message stands still on its way. `afterwards`: what becomes of a request whose sender has died. */
  | {
      readonly by: 'wire'
      readonly message: string
      readonly hold: 'request' | 'answer'
      readonly afterwards?: 'arrives' | 'arrives last'
    }
  /** The transaction waits inside the database; `afterwards`: what becomes of it. */
  | {
      readonly by: 'lock'
      readonly at: 'statement' | 'commit'
      readonly step: 1 | 2
      readonly afterwards: 'commits' | 'rolls back'
    }

export interface Boundary {
  readonly name: string
  readonly hold: Hold
  readonly kinds: readonly Kind[]
  /** It stops more than its own process: the poller, the writer of receipts. Reached last, one at a time. */
  readonly blocks?: boolean
  /** A drain has begun: `hold` is where its process stands, `leave` where the drain itself does. */
  readonly drain?: { readonly graceMs: number; readonly leave?: 'request' | 'answer' }
}

export const kinds = ['single', 'keyed', 'steps'] as const satisfies readonly Kind[]

const around = (step: 1 | 2): readonly Boundary[] => {
  const of = step === 1 ? kinds : (['steps'] as const)
  const message = `execute ${step}`
  const name = `transaction ${step}`
  const wire = (what: string, hold: Omit<Extract<Hold, { by: 'wire' }>, 'by' | 'message'>): Boundary => ({
    name: `${name}: ${what}`,
    hold: { by: 'wire', message, ...hold },
    kinds: of,
  })
  const lock = (what: string, at: 'statement' | 'commit', afterwards: 'commits' | 'rolls back'): Boundary => ({
    name: `${name}: ${what}, ${afterwards}`,
    hold: { by: 'lock', at, step, afterwards },
    kinds: of,
  })
  return [
    wire('request sent, lost', { hold: 'request' }),
    wire('request sent, arrives after the death', { hold: 'request', afterwards: 'arrives' }),
    wire('request sent, arrives after the end', { hold: 'request', afterwards: 'arrives last' }),
    lock('in its statement', 'statement', 'commits'),
    lock('in its statement', 'statement', 'rolls back'),
    lock('before the commit', 'commit', 'commits'),
    lock('before the commit', 'commit', 'rolls back'),
    wire('committed, answer not read', { hold: 'answer' }),
    { name: `${name}: answer read`, hold: { by: 'step', passed: `transact ${step}` }, kinds: of },
  ]
}

const after = (passed: Passed): Hold => ({ by: 'step', passed })

/** In the order in which a task passes them. */
export const boundaries: readonly Boundary[] = [
  {
    name: 'assigned, answer of the poll not read',
    hold: { by: 'wire', message: 'assigned', hold: 'answer' },
    kinds,
    blocks: true,
  },
  { name: 'assigned', hold: after('assign'), kinds },
  { name: 'admitted', hold: after('admit'), kinds },
  ...around(1),
  {
    name: 'outside read: request sent',
    hold: { by: 'wire', message: 'read', hold: 'request' },
    kinds: ['steps'],
  },
  {
    name: 'outside read: answer not read',
    hold: { by: 'wire', message: 'read', hold: 'answer' },
    kinds: ['steps'],
  },
  ...around(2),
  { name: 'handler ended, not signed', hold: after('run'), kinds },
  { name: 'signed', hold: after('sign'), kinds },
  {
    name: 'receipt sent, lost',
    hold: { by: 'wire', message: 'store', hold: 'request' },
    kinds,
    blocks: true,
  },
  {
    name: 'receipt sent, arrives after the death',
    hold: { by: 'wire', message: 'store', hold: 'request', afterwards: 'arrives' },
    kinds,
    blocks: true,
  },
  {
    name: 'receipt stored, answer not read',
    hold: { by: 'wire', message: 'store', hold: 'answer' },
    kinds,
    blocks: true,
  },
  { name: 'receipt stored, not closed', hold: after('store'), kinds },
  { name: 'close sent, lost', hold: { by: 'wire', message: 'close', hold: 'request' }, kinds },
  {
    name: 'close sent, arrives after the death',
    hold: { by: 'wire', message: 'close', hold: 'request', afterwards: 'arrives' },
    kinds,
  },
  {
    name: 'close sent, arrives after the end',
    hold: { by: 'wire', message: 'close', hold: 'request', afterwards: 'arrives last' },
    kinds,
  },
  { name: 'closed, answer not read', hold: { by: 'wire', message: 'close', hold: 'answer' }, kinds },
  { name: 'closed', hold: after('close'), kinds },
  { name: 'draining, admitted', hold: after('admit'), kinds, drain: { graceMs: 60_000 } },
  {
    name: 'draining, transaction 1 in its statement',
    hold: { by: 'lock', at: 'statement', step: 1, afterwards: 'commits' },
    kinds,
    drain: { graceMs: 60_000 },
  },
  { name: 'draining, transaction 1 committed', hold: after('transact 1'), kinds, drain: { graceMs: 60_000 } },
  { name: 'draining, receipt stored', hold: after('store'), kinds, drain: { graceMs: 60_000 } },
  {
    name: 'draining, giving back: request sent',
    hold: after('transact 1'),
    kinds,
    drain: { graceMs: 200, leave: 'request' },
  },
  {
    name: 'draining, given back: answer not read',
    hold: after('transact 1'),
    kinds,
    drain: { graceMs: 200, leave: 'answer' },
  },
]
