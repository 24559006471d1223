/** Subscriptions to state changes. Each fires at every entry into its one state, until its timeout ends the socket. */

import type { Caller, ServerContext } from '../context.ts'
import { decode, integer, struct, text } from '../decode.ts'
import type { ProcessEvent } from '../events.ts'
import { processJson } from '../process-json.ts'
import type { ProcessRow } from '../process-row.ts'
import { findProcess } from '../process-store.ts'
import { forbidden } from '../refusal.ts'
import { after, type SocketHandler, type SocketPeer, sendFrame } from './socket-handler.ts'

const ofProcess = struct({ processid: text, executortype: text, state: integer, timeout: integer })
const ofType = struct({ executortype: text, state: integer, timeout: integer })

/** One process, by anybody who knows its id; at once when it is in the state already. */
export const subscribeProcess: SocketHandler = async (message, caller, peer, context) => {
  const { processid, executortype, state, timeout } = decode(ofProcess, message)
  // Listening begins before the process is read, so that no change falls between the two.
  const early: ProcessRow[] = []
  let deliver = (shown: ProcessRow) => void early.push(shown)
  const stop = context.events.subscribe((event) => {
    if (event.processid === processid && event.state === state) deliver(event.shown)
  })
  try {
    const process = await findProcess(processid, context.store)
    if (process === undefined) throw forbidden(`there is no process with the id <${processid}>`)
    // A wrong type never fires, but is answered at once where the state fits.
    const fires = executortype === '' || executortype === process.executortype
    deliver = (shown) => {
      if (fires) push(shown, peer, context)
    }
    if (process.state === state) push(process, peer, context)
    else early.forEach(deliver)
  } catch (thrown) {
    stop()
    throw thrown
  }
  endAfter(timeout, caller, peer, stop)
}

/** All processes of a type in the colonies in which the caller is an executor, whatever that executor's state. */
export const subscribeProcesses: SocketHandler = async (message, caller, peer, context) => {
  const { executortype, state, timeout } = decode(ofType, message)
  const own = coloniesOf(caller, context)
  if (own.size === 0) throw forbidden('the caller is not an executor')
  const fits = (event: ProcessEvent) =>
    event.state === state && event.executortype === executortype && own.has(event.colonyname)
  const stop = context.events.subscribe((event) => {
    if (fits(event)) push(event.shown, peer, context)
  })
  endAfter(timeout, caller, peer, stop)
}

function coloniesOf(caller: Caller, { directory }: ServerContext): ReadonlySet<string> {
  const names = directory.colonies().map((colony) => colony.name)
  return new Set(names.filter((name) => directory.executors(name).some((one) => one.executorid === caller.id)))
}

function push(shown: ProcessRow, peer: SocketPeer, context: ServerContext): void {
  sendFrame(peer, { payloadtype: 'subscribeprocessmsg', json: processJson(shown, context.formatTime).text }, context)
}

/** The timeout of one subscription closes the socket, for all others on it too, without a frame. */
function endAfter(timeoutS: number, { signal }: Caller, peer: SocketPeer, stop: () => void): void {
  if (signal.aborted) {
    stop()
    return
  }
  signal.addEventListener('abort', stop, { once: true })
  after(timeoutS, signal, () => peer.socket.terminate())
}
