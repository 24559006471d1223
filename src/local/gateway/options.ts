import type { Logger } from 'pino'
import { z } from 'zod'

/** The roles that a caller can have. */
export const roles = ['anon', 'authenticated', 'service_role', 'bee'] as const
export type Role = (typeof roles)[number]

export interface GatewayOptions {
  /** The Postgres behind it: a superuser (then it acts as `authenticator`) or a member of the roles. A secret. */
  readonly databaseUrl: string
  /** API key of each role; a role without a key cannot be had. Secrets of at least 16 characters. */
  readonly keys: {
    readonly service_role: string
    readonly anon?: string | undefined
    readonly authenticated?: string | undefined
    readonly bee?: string | undefined
  }
  /** Folder for storage objects, private to this gateway. Created when missing. */
  readonly storageDir: string
  /** Port on 127.0.0.1, 0 for any free one. @default 0 */
  readonly port?: number | undefined
  /** Secret of HS256 user tokens; without it a bearer token must be one of the keys. */
  readonly jwtSecret?: string | undefined
  /** Answers `/__faults`, with which a test makes it misbehave. @default false */
  readonly faultControl?: boolean | undefined
  /** Database connections. @default 10 */
  readonly poolSize?: number | undefined
  /** How long a request waits for a connection, milliseconds. @default 10000 */
  readonly poolTimeoutMs?: number | undefined
  /** Largest RPC body, bytes. @default 10485760 */
  readonly maxBodyBytes?: number | undefined
  /** Largest storage object, bytes. @default 52428800 */
  readonly maxObjectBytes?: number | undefined
  readonly log?: Logger | undefined
}

const key = z.string().min(16)

/** The same, checked and complete; also what the child process accepts from its parent. */
export const gatewaySettings = z.object({
  databaseUrl: z.string().min(1),
  keys: z.object({
    service_role: key,
    anon: key.optional(),
    authenticated: key.optional(),
    bee: key.optional(),
  }),
  storageDir: z.string().min(1),
  port: z.number().int().min(0).max(65_535).default(0),
  jwtSecret: z.string().min(32).optional(),
  faultControl: z.boolean().default(false),
  poolSize: z.number().int().min(1).default(10),
  poolTimeoutMs: z.number().int().min(1).default(10_000),
  maxBodyBytes: z
    .number()
    .int()
    .min(1)
    .default(10 * 1024 * 1024),
  maxObjectBytes: z
    .number()
    .int()
    .min(1)
    .default(50 * 1024 * 1024),
})
export type GatewaySettings = z.infer<typeof gatewaySettings>
