// what a restart of a load plan runs: docs/rules.md, one function per rule.
// integers are BigInt and objects are Map, as json.mjs reads them.

const ACTIVE = ["In Progress", "In Queue"];
const FAILED = ["Failed", "Finished With Errors", "Interrupted"];
const COMPLETED = ["Succeeded", "Skipped"];

const ascending = (groups) =>
  [...groups].sort((a, b) => (a.get("sequence") < b.get("sequence") ? -1 : 1));
// JavaScript compares texts by UTF-16 units, which is another order beyond U+FFFF
const byCodePoint = (a, b) => {
  const [left, right] = [[...a], [...b]].map((text) => text.map((char) => char.codePointAt(0)));
  const place = left.findIndex((point, index) => point !== right[index]);
  return place < 0 ? left.length - right.length : left[place] - (right[place] ?? -1);
};
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
      notes: this.notes(group, skipped),
    };
  }

  // notes: true of an accepted plan, and easily missed
  notes(group, skipped) {
    const notes = this.given() ? this.notesOfLatest(group, skipped) : [];
    if (group.get("steps").every((step) => skipped.has(step))) {
      notes.push({ note: "nothingToRun", sequence: group.get("sequence") });
    }
    return notes;
  }

  notesOfLatest(start, skipped) {
    const sequence = start.get("sequence");
    const failed = this.outcomes.filter((each) => this.failed(each) && each.get("sequence") < sequence);
    const sequences = failed.map((each) => each.get("sequence"));
    const notes = sequences.length > 0 ? [{ note: "earlierGroupsStayFailed", sequences }] : [];
    notes.push(...this.groupsChanged());
    const upToStart = this.groups.filter((each) => each.get("sequence") <= sequence);
    notes.push(...upToStart.flatMap((group) => this.stepsChanged(group)));
    notes.push(...this.skippedElsewhere(start, skipped));
    return notes;
  }

  groupsChanged() {
    const recorded = this.outcomes.map((each) => each.get("sequence"));
    const existing = this.groups.map((each) => each.get("sequence"));
    const between = (each) => each > recorded[0] && each < recorded.at(-1);
    const added = existing.filter((each) => between(each) && !recorded.includes(each));
    const removed = recorded.filter((each) => !existing.includes(each));
    return added.length + removed.length > 0 ? [{ note: "groupsChanged", added, removed }] : [];
  }

  // C6: a step added to the start group or to one before it
  stepsChanged(group) {
    const outcome = find(this.outcomes, group.get("sequence"));
    const steps = outcome?.get("steps") ?? null;
    if (steps === null || (outcome.get("status") === "In Queue" && steps.size === 0)) return [];
    const added = group.get("steps").filter((step) => !steps.has(step));
    const removed = [...steps.keys()].filter((step) => !group.get("steps").includes(step)).sort(byCodePoint);
    if (added.length + removed.length === 0) return [];
    return [{ note: "stepsChanged", sequence: group.get("sequence"), added, removed }];
  }

  // C9: only the lowest group that an execution recorded can hold Skipped steps by these rules
  skippedElsewhere(start, skipped) {
    const sequence = start.get("sequence");
    const recorded = find(this.outcomes, sequence)?.get("steps") ?? null;
    if (recorded === null || this.outcomes[0].get("sequence") === sequence) return [];
    const isSkipped = (step) => skipped.has(step) && recorded.get(step) === "Skipped";
    const steps = start.get("steps").filter(isSkipped);
    return steps.length > 0 ? [{ note: "skippedElsewhere", sequence, steps }] : [];
  }
}

export const decide = (scenario) => new Restart(scenario).decide();
