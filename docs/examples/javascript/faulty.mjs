// the same engine with three faults that people really make, for the conformance kit to find.

import { Restart } from "./engine.mjs";

class FaultyRestart extends Restart {
  // fault 1: skips completed steps also when no execution id is given
  S1_startOver() {
    return this.skippingCompleted(super.S1_startOver());
  }

  S2_startAtGroup() {
    return this.skippingCompleted(super.S2_startAtGroup());
  }

  // fault 2: takes every id that is not below the latest one for the most recent
  namesLatest() {
    return this.given() && this.latest !== null && this.X >= this.latest.get("id");
  }

  // fault 3: takes the group's sequence for its position, which only a plan with gaps shows
  S4_resumeAtGroup() {
    return this.skippingCompleted({ group: this.groups[Number(this.G) - 1] ?? this.groups.at(-1) });
  }

  skippingCompleted({ group }) {
    return { group, skip: this.completedSteps(group) };
  }
}

export const decide = (scenario) => new FaultyRestart(scenario).decide();
