/** What the word of a refusal means to a person, and what to do. */
const decisions: Readonly<Record<string, string>> = {
  machine: 'nobody has signed it; set BEES_APPROVER_KEY to a key of your own (`bees keys approver` makes one)',
  unknown_key:
    'your key is nobody’s of SECURITY_APPROVERS; the hive must know its public part (`bees keys` shows it) and be started anew',
  altered: 'the plan is not the one that was proposed, somebody has altered it; nothing of it will be done',
  stale_digest: 'the plan is another one than was shown; look at it once more',
  state: 'it is over, or being carried out; `bees security plans <plan>` shows how it stands',
  expired: 'its time is over; if the attack goes on, a new one is proposed',
  mode: 'it only observes or tries out and is never carried out; docs/response.md says how a playbook gets the mode approve',
  proposer: 'whoever proposed a plan does not approve it; ask somebody else of SECURITY_APPROVERS',
  never_list: 'it names somebody or something that no response may touch',
  never_list_unreadable: 'the list of what may never be touched could not be read; try again, then `bees doctor`',
  not_approved: 'more approvals are needed',
  unknown_plan: 'there is no such plan',
  too_long: 'all settings of a rule together may have 20 000 octets',
}

/**
 * A word of the database about a decision, for a person.
 * @returns undefined for what is none of these
 */
export function deciderProblem(problem: string | null): string | undefined {
  if (problem === null || !Object.hasOwn(decisions, problem)) return undefined
  return `${decisions[problem]} (${problem})`
}
