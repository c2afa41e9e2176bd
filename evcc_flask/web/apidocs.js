// Shows openapi.json: operations by tag, with what they take and answer.
"use strict";

const METHODS = ["get", "post", "put", "patch", "delete"];

function made(name, text, ...children) {
  const element = document.createElement(name);
  if (text) element.textContent = text;
  element.append(...children);
  return element;
}

function resolved(node, api) {
  while (node && node.$ref) {
    node = node.$ref.slice(2).split("/").reduce((at, part) => at[part], api);
  }
  return node || {};
}

// A schema in few words: what stands in it, without references.
function plain(schema, api, depth = 0) {
  const node = resolved(schema, api);
  if (depth > 6) return "…";
  if (node.properties) {
    return Object.fromEntries(
      Object.entries(node.properties).map(([name, inner]) => [name, plain(inner, api, depth + 1)]));
  }
  if (node.items) return [plain(node.items, api, depth + 1)];
  const words = [[].concat(node.type || "any").join(" or ")];
  if (node.enum) words.push(`one of ${node.enum.join(", ")}`);
  if (node.minimum !== undefined) words.push(`from ${node.minimum}`);
  if (node.maximum !== undefined) words.push(`to ${node.maximum}`);
  if (node.pattern) words.push(`like ${node.pattern}`);
  if (node.format) words.push(node.format);
  if (node.description) words.push(`(${node.description})`);
  return words.join(" ");
}

function pretty(value) {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

function parameters(operation, shared, api) {
  const table = made("table");
  for (const each of [...shared, ...(operation.parameters || [])].map((one) => resolved(one, api))) {
    const row = made("tr");
    row.append(made("td", "", made("code", each.name)), made("td", each.in), made("td", pretty(plain(each.schema, api))));
    table.append(row);
  }
  return table.children.length ? [table] : [];
}

function bodies(title, content, api) {
  return Object.entries(content || {}).flatMap(([kind, media]) => [
    made("p", `${title}: ${kind}`),
    made("pre", pretty(plain(media.schema, api))),
  ]);
}

function shown(path, method, operation, shared, api) {
  const head = made("summary");
  const verb = made("span", method.toUpperCase());
  verb.className = "method";
  head.append(verb, made("code", path));
  const said = made("p", operation.summary);
  said.className = "said";
  head.append(said);
  const details = made("details", "", head, ...parameters(operation, shared, api));
  details.append(...bodies("Body", (operation.requestBody || {}).content, api));
  for (const [status, answer] of Object.entries(operation.responses)) {
    const whole = resolved(answer, api);
    const found = bodies(`${status} ${whole.description || ""}`, whole.content, api);
    details.append(...(found.length ? found : [made("p", `${status} ${whole.description || ""}`)]));
  }
  details.dataset.text = `${method} ${path} ${operation.summary}`.toLowerCase();
  return details;
}

function show(api) {
  const main = document.getElementById("operations");
  const byTag = new Map();
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const method of METHODS.filter((name) => methods[name])) {
      const operation = methods[method];
      const tag = (operation.tags || ["other"])[0];
      if (!byTag.has(tag)) byTag.set(tag, made("section", "", made("h2", tag)));
      byTag.get(tag).append(shown(path, method, operation, methods.parameters || [], api));
    }
  }
  main.replaceChildren(...[...byTag.keys()].sort().map((tag) => byTag.get(tag)));
  document.getElementById("find").addEventListener("input", (event) => {
    const wanted = event.target.value.toLowerCase();
    for (const each of main.querySelectorAll("details")) each.hidden = !each.dataset.text.includes(wanted);
  });
}

fetch("openapi.json")
  .then((answer) => answer.json())
  .then(show)
  .catch((problem) => {
    document.getElementById("operations").replaceChildren(made("p", `openapi.json could not be read: ${problem.message}`));
  });
