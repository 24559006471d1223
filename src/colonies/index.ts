/**
 * A Colonies client: messages, secp256k1 identity, typed errors; no retries, no other policy (except `submit`, which
 * finds out what became of a lost submit before it repeats it).
 *
 * - Methods have the names and the argument order of colonies-ts wherever that has the method; a last argument
 *   `{ signal, deadlineMs }` is ours. Blueprint calls are left out: use `client.call(msgtype, message)`.
 * - Replies are checked with zod and keep the field names of the wire. Empty lists are `[]`, unset times null, set times
 *   the server's own text; nanosecond integers are bigints.
 * - Every failure is a ColoniesError with `kind`, `status`, `httpStatus`, `msgtype` and `outcome`: whether the call may
 *   have been applied all the same. A malformed private key is a TypeError.
 * - The deadline of a call covers connecting, headers and body.
 * - The server checks neither time nor nonce: whoever sees a request can send it again. Use TLS outside one machine.
 */

export type { ColoniesClientOptions, PrivateKey } from './caller.ts'
export type { NewExecutor, NewLocation } from './calls/member-calls.ts'
export type { FreeResources, ProcessFilters } from './calls/process-calls.ts'
export type { FileQuery, LogOptions, NewAttribute, NewFunction } from './calls/record-calls.ts'
export type { NewCron, NewGenerator } from './calls/schedule-calls.ts'
export type { AppendOptions } from './calls/stream-calls.ts'
export { ColoniesClient } from './client.ts'
export { assertPrivateKey, generatePrivateKey, identityOf, parsePrivateKey, recoverIdentity, sign } from './crypto.ts'
export { encodeMessage, openReply, type RawReply, type Signer, sealMessage } from './envelope.ts'
export { ColoniesError, type ColoniesErrorFields, type ColoniesErrorKind, type ColoniesOutcome } from './errors.ts'
export { type JsonObject, type JsonValue, parseExactJson, stringifyExactJson } from './exact-json.ts'
export { createFetchTransport, type FetchTransportOptions } from './fetch-transport.ts'
export {
  type CompleteFunctionSpec,
  type Conditions,
  completeFunctionSpec,
  completeWorkflowSpec,
  type FunctionSpec,
  type GpuDemand,
  type WorkflowSpec,
} from './function-spec.ts'
export { createHttpTransport, type HttpTransport, type HttpTransportOptions } from './http-transport.ts'
export {
  type Allocations,
  type Capabilities,
  type Cluster,
  type Colony,
  type Executor,
  executorStates,
  type Location,
  type PauseStatus,
  type ServerInfo,
  type Statistics,
  type User,
  type Version,
} from './messages/members.ts'
export { type Attribute, type Process, ProcessState, type StoredFunctionSpec } from './messages/process.ts'
export type {
  ChannelEntry,
  FileLabel,
  FileRecord,
  FileSummary,
  LogLine,
  RegisteredFunction,
  Snapshot,
} from './messages/records.ts'
export { type KnownMessage, parseReply, type ReplyOf, replySchemas } from './messages/replies.ts'
export type { Cron, Generator, ProcessGraph } from './messages/workflow.ts'
export type { SubmitOptions } from './submit.ts'
export type { Subscription, SubscriptionClose } from './subscription.ts'
export { DEFAULT_MAX_RESPONSE_BYTES, type Transport, TransportError, type TransportRequest } from './transport.ts'
export type { CallOptions } from './with-deadline.ts'
