import { randomBytes } from 'node:crypto'
import type { Json } from '../../canonical.ts'
import { toBeeError } from '../../errors.ts'
import { type Clock, Limiter } from '../../resilience/index.ts'
import type { Log, Notice, Notify } from '../../telemetry/index.ts'

export interface HiveEventsParts {
  /** Keeps items of our own format; the same items again count once. */
  readonly record: (items: readonly Json[], options: { readonly deadlineMs: number }) => Promise<unknown>
  readonly clock: Clock
  readonly log: Pick<Log, 'debug' | 'warn'>
  /** Notices a second that become events, five times as many at once; the others are counted. @default 20 */
  readonly perSecond?: number | undefined
  /** Between a notice and its event, milliseconds. @default 500 */
  readonly waitMs?: number | undefined
}

export interface HiveEvents {
  readonly notify: Notify
  /** Writes what waits, once, for at most a second. */
  stop(): Promise<void>
}

const mostWaiting = 500
const recordMs = 5000
const lastRecordMs = 1000
const pauseAfterFailureMs = 5000

/**
 * Makes security events of what the hive itself notices at its doors. The queue is bounded and so is the rate; when the
 * database is away what does not fit is dropped and counted. Whoever notices something waits for nothing.
 */
export function createHiveEvents(parts: HiveEventsParts): HiveEvents {
  const { clock, log, waitMs = 500, perSecond = 20 } = parts
  const limiter = new Limiter({ perSecond, burst: perSecond * 5, clock })
  const run = randomBytes(9).toString('base64url')
  let number = 0
  let left = 0
  let waiting: Json[] = []
  let cancel: (() => void) | undefined
  let writing: Promise<void> | undefined
  let stopped = false

  const write = async (withinMs: number): Promise<void> => {
    const items = waiting.slice(0, mostWaiting)
    if (items.length === 0) return
    try {
      await parts.record(items, { deadlineMs: clock.monotonicMs() + withinMs })
      waiting = waiting.slice(items.length)
    } catch (thrown) {
      log.debug({ code: toBeeError(thrown).code, waiting: waiting.length }, 'events of the hive itself wait')
      schedule(pauseAfterFailureMs)
    }
  }

  const schedule = (ms: number): void => {
    if (cancel !== undefined || stopped) return
    cancel = clock.after(ms, () => {
      cancel = undefined
      writing ??= write(recordMs).finally(() => {
        writing = undefined
        if (waiting.length > 0) schedule(waitMs)
      })
    })
  }

  return {
    notify(notice) {
      try {
        if (stopped || waiting.length >= mostWaiting || !limiter.tryTake()) {
          left += 1
          return
        }
        number += 1
        waiting.push(itemOf(notice, `hive:${run}:${number}`, clock.now(), left))
        left = 0
        schedule(waitMs)
      } catch {
        // Whatever it was: who noticed something has other things to do.
        left += 1
      }
    },
    async stop() {
      stopped = true
      cancel?.()
      await writing
      await write(lastRecordMs)
    },
  }
}

const meanings: Readonly<Record<Notice['what'], { readonly action: string; readonly error_code?: string }>> = {
  webhook_refused: { action: 'webhook_delivery' },
  events_refused: { action: 'api_key_use', error_code: 'bad_secret' },
  envelope_refused: { action: 'envelope_refused' },
  rate_limited: { action: 'http_request', error_code: 'rate_limited' },
}

/** Error codes by the words that rules use. */
const words: Readonly<Record<string, string>> = { BEE_WEBHOOK_SIGNATURE: 'bad_signature' }

function itemOf({ what, where, code, status, peer }: Notice, id: string, time: number, suppressed: number): Json {
  return {
    ...{ id, time, source: 'hive', status: 'failure', resource: where.slice(0, 128) },
    error_code: words[code] ?? code.replace(/^BEE_/, '').toLowerCase(),
    ...meanings[what],
    ...(status === undefined ? {} : { status_code: status }),
    ...(peer === undefined || peer === '' ? {} : { src_ip: peer }),
    ...(suppressed === 0 ? {} : { data: { suppressed } }),
  }
}
