/**
 * A Colonies-compatible server for the local stack: real HTTP and WebSocket, its queue in Postgres, so that a restart
 * loses nothing. One server process per database schema: colonies, executors and users are held in memory (written
 * through), and the wake-up of long-polls is in memory too.
 *
 * The frame, from the wire inwards:
 *
 *   http-server.ts   POST /api, GET /health, CORS, 404, faults; hands upgrades of /pubsub to pubsub.ts
 *   envelope.ts      envelope, signature, message type -> { callerId, message }
 *   registry.ts      one table msgtype -> Handler, merged from handlers/*.ts; setUps; extraDdl
 *   context.ts       ServerContext: what a handler may use. Caller: who called, and the signal of a lost connection
 *   decode.ts        typed reading of messages with Go's rules (`struct`, `text`, `integer`, `listOf`, `pointer`, ...)
 *   membership.ts    requireServerOwner, requireColonyOwner, requireMember, requireLooseMember, memberOf
 *   refusal.ts       `throw new Refusal(status, text)` makes the error envelope
 *   reply.ts         `reply(json)`, `done` ({}), `silence` (200, no body)
 *   json.ts          encoder; `Raw` for text that is JSON already, `listOrNull` for Go's nil slices
 *   time.ts          microseconds inside, RFC 3339 in the server's zone outside
 *   store.ts         SQL with `$schema`; `transaction`. Data that Postgres refuses is answered with 400, its troubles with 500
 *   process-row.ts   the table `processes` as a type, `processColumns`, `toProcessRow`
 *   process-json.ts  a row as the JSON of the wire
 *   process-store.ts findProcess, lockProcess, requireProcess, storeProcess
 *   funcspec.ts      `functionSpec` decoder, `newProcess(spec, submission)` (with `workflow` for graph members)
 *   events.ts        emit(row) after a commit: WebSocket subscriptions listen here
 *   waiters.ts       announce(row) after a commit when a process became assignable: long-polls listen here
 *   hooks.ts         beforeLock, onAssign, onClose (in the transaction, graph members only), onGone, onColonyRemoved
 *   timers.ts        every(name, periodMs, job)
 *
 * On this frame, each joined in by registry.ts:
 *
 *   workflow/        graphs: creating, resolving, layout, children, removal. Lock order: graph, then its processes
 *   cron/            expression parser (pure), next run (pure), the checker
 *   generator/       queued arguments that start a workflow
 *   channel/         streams of a process, in memory
 *   pubsub/          subscriptions over the WebSocket
 *
 * What happens to a process: handlers/submit.ts, assignment.ts (matching, once as SQL and once in memory), handlers/
 * assign.ts, handlers/close.ts (one statement), change-process.ts (every other change), limits.ts, unregister.ts.
 * faults.ts lists the faults that tests can switch on.
 */

export { createFaults, type Fault, type FaultKind, type Faults } from './faults.ts'
export { type ColoniesServerOptions, defaultSettings, type Settings } from './options.ts'
export { type ColoniesServer, startColoniesServer } from './start-colonies-server.ts'
