import { describe, expect, it } from "vitest";
import { retold } from "../src/i18n/said";
import said from "../src/i18n/said.de";

const told = (sentence: string): string => retold(sentence, said);
const names = (text: string): string => [...text.matchAll(/\{(\w+)\}/g)].map((each) => each[1]!).sort().join();

describe("the server's English in German", () => {
  it.each([
    ["min current 20 A must not be above max current 16 A", "der kleinste Strom, 20 A, darf nicht über dem größten liegen, 16 A"],
    ["there is no charger 'lonely'. Did you mean 'lone'?", "eine Wallbox „lonely“ gibt es nicht. War 'lone' gemeint?"],
    ["not found: audi", "audi gibt es nicht"],
    [`'roof' has been silent for 3 min: 10.0.0.7:502, id 1: no answer in time. Is the id right, and Modbus enabled there?`, "„roof“ schweigt seit 3 min: 10.0.0.7:502, Nummer 1: keine Antwort. Stimmt die Nummer, ist Modbus dort eingeschaltet?"],
    [`'box' has not answered yet: http://10.0.0.8: the name does not resolve`, "„box“ hat noch nie geantwortet: http://10.0.0.8: diesen Namen kennt das Netz nicht"],
    ["meters[0].usage: unknown key. Did you mean usage?", "meters[0].usage: unbekanntes Wort. War usage gemeint?"],
  ])("%s", (english, german) => expect(told(english)).toBe(german));

  it("leaves what it does not know as it is", () => {
    expect(told("a wonder happened")).toBe("a wonder happened");
    expect(told("")).toBe("");
  });

  it("names in German what the server names", () => {
    expect(said.filter(([theirs, ours]) => names(ours) && names(theirs) !== names(ours)).filter(([theirs, ours]) => !names(theirs).includes(names(ours)))).toEqual([]);
  });

  it("knows each sentence once", () => {
    expect(new Set(said.map(([theirs]) => theirs)).size).toBe(said.length);
  });
});
