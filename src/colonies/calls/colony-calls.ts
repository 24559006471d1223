import { ColoniesCaller } from '../caller.ts'
import { checkName } from '../function-spec.ts'
import type { Cluster, Colony, PauseStatus, ServerInfo, Statistics, Version } from '../messages/members.ts'
import type { CallOptions } from '../with-deadline.ts'

/** Calls about the server and its colonies. Every call rejects with ColoniesError. */
export class ColonyCalls extends ColoniesCaller {
  /** All colonies. Server owner. */
  getColonies(options?: CallOptions): Promise<Colony[]> {
    return this.call('getcoloniesmsg', {}, undefined, options)
  }

  /** One colony. Member; the colony's owner is none. */
  getColony(colonyName: string, options?: CallOptions): Promise<Colony> {
    return this.call('getcolonymsg', { colonyname: colonyName }, undefined, options)
  }

  /** Adds a colony; `colonyid` is the identity of its owner. Server owner. */
  async addColony(colony: Colony, options?: CallOptions): Promise<Colony> {
    checkName('addcolonymsg', 'name', colony.name)
    return this.call('addcolonymsg', { colony }, undefined, options)
  }

  /** Removes a colony and everything in it. Server owner. */
  removeColony(colonyName: string, options?: CallOptions): Promise<void> {
    return this.call('removecolonymsg', { colonyname: colonyName }, undefined, options)
  }

  /** Counters of the whole server. Server owner. */
  getStatistics(options?: CallOptions): Promise<Statistics> {
    return this.call('getstatisticsmsg', {}, undefined, options)
  }

  /** Counters of one colony. Member; to anybody else the server answers nothing, which is `forbidden`. */
  getColonyStats(colonyName: string, options?: CallOptions): Promise<Statistics> {
    return this.call('getcolonystatsmsg', { colonyname: colonyName }, undefined, options)
  }

  /** Nodes and leader. Server owner. */
  getCluster(options?: CallOptions): Promise<Cluster> {
    return this.call('getclustermsg', {}, undefined, options)
  }

  /** Version of the server. Needs no key. */
  version(options?: CallOptions): Promise<Version> {
    return this.call('versionmsg', { buildversion: '', buildtime: '' }, null, options)
  }

  /** Version and listeners of the server. Needs no key. */
  getServerInfo(options?: CallOptions): Promise<ServerInfo> {
    return this.call('getserverinfomsg', {}, null, options)
  }

  /** Stops assignments in a colony. Colony owner. */
  pauseAssignments(colonyName: string, options?: CallOptions): Promise<void> {
    return this.call('pauseassignmentsmsg', { colonyname: colonyName }, undefined, options)
  }

  /** Allows assignments again. Colony owner. */
  resumeAssignments(colonyName: string, options?: CallOptions): Promise<void> {
    return this.call('resumeassignmentsmsg', { colonyname: colonyName }, undefined, options)
  }

  /** Whether assignments are paused. Member, also a pending executor. */
  getPauseStatus(colonyName: string, options?: CallOptions): Promise<PauseStatus> {
    return this.call('getpausestatusmsg', { colonyname: colonyName }, undefined, options)
  }

  /** Replaces the identity of the server owner. Server owner, with the old key. */
  async changeServerId(serverId: string, options?: CallOptions): Promise<void> {
    await this.call('changeserveridmsg', { serverid: serverId }, undefined, options)
  }

  /** Replaces the identity of the colony owner. Colony owner, with the old key. */
  async changeColonyId(colonyName: string, colonyId: string, options?: CallOptions): Promise<void> {
    await this.call('changecolonyidmsg', { colonyname: colonyName, colonyid: colonyId }, undefined, options)
  }
}
