import { StreamCalls } from './calls/stream-calls.ts'
import type { FunctionSpec } from './function-spec.ts'
import type { Process } from './messages/process.ts'
import { type SubmitOptions, submitOnce } from './submit.ts'

/**
 * A client of one Colonies server. The calls are in calls/, one file a concern, each class built on the one before.
 *
 * @example
 * const client = new ColoniesClient({ host: '127.0.0.1', port: 50080, privateKey })
 * const process = await client.submit({ funcname: 'hello', conditions: { colonyname: 'dev', executortype: 'greeter' } })
 */
export class ColoniesClient extends StreamCalls {
  /**
   * Submits a process once, although answers may get lost: see submit.ts. Member.
   * @throws ColoniesError
   */
  submit(spec: FunctionSpec, options?: SubmitOptions): Promise<Process> {
    return submitOnce(this, spec, options)
  }
}
