// what a restart of a load plan runs: docs/rules.md, one function per rule.
// integers are BigInt and objects are Map, as json.mjs reads them.

const ACTIVE = ["In Progress", "In Queue"];
const FAILED = ["Failed", "Finished With Errors", "Interrupted"];
const COMPLETED = ["Succeeded", "Skipped"];

const ascending = (groups) =>
  [...groups].sort((a, b) => (a.get("sequence") < b.get("sequence") ? -1 : 1));
const find = (groups, sequence) => groups.find((group) => group.get("sequence") === sequence);

// the facts of one scenario and the rules over them
export class Restart {
  constructor(scenario) {
    this.groups = ascending(scenario.get("plan").get("groups"));
    this.latest = scenario.get("latest") ?? null;
    this.outcomes = this.latest ? ascending(this.latest.get("groups")) : [];
    this.G = scenario.get("request").get("groupSequence");
    this.X = scenario.get("request").get("recentLoadPlanExecution") ?? null;
  }

  // terms
  active() { return this.latest !== null && ACTIVE.includes(this.latest.get("status")); }
  // an id of 0 is given too, so only null means none
  given() { return this.X !== null; }
  namesLatest() { return this.given() && this.latest !== null && this.X === this.latest.get("id"); }

  failed(outcome) {
    const cutOff = outcome.get("status") === "In Progress" && !this.active();
    return cutOff || FAILED.includes(outcome.get("status"));
  }

  firstFailed() { return this.outcomes.find((outcome) => this.failed(outcome)); }

  // rejections
  R1_alreadyRunning() { return this.active(); }

  R2_notMostRecent() { return this.given() && !this.namesLatest(); }

  R3_noFailedGroup() { return this.namesLatest() && !this.firstFailed(); }

  R4_groupNotFound() {
    if (this.groups.length === 0) return true;
    if (this.G > 0n) return !find(this.groups, this.G);
    const failed = this.namesLatest() && this.firstFailed();
    return Boolean(failed) && !find(this.groups, failed.get("sequence"));
  }

  R5_historyUnavailable() {
    if (!this.namesLatest()) return false;
    const outcome = this.G > 0n ? find(this.outcomes, this.G) : this.firstFailed();
    if (!outcome || !find(this.groups, outcome.get("sequence"))) return false;
    return this.failed(outcome) && outcome.get("steps") === null;
  }

  // starts: the group to begin at and the steps of it to skip
  S1_startOver() {
    return { group: this.groups[0], skip: [] };
  }

  S2_startAtGroup() {
    return { group: find(this.groups, this.G), skip: [] };
  }

  S3_resumeAtFailed() {
    const group = find(this.groups, this.firstFailed().get("sequence"));
    return { group, skip: this.completedSteps(group) };
  }

  S4_resumeAtGroup() {
    const group = find(this.groups, this.G);
    return { group, skip: this.completedSteps(group) };
  }

  completedSteps(group) {
    const outcome = find(this.outcomes, group.get("sequence"));
    if (!outcome) return [];
    const steps = outcome.get("steps");
    // C4: without history the status of the group says whether all steps are completed
    if (steps === null) return outcome.get("status") === "Succeeded" ? group.get("steps") : [];
    return group.get("steps").filter((step) => COMPLETED.includes(steps.get(step)));
  }

  // the decision
  decide() {
    const rules = [
      ["R1", this.R1_alreadyRunning()],
      ["R2", this.R2_notMostRecent()],
      ["R3", this.R3_noFailedGroup()],
      ["R4", this.R4_groupNotFound()],
      ["R5", this.R5_historyUnavailable()],
    ].filter(([, holds]) => holds).map(([id]) => id);
    if (rules.length > 0) return { decision: "rejected", rule: rules[0], rules };
    if (this.given()) {
      return this.G > 0n ? this.plan("S4", this.S4_resumeAtGroup()) : this.plan("S3", this.S3_resumeAtFailed());
    }
    return this.G > 0n ? this.plan("S2", this.S2_startAtGroup()) : this.plan("S1", this.S1_startOver());
  }

  plan(rule, { group, skip }) {
    const sequence = group.get("sequence");
    const skipped = new Set(skip);
    const sequences = this.groups.map((each) => each.get("sequence"));
    return {
      decision: "planned",
      rule,
      basedOn: this.given() ? this.latest.get("id") : null,
      before: sequences.filter((each) => each < sequence),
      start: { sequence, run: group.get("steps").filter((step) => !skipped.has(step)), skip },
      after: sequences.filter((each) => each > sequence),
    };
  }
}

export const decide = (scenario) => new Restart(scenario).decide();
