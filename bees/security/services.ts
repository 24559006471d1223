import { defineTaskWith, type Environment } from '../../src/bee/index.ts'
import { type AlertServices, createAlertServices } from './alerts/services.ts'
import { createIngestServices, type IngestServices } from './events/ingest-services.ts'
import { type Approver, readApprovers } from './respond/approvers.ts'
import { type CompiledRules, loadRules, ruleFilesOf, shippedFolder } from './rules/index.ts'

/** What the tasks of the Security Bee get from outside, built once for each hive. */
export interface SecurityServices {
  readonly alerts: AlertServices
  readonly ingest: IngestServices
  /** People who may decide about responses. */
  readonly approvers: readonly Approver[]
  readonly rules: CompiledRules
}

/** @throws BeeError BEE_CONFIG_INVALID, and BEE_SECURITY_RULE_INVALID for mistakes in rules of one's own */
export function createSecurityServices(env: Environment): SecurityServices {
  const ownFolder = env['SECURITY_RULES_DIR'] || undefined
  // One's own are tried at the start; those that come with the bee have been, and are read when somebody needs them.
  let rules = ownFolder === undefined ? undefined : rulesWith(ownFolder)
  return Object.freeze({
    alerts: createAlertServices(env),
    ingest: createIngestServices(env),
    approvers: readApprovers(env),
    get rules() {
      rules ??= rulesWith()
      return rules
    },
  })
}

/** The rules that come with the bee, and those of another folder. */
const rulesWith = (ownFolder?: string): CompiledRules =>
  loadRules([...ruleFilesOf(shippedFolder), ...(ownFolder === undefined ? [] : ruleFilesOf(ownFolder))])

export const defineSecurityTask = defineTaskWith<SecurityServices>()
