"use strict";
// Builds, servers and clients choose much of what is shown: text gets into the page by textContent only.

const key = new URLSearchParams(location.hash.slice(1)).get("key");
const POLL = 700; // milliseconds
const FINISHED = ["Complete", "Failed", "Error", "Cancelled"];
const MAX_LINES = 20000;

const byId = (id) => document.getElementById(id);
let overview = null;
let selected = null; // {namespace, name, uid}
let log = { build: null, next: -MAX_LINES, lines: [], platform: null, shown: 0 };
const drawn = {}; // id of an element -> JSON of what it shows

async function ask(method, command, body) {
  const headers = key ? { "X-Sandbox-Key": key } : {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const response = await fetch("/_sandbox/" + command, { method, headers, body: body && JSON.stringify(body) });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error || response.statusText);
  return answer;
}

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.map((child) => (child instanceof Node ? child : document.createTextNode(child))));
  return element;
}

// Draw only what has changed, so that selections and scrolling stay; buttons with a data-key keep the focus.
function draw(id, what, render) {
  const text = JSON.stringify(what);
  if (drawn[id] === text) return;
  drawn[id] = text;
  const focused = byId(id).contains(document.activeElement) && document.activeElement.dataset.key;
  byId(id).replaceChildren(...render());
  if (focused) [...byId(id).querySelectorAll("button")].find((button) => button.dataset.key === focused)?.focus();
}

function makeButton(key, text, onclick) {
  const button = make("button", { type: "button", onclick }, ...[].concat(text));
  button.dataset.key = key;
  return button;
}

const path = (build) => build.namespace + "/" + build.name;
const time = (text) => (text ? Date.parse(text) / 1000 : null);
const seconds = (value) => (value < 0.1 ? "< 0.1 s" : value < 100 ? value.toFixed(1).replace(/\.0$/, "") + " s" : Math.round(value / 60) + " min");

function duration(build) {
  const end = time(build.finished) || (FINISHED.includes(build.phase) ? null : Date.now() / 1000);
  return end && build.started ? Math.max(0, end - time(build.started)) : null;
}

// A worker may have the name of its orchestrator, in another project.
const isChild = (parent) => (build) => !parent.parent && build.parent === parent.name;
const isTop = (build) => !overview.builds.some((other) => isChild(other)(build));

function entryOf(build) {
  const button = makeButton(build.uid, [
    make("span", { className: "name" }, build.platform || build.name), " ",
    make("span", { className: "phase " + build.phase }, build.phase), " ",
    make("span", { className: "age" }, (build.platform ? build.name + ", " : "") + build.namespace + ", " + new Date(build.created).toLocaleTimeString()),
  ], () => select(build));
  if (selected && selected.uid === build.uid) button.setAttribute("aria-current", "true");
  const workers = overview.builds.filter(isChild(build));
  return make("li", {}, button, ...(workers.length ? [make("ul", {}, ...workers.map(entryOf))] : []));
}

function select(build) {
  selected = { namespace: build.namespace, name: build.name, uid: build.uid };
  log = { build: path(build), next: -MAX_LINES, lines: [], platform: null, shown: 0 };
  byId("log").replaceChildren();
  drawAll();
  followLog();
}

function facts(build) {
  const rows = [
    ["reason", [build.reason, build.message].filter(Boolean).join(": ")],
    ["repository", build.repository && build.repository + (build.ref ? " at " + build.ref : "")],
    ["created", build.created && new Date(build.created).toLocaleString()],
    ["duration", duration(build) !== null && seconds(duration(build))],
    ["images", [].concat(...Object.values(build.repositories)).join("\n")],
    ...Object.entries(build.errors).map(([plugin, message]) => [plugin + " failed", typeof message === "string" ? message : JSON.stringify(message)]),
  ];
  return rows.filter(([, value]) => value).flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]);
}

function timeline(build) {
  const now = Date.now() / 1000;
  const spans = [build, ...overview.builds.filter(isChild(build))].map((one) => ({
    name: one === build ? "build" : one.platform || one.name, phase: one.phase,
    from: time(one.created), to: time(one.finished) || (FINISHED.includes(one.phase) ? time(one.created) : now),
  }));
  for (const plugin of build.plugins) {
    const from = time(plugin.started);
    const failed = plugin.name in build.errors;
    if (from) spans.push({ name: plugin.name, plugin: true, phase: failed ? "Failed" : "Complete", from, to: from + (plugin.seconds || 0) });
  }
  // The times of builds are whole seconds, those of plugins are not.
  spans[0].to = Math.max(...spans.filter((span) => span === spans[0] || span.plugin).map((span) => span.to));
  const first = Math.min(...spans.map((span) => span.from));
  const whole = Math.max(0.1, Math.max(...spans.map((span) => span.to)) - first);
  return spans.map((span) => {
    const mark = make("i");
    mark.style.left = (100 * (span.from - first)) / whole + "%";
    mark.style.width = (100 * Math.max(0, span.to - span.from)) / whole + "%";
    return make("div", { className: "bar", title: span.name + ": " + span.phase }, make("span", {}, span.name),
      make("div", { className: "track " + span.phase }, mark), make("span", { className: "seconds" }, seconds(span.to - span.from)));
  });
}

function drawBuild() {
  const build = overview.builds.find((one) => selected && one.uid === selected.uid);
  byId("build-section").hidden = !build;
  if (!build) return;
  byId("build-title").textContent = build.name;
  byId("build-phase").textContent = build.phase;
  byId("build-phase").className = "phase " + build.phase;
  byId("cancel").hidden = FINISHED.includes(build.phase);
  const tick = FINISHED.includes(build.phase) ? 0 : Math.floor(Date.now() / 1000);
  draw("facts", [build, tick], () => facts(build));
  draw("timeline", [build, overview.builds.filter(isChild(build)), tick], () => timeline(build));
}

