// Shows the published state, asked for every two seconds while somebody looks.
"use strict";

const PAUSE_MS = 2000;

const MODES = { off: "Off", now: "Fast", minpv: "Min + solar", pv: "Solar" };

// Sentences by reason code; {name} is one of its figures.
const REASONS = {
  not_connected: "No car is connected.",
  mode_off: "Charging is switched off.",
  mode_now: "Charges as fast as allowed.",
  welcome_charge: "Wakes the car that has just come.",
  minimum_soc: "Charges up to the car's minimum first.",
  plan_active: "A plan is active.",
  energy_limit: "The energy limit is reached.",
  soc_limit: "The charge limit is reached.",
  climater: "Powers the car's climate control.",
  cheap_price: "Electricity is cheap.",
  feed_in_priority: "Selling the surplus pays more.",
  charges_from_sun: "Charges from the sun.",
  minimum_current: "Charges at the minimum current.",
  battery_start: "The home battery is full enough to start.",
  battery_buffer: "The home battery helps out.",
  battery_boost: "The home battery gives what it can.",
  battery_first: "The home battery comes first.",
  higher_priority_first: "Another charging point comes first.",
  waits_for_sun: "Waits for the sun.",
  starts_soon: "Starts soon.",
  stops_soon: "Stops soon.",
  one_phase_soon: "Soon goes down to one phase.",
  three_phases_soon: "Soon goes up to three phases.",
  phases_settle: "Waits until the phases have settled.",
  switches_phases: "Switches phases.",
  waits_for_reading: "Waits for a reading.",
  waits_for_car: "Waits for the car.",
  wakes_car: "Wakes the car.",
  settles: "The charge was stopped; the wallbox still has to follow.",
  switch_budget: "Was switched on and off often enough for this hour.",
  phase_budget: "Switched phases often enough for this hour.",
  limited_by_circuit: "Limited by the circuit.",
  circuit_calms_down: "The circuit was overloaded a moment ago.",
  circuit_meter_missing: "The circuit's meter is silent.",
  circuit_limit_missing: "The circuit's limit cannot be read.",
  limited_by_loadpoint: "Limited by the charging point's setting.",
  limited_by_vehicle: "Limited by the car.",
  limited_by_car: "The car takes less than it is offered.",
  limited_by_charger: "Limited by the wallbox.",
  minimum_above_maximum: "The minimum current is above what is allowed.",
  spares_flash: "Writes to this wallbox are rationed.",
  meter_silent: "A meter does not answer.",
  implausible_value: "A reading is not plausible and counts as missing.",
  grid_missing: "The grid meter does not answer: no surplus is known.",
  battery_missing: "The home battery does not answer.",
  grid_reversed: "The grid meter seems to be reversed.",
  grid_blind: "The grid meter does not see this wallbox.",
  grid_late: "The grid meter is late.",
  grid_stuck: "The grid meter repeats one value.",
  charger_silent: "The wallbox does not answer.",
  command_failed: "A command failed and is tried again.",
  does_not_obey: "The wallbox does not obey.",
  somebody_else: "Somebody else controls this wallbox.",
  out_of_sync: "The wallbox had left its setting and was corrected.",
  unprotected: "No circuit is configured: nothing guards the fuses.",
  battery_normal: "The home battery works as it likes.",
  battery_external: "The home battery is controlled from outside.",
  battery_external_ended: "Control of the home battery from outside has lapsed.",
  battery_grid_charge: "The home battery charges from the grid.",
  battery_grid_charge_waits: "The home battery waits for a cheaper hour.",
  battery_full: "The home battery is full.",
  battery_held_for_car: "The home battery is held back while a car charges fast.",
};

const UNITS = { w: "W", kw: "kW", a: "A", s: "s", percent: "%", kwh: "kWh", wh: "Wh", v: "V" };

const byId = (id) => document.getElementById(id);

function element(tag, text, name) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (name) made.className = name;
  return made;
}

function number(value, digits = 0) {
  return value.toLocaleString("en", { maximumFractionDigits: digits, minimumFractionDigits: digits });
}

function power(watts) {
  if (typeof watts !== "number") return "–";
  return Math.abs(watts) < 1000 ? `${number(watts)} W` : `${number(watts / 1000, 1)} kW`;
}

function energy(wattHours) {
  return typeof wattHours === "number" ? `${number(wattHours / 1000, 1)} kWh` : "–";
}

function duration(seconds) {
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1) return `${seconds} s`;
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")} h`;
}

function fact([name, value]) {
  const cut = name.lastIndexOf("_");
  const unit = UNITS[name.slice(cut + 1)];
  const label = (unit ? name.slice(0, cut) : name).replaceAll("_", " ");
  const digits = Number.isInteger(value) || Math.abs(value) >= 100 ? 0 : 1;
  const shown = typeof value === "number" ? number(value, digits) : String(value);
  return unit ? `${label} ${shown} ${unit}` : `${label} ${shown}`;
}

