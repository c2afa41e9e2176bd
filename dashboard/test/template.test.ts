import { describe, expect, it } from "vitest";
import { filled } from "../src/i18n/template";

/** Spaces between figure and unit do not break; here they are plain ones. */
const plain = (text: string): string => text.replaceAll("\u00a0", " ");
const en = (template: string, facts = {}): string => plain(filled(template, facts, "en"));

describe("a sentence", () => {
  it("formats a figure by the unit at the end of its name", () => {
    expect(en("{missing_w} of {need_w}", { missing_w: 420, need_w: 1380 })).toBe("420 W of 1.4 kW");
    expect(en("{remaining_s}", { remaining_s: 42 })).toBe("0:42 min");
    expect(en("{limit_a} and {soc_percent}", { limit_a: 9.25, soc_percent: 80 })).toBe("9.3 A and 80 %");
  });

  it("speaks numbers as its language does", () => {
    expect(plain(filled("{need_w}", { need_w: 1380 }, "de"))).toBe("1,4 kW");
  });

  it("leaves out the part whose figure is missing", () => {
    expect(en("Stops[: {missing_w} missing][: {available_w} left].", { available_w: 10 })).toBe("Stops: 10 W left.");
  });

  it("leaves out what is counted and is none", () => {
    expect(en("Waits[; woken {tries?once|# times}].", { tries: 0 })).toBe("Waits.");
    expect(en("Waits[; woken {tries?once|# times}].", { tries: 3 })).toBe("Waits; woken 3 times.");
  });

  it("never shows a minus before a zero", () => {
    expect(en("{power_w}", { power_w: -0.2 })).toBe("0 W");
  });
});
