/** Poller, slots, the task pipeline, drain, the state machine of a bee; and the two other ways in: submit and direct. */
export { type BeeEvent, type BeeState, beeTransitions } from './bee-state.ts'
export type { BeeStatus } from './bee-status.ts'
export type { Assignment, AssignOutcome, Broker, BrokerFactory, CloseOutcome } from './broker.ts'
export { type BrokerClient, type ColoniesBrokerOptions, coloniesBroker } from './broker-colonies.ts'
export { createDirect, type DirectOptions, type DirectResult, type DirectRunOptions, type RunDirect } from './direct.ts'
export { createFleet, type Fleet, type FleetDrain, type FleetStatus, type StopOptions } from './fleet.ts'
export {
  defaultTuning,
  type FleetOptions,
  type FleetTuning,
  type TuningOverrides,
  tuningWith,
} from './fleet-options.ts'
export { executorKeyFor, fixedIdentity, type Identity } from './identity.ts'
export { createSchedules, type ScheduleStatus, type Schedules, type SchedulesOptions } from './schedules.ts'
export { type StepName, stepNames } from './step-names.ts'
export {
  createSubmitter,
  type FinalProcess,
  type Submission,
  type Submitter,
  type SubmitterOptions,
} from './submitter.ts'
export type { TaskRecord } from './task-record.ts'
