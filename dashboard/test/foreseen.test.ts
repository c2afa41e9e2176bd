import { beforeEach, describe, expect, it } from "vitest";
import { answered, foresee, forget, heard, quiet } from "../src/state/foreseen";
import { apply, read, replace, type Frame } from "../src/state/house";

const KEY = "loadpoints.0.smartFeedInPriorityLimit";
const shown = { [KEY]: 0.095 };
const frame = (told: Frame): void => {
  heard(told);
  apply(told);
};

beforeEach(() => {
  forget();
  replace({ siteTitle: "Home", [KEY]: null, cycle: 1 });
});

describe("what is shown before the server has said it", () => {
  it("is shown at once, and stays when the server says so", () => {
    foresee(shown);
    answered(shown, true);
    frame(shown);
    frame({ cycle: 2 });
    frame({ cycle: 3 });
    expect(read(KEY)).toBe(0.095);
  });

  it("goes when two cycles pass without a word of it", () => {
    foresee(shown);
    answered(shown, true);
    frame({ cycle: 2 });
    expect(read(KEY)).toBe(0.095);
    frame({ cycle: 3 });
    expect(read(KEY)).toBeNull();
  });

  it("waits for the answer, and other frames are no cycle", () => {
    foresee(shown);
    for (const cycle of [2, 3, 4]) frame({ cycle });
    expect(read(KEY)).toBe(0.095);
    answered(shown, true);
    for (const homePower of [1, 2, 3]) frame({ homePower });
    expect(read(KEY)).toBe(0.095);
  });

  it("is the server's when it speaks of it before the answer", () => {
    foresee(shown);
    frame({ [KEY]: 0.2 });
    answered(shown, false);
    expect(read(KEY)).toBe(0.2);
  });

  it("goes when it is refused, to what the server said before the first of two changes", () => {
    foresee(shown);
    foresee({ [KEY]: 0.3 });
    answered(shown, false);
    expect(read(KEY)).toBe(0.3);
    answered({ [KEY]: 0.3 }, false);
    expect(read(KEY)).toBeNull();
  });

  it("goes, too, when asking finds twice that nothing has changed", () => {
    foresee(shown);
    answered(shown, true);
    quiet();
    quiet();
    expect(read(KEY)).toBeNull();
  });
});