function drawLog() {
  const platforms = [...new Set(log.lines.map(([platform]) => platform))].filter(Boolean).sort();
  const choices = platforms.length ? [null, "orchestrator", ...platforms] : [];
  draw("platforms", [choices, log.platform, log.build], () => choices.map((platform) => {
    const button = makeButton(platform || "", platform || "all", () => { log.platform = platform; log.shown = 0; byId("log").replaceChildren(); drawLog(); });
    button.setAttribute("aria-pressed", String(log.platform === platform));
    return button;
  }));
  const fits = ([platform]) => log.platform === null || log.platform === (platform || "orchestrator");
  for (const [platform, text] of log.lines.slice(log.shown).filter(fits)) {
    byId("log").append(...(platform && log.platform === null ? [make("b", {}, platform + " | ")] : []), text + "\n");
  }
  const isNew = log.shown < log.lines.length;
  log.shown = log.lines.length;
  if (isNew && byId("follow").checked) byId("log").scrollTop = byId("log").scrollHeight;
}

async function followLog() {
  const mine = log;
  while (mine === log && mine.build) {
    try {
      const part = await ask("GET", "log/" + mine.build + "/" + mine.next);
      if (mine !== log) return;
      mine.lines.push(...part.lines);
      mine.next = part.next;
      if (mine.lines.length > 2 * MAX_LINES) {
        mine.lines.splice(0, mine.lines.length - MAX_LINES);
        mine.shown = 0;
        byId("log").replaceChildren();
      }
      drawLog();
      if (part.ended) return;
      if (part.lines.length) continue;
    } catch (error) { /* the overview says that the sandbox cannot be reached */ }
    await new Promise((done) => setTimeout(done, POLL));
  }
}

function requestRows() {
  const found = overview.requests.filter((one) => !byId("errors-only").checked || one.status >= 400 || !one.known);
  return found.reverse().map((one) => make("tr", { className: one.status >= 400 || !one.known ? "bad" : "" },
    make("td", {}, String(one.status || "-")), make("td", {}, one.method),
    make("td", {}, one.path + (one.query ? "?" + one.query : "") + (one.known ? "" : " (unknown path)")),
    make("td", {}, one.user || "-")));
}

function faultEntry(fault) {
  const values = Object.entries(fault.parameters).filter(([, value]) => value !== null && value !== "");
  const about = [fault.kind, fault.method, fault.path, ...values.map(([name, value]) => name + "=" + JSON.stringify(value))];
  const remove = () => act(() => ask("DELETE", "faults/" + fault.id), "fault removed");
  return make("li", {}, make("code", {}, about.filter(Boolean).join(" ")),
    make("span", { className: fault.fired ? "ok" : "phase" }, "happened " + fault.fired + (fault.count ? " of " + fault.count : "") + " times"),
    makeButton(String(fault.id), "Remove", remove));
}

const PRESETS = { seconds: 2, status: 503 };
function drawParameters() {
  const wanted = Object.entries(overview.kinds[byId("kind").value] || {}).filter(([, value]) => value === null || ["number", "boolean"].includes(typeof value));
  byId("parameters").replaceChildren(...wanted.map(([name, value]) => {
    const input = make("input", typeof value === "boolean"
      ? { type: "checkbox", name, checked: value }
      : { type: name === "body" || name === "retry_after" ? "text" : "number", step: "any", name, value: value === null ? PRESETS[name] || "" : value });
    return make("label", {}, name.replace("_", " "), input);
  }));
}

function drawAll() {
  byId("url").textContent = overview.url;
  const builds = overview.builds;
  byId("no-builds").hidden = builds.length > 0;
  draw("builds", [builds, selected], () => builds.filter(isTop).map(entryOf));
  drawBuild();
  draw("requests", [overview.requests, byId("errors-only").checked], requestRows);
  draw("faults", overview.faults, () => overview.faults.map(faultEntry));
  byId("not-scripted").hidden = overview.scripted;
  byId("add-outcome").hidden = !overview.scripted;
  if (!byId("kind").options.length) {
    byId("kind").append(...Object.keys(overview.kinds).map((kind) => make("option", {}, kind)));
    byId("kind").value = "status";
    drawParameters();
  }
}

async function poll() {
  try {
    overview = await ask("GET", "page");
    byId("connection").textContent = "";
    // After a reset there may be another build with the same name.
    if (selected && !overview.builds.some((one) => one.uid === selected.uid)) selected = log.build = null;
    if (!selected && overview.builds.length) select(overview.builds.find(isTop));
    drawAll();
  } catch (error) {
    byId("connection").textContent = "no connection: " + error.message;
  }
  setTimeout(poll, POLL);
}

async function act(send, done) {
  try {
    await send();
    byId("told").textContent = done;
  } catch (error) {
    byId("told").textContent = error.message;
  }
}

function values(form) {
  const found = {};
  for (const input of form.elements) {
    if (!input.name) continue;
    if (input.type === "checkbox") found[input.name] = input.checked;
    else if (input.value !== "") found[input.name] = input.type === "number" ? Number(input.value) : input.value;
  }
  return found;
}

byId("kind").onchange = drawParameters;
byId("errors-only").onchange = () => drawAll();
byId("cancel").onclick = () => act(() => ask("POST", "cancel", { namespace: selected.namespace, build: selected.name }), "cancellation requested");
byId("add-fault").onsubmit = (event) => {
  event.preventDefault();
  act(() => ask("POST", "faults", values(event.target)), "fault added");
};
byId("add-outcome").onsubmit = (event) => {
  event.preventDefault();
  act(() => ask("POST", "outcomes", values(event.target)), "outcome set");
};
poll();
