import type { IncomingMessage } from 'node:http'

/** Which message it is, and of which processes it speaks. */
export interface Told {
  /** `assign`, `close`, `execute 1`, `store`, `read` …; the server's own name for others. */
  readonly message: string
  readonly notes: readonly string[]
}

const names: Readonly<Record<string, string>> = {
  submitfuncspecmsg: 'submit',
  assignprocessmsg: 'assign',
  closesuccessfulmsg: 'close',
  closefailedmsg: 'fail',
  removeexecutormsg: 'leave',
  addexecutormsg: 'register',
  approveexecutormsg: 'approve',
  addfunctionmsg: 'describe',
  getprocesshistmsg: 'list',
  getprocessmsg: 'look',
}

interface Envelope {
  readonly payloadtype: string
  readonly payload: string
}
interface BrokerCall {
  readonly processid?: string
  readonly spec?: { readonly kwargs?: { readonly input?: { readonly note?: string } } }
}
interface DatabaseCall {
  readonly op: string
  readonly step?: number
  readonly process?: string
  readonly payload?: { readonly note?: string }
  readonly receipts?: readonly { readonly process: string }[]
}

const open = <T>(payload: string): T => JSON.parse(Buffer.from(payload, 'base64').toString('utf8')) as T

/** @param known notes of processes by their id */
export function addresseeOf(request: IncomingMessage, body: Buffer, known: ReadonlyMap<string, string>): Told {
  const url = request.url ?? '/'
  const noteOf = (process: string | undefined) => {
    const note = known.get(process ?? '')
    return note === undefined ? [] : [note]
  }
  if (url.startsWith('/read/')) return { message: 'read', notes: [decodeURIComponent(url.slice('/read/'.length))] }
  if (url === '/api') {
    const { payloadtype, payload } = JSON.parse(body.toString('utf8')) as Envelope
    const { processid, spec } = open<BrokerCall>(payload)
    const submitted = spec?.kwargs?.input?.note
    const notes = submitted === undefined ? noteOf(processid) : [submitted]
    return { message: names[payloadtype] ?? payloadtype, notes }
  }
  const { call } = JSON.parse(body.toString('utf8')) as { readonly call: DatabaseCall }
  switch (call.op) {
    case 'execute':
      return { message: `execute ${call.step}`, notes: [String(call.payload?.note)] }
    case 'store_receipts':
      return { message: 'store', notes: (call.receipts ?? []).flatMap(({ process }) => noteOf(process)) }
    default:
      return { message: call.op, notes: noteOf(call.process) }
  }
}

/** Learns from the answer to an assign which process has which note. @returns the note of the assigned process, if any */
export function notesIn(reply: Buffer, known: Map<string, string>): readonly string[] {
  try {
    const { payload, error } = JSON.parse(reply.toString('utf8')) as Envelope & { readonly error: boolean }
    if (error) return []
    const process = open<{ processid: string; spec: { kwargs: { input?: { note?: string } } } }>(payload)
    const note = process.spec.kwargs.input?.note
    if (note === undefined) return []
    known.set(process.processid, note)
    return [note]
  } catch {
    return []
  }
}
