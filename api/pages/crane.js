"use strict";
// One basket at a time, in large figures. What is weighed is kept on this machine until the service has it: the network
// may be gone for as long as it likes, and each lift is known by its number when it comes again.

const asked = new URLSearchParams(location.search);
const plant = asked.get("plant") || "", heat = asked.get("heat") || "";
const KEY = `chargewise-crane ${plant} ${heat}`, EVERY_MS = 2000, LOADED = 0.97;
const kept = Object.assign({ queue: [], layers: {}, weighed: [], basket: 0 }, JSON.parse(localStorage.getItem(KEY) || "{}"));
let at = 0, away = false, refused = "", looking = false, again = false;

const $ = (id) => document.getElementById(id);
const keep = () => localStorage.setItem(KEY, JSON.stringify(kept));
const sum = (masses) => Object.values(masses).reduce((total, mass) => total + mass, 0);
const shown = (mass) => mass.toFixed(mass < 1 ? 2 : 1);

function weighedIn(basket) {
  const masses = { ...(kept.weighed[basket - 1] || {}) };
  for (const one of kept.queue) {
    if (one.basket === basket) masses[one.lift.material] = (masses[one.lift.material] || 0) + one.lift.mass_t;
  }
  return masses;
}

function layersOf(basket) { return kept.layers[basket] || []; }

function toLoad(basket) {
  const there = weighedIn(basket);
  return layersOf(basket).map((layer) => ({ ...layer, there: there[layer.material] || 0,
    left: Math.max(0, layer.mass_t - (there[layer.material] || 0)) }));
}

function beingLoaded() {
  const count = Object.keys(kept.layers).length;
  for (let basket = 1; basket <= count; basket += 1) {
    const planned = layersOf(basket).reduce((total, layer) => total + layer.mass_t, 0);
    if (sum(weighedIn(basket)) < LOADED * planned) return basket;
  }
  return count || 1;
}

// The layers of a basket are taken over until it is begun: what the crane was told of it stands while it loads.
function take(now) {
  kept.weighed = now.baskets_t;
  const recipe = now.rest && now.rest.recipe;
  (recipe ? recipe.baskets : []).forEach((basket, index) => {
    if (!sum(weighedIn(index + 1)) || !kept.layers[index + 1]) kept.layers[index + 1] = basket.layers;
  });
  if (!kept.basket) kept.basket = beingLoaded();
  keep();
}

async function plan(now) {
  // Where this page is opened while a basket is being loaded, its plan says what it was to hold.
  if (!now.baskets_t.length || kept.layers[now.baskets_t.length]) return;
  const answer = await fetch(`v1/recipes/${now.recipe_id}?plant=${encodeURIComponent(plant)}`);
  if (!answer.ok) return;
  const entry = await answer.json();
  const recipe = entry.recipe || entry;
  (recipe.baskets || []).forEach((basket, index) => {
    if (index < now.baskets_t.length) kept.layers[index + 1] = basket.layers;
  });
}

async function send() {
  while (kept.queue.length) {
    const one = kept.queue[0];
    const answer = await fetch(`v1/heats/${encodeURIComponent(heat)}/baskets/${one.basket}`, {
      method: "POST", headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ plant, lifts: [one.lift], is_open: true }),
    });
    if (answer.status >= 500 || answer.status === 401 || answer.status === 429) throw new Error(`${answer.status}`);
    const told = await answer.json().catch(() => ({}));
    kept.queue.shift();
    if (answer.ok) kept.weighed = told.baskets_t;
    else refused = `${one.lift.material}, ${shown(one.lift.mass_t)} t: ${told.detail || answer.status}`;
    keep();
  }
}

// One at a time: two that send the same queue would take two lifts off it for each that is told.
async function look() {
  if (looking) { again = true; return; }
  looking = true;
  try {
    await send();
    const answer = await fetch(`v1/heats/${encodeURIComponent(heat)}?plant=${encodeURIComponent(plant)}`);
    if (answer.status >= 500 || answer.status === 401) throw new Error(`${answer.status}`);
    away = false;
    if (answer.ok) {
      const now = await answer.json();
      await plan(now);
      take(now);
    } else {
      refused = (await answer.json().catch(() => ({}))).detail || `${answer.status}`;
    }
  } catch (error) {
    away = true;
  }
  looking = false;
  draw();
  if (again) { again = false; look(); }
}

const openLayers = (layers) => layers.filter((layer) => layer.left > 0.05 * layer.mass_t);

function draw() {
  const count = Object.keys(kept.layers).length, basket = kept.basket || 1, layers = toLoad(basket);
  const open = openLayers(layers);
  const next = open.length ? open[at % open.length] : null;
  $("heat").textContent = heat ? `Heat ${heat}` : "No heat";
  $("basket").textContent = count ? `Basket ${basket} of ${count}` : "";
  $("before").disabled = basket <= 1;
  $("after").disabled = basket >= count;
  $("name").textContent = next ? next.material : count ? "Basket is loaded" : "Nothing to load";
  $("target").textContent = next ? shown(next.left) : "✓";
  $("unit").hidden = !next;
  for (const id of ["done", "skip", "mass"]) $(id).disabled = !next;
  $("skip").disabled = open.length < 2;
  $("layers").replaceChildren(...layers.map((layer) => {
    const row = document.createElement("tr");
    if (!open.includes(layer)) row.className = "done";
    for (const text of [layer.material, shown(layer.mass_t), layer.there ? shown(layer.there) : "–"]) {
      row.appendChild(document.createElement("td")).textContent = text;
    }
    return row;
  }));
  const waits = kept.queue.length ? ` ${kept.queue.length} lift${kept.queue.length > 1 ? "s" : ""} kept here.` : "";
  $("away").hidden = !away;
  $("away").textContent = away ? `No connection. Go on loading.${waits}` : "";
  if (refused) $("said").textContent = refused;
}

function weigh() {
  const open = openLayers(toLoad(kept.basket));
  if (!open.length) return;
  const next = open[at % open.length], typed = $("mass").value.trim().replace(",", ".");
  const mass = typed === "" ? Number(next.left.toFixed(3)) : Number(typed);
  if (!/^\d*\.?\d*$/.test(typed) || !(mass > 0) || mass > 1000) {
    $("said").textContent = `${$("mass").value} is no mass in t, such as 11.8`;
    return;
  }
  refused = "";
  $("said").textContent = "";
  $("mass").value = "";
  const number = crypto.getRandomValues(new Uint32Array(2)).reduce((text, part) => text + part.toString(16).padStart(8, "0"), "crane-");
  kept.queue.push({ basket: kept.basket, lift: { lift_id: number, material: next.material, mass_t: mass } });
  at = 0;
  keep();
  draw();
  look();
}

function turn(by) {
  kept.basket = Math.max(1, Math.min(Object.keys(kept.layers).length, kept.basket + by));
  at = 0;
  keep();
  draw();
}

$("done").addEventListener("click", weigh);
$("mass").addEventListener("keydown", (event) => { if (event.key === "Enter") weigh(); });
$("skip").addEventListener("click", () => { at += 1; draw(); });
$("before").addEventListener("click", () => turn(-1));
$("after").addEventListener("click", () => turn(1));
draw();
if (heat) { look(); setInterval(look, EVERY_MS); }