function sentence(reason) {
  const { code, ...facts } = reason;
  const text = REASONS[code] || `${code.replaceAll("_", " ")}.`;
  const figures = Object.entries(facts).map(fact).join(", ");
  return figures ? `${text} (${figures})` : text;
}

function figures(rows) {
  return rows.map(([name, value, note]) => {
    const shown = element("dd", value);
    if (note) shown.append(" ", element("small", note));
    const box = element("div");
    box.append(element("dt", name), shown);
    return box;
  });
}

function reasons(list) {
  return (list || []).map((reason) => element("li", sentence(reason)));
}

// A flow that has two directions: its size, and the word for where it goes.
function flow(watts, outward, inward) {
  if (typeof watts !== "number" || watts === 0) return [power(watts), ""];
  return [power(Math.abs(watts)), watts < 0 ? outward : inward];
}

function house(state) {
  const rows = [["Sun", power(state.pvPower)]];
  if (state.gridConfigured !== false) rows.push(["Grid", ...flow(state.gridPower, "export", "import")]);
  if (state.battery && state.battery.length) {
    const [size, direction] = flow(state.batteryPower, "charging", "discharging");
    const soc = typeof state.batterySoc === "number" ? `${number(state.batterySoc)} %` : "";
    rows.push(["Home battery", size, [soc, direction].filter(Boolean).join(", ")]);
  }
  rows.push(["House", power(state.homePower)]);
  return figures(rows);
}

function loadpoint(point, index) {
  const box = element("article");
  const status = point.charging ? "charging" : point.connected ? "connected" : "no car";
  box.append(element("span", status, point.charging ? "badge go" : "badge"));
  box.append(element("h2", point.title || `Charging point ${index + 1}`));
  const list = element("dl");
  const phases = point.charging ? `${point.phasesActive} phase${point.phasesActive === 1 ? "" : "s"}` : "";
  list.append(...figures([
    ["Mode", MODES[point.mode] || point.mode],
    ["Power", power(point.chargePower), phases],
    ["Current offered", `${number(point.offeredCurrent || 0, 1)} A`, `of ${number(point.minCurrent, 0)}–${number(point.maxCurrent, 0)} A`],
    ["Charged", energy(point.sessionEnergy), point.sessionEnergy ? `${number(point.sessionSolarPercentage || 0)} % sun, ${duration(point.chargeDuration)}` : ""],
  ]));
  const why = element("ul", undefined, "reasons");
  why.append(...reasons(point.reasons));
  box.append(list, why);
  return box;
}

function link(counters) {
  const row = element("tr");
  const name = element("th", counters.name);
  name.scope = "row";
  const lost = counters.state !== "up";
  const state = element("td", counters.state, lost ? "lost" : "");
  if (counters.error) state.title = counters.error;
  const errors = Object.values(counters.errors).reduce((sum, count) => sum + count, 0);
  row.append(name, state);
  for (const text of [number(counters.transactions), number(errors), `${number(counters.busyShare * 100, 1)} %`]) {
    row.append(element("td", text));
  }
  return row;
}

function issues(list) {
  return list.map((issue) => {
    const line = element("p");
    line.append(element("strong", issue.fatal ? "To mend: " : "Note: "), issue.error);
    return line;
  });
}

function show(state) {
  byId("title").textContent = state.siteTitle || "evcc-flask";
  document.title = byId("title").textContent;
  const charging = state.loadpoints.filter((point) => point.charging).length;
  const running = charging ? `${charging} of ${state.loadpoints.length} charging` : "nothing charges";
  const observing = state.observe ? ", observing only" : "";
  byId("status").textContent = state.cycle ? `Running, ${running}${observing}.` : "Starting: the first cycle is not done yet.";
  byId("status").className = "";
  byId("issues").replaceChildren(...issues(state.issues || []));
  byId("issues").hidden = !(state.issues || []).length;
  byId("flow").replaceChildren(...house(state));
  byId("why").replaceChildren(...reasons([...(state.reasons || []), ...(state.batteryReasons || [])]));
  byId("loadpoints").replaceChildren(...state.loadpoints.map(loadpoint));
  byId("links").replaceChildren(...(state.links || []).map(link));
  byId("version").textContent = `evcc-flask ${state.softwareVersion}, answering as evcc ${state.version}.`;
}

async function look() {
  try {
    const answer = await fetch("api/state", { signal: AbortSignal.timeout(10000) });
    if (!answer.ok) throw new Error(`answer ${answer.status}`);
    const body = await answer.json();
    show(body.result || body);
  } catch (error) {
    byId("status").textContent = `No answer from the server (${error.message}). Trying again; the figures below are old.`;
    byId("status").className = "lost";
  }
  clearTimeout(next);
  if (!document.hidden) next = setTimeout(look, PAUSE_MS);
}

let next = 0;
document.addEventListener("visibilitychange", () => {
  clearTimeout(next);
  if (!document.hidden) look();
});
look();
