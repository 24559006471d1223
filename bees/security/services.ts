import { defineTaskWith, type Environment } from '../../src/bee/index.ts'

/** What the tasks of the Security Bee get from outside, built once for each hive. */
export type SecurityServices = Readonly<Record<never, never>>

/** @throws BeeError BEE_CONFIG_INVALID */
export function createSecurityServices(_env: Environment): SecurityServices {
  return Object.freeze({})
}

export const defineSecurityTask = defineTaskWith<SecurityServices>()
