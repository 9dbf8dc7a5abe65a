// Saves a section a moment after typing stops. It sends the form that works without it, and reads the page that comes
// back: what is wrong, what is missing and which revision it is are said there, and nowhere here.
"use strict";

const PAUSE = 1200; // milliseconds without a key
const AGAIN = 5000; // milliseconds until the next try when nobody answers
const waiting = new Map(); // by section: the timer
const typed = new Map(); // by section: how often something was typed
const sending = new Set();

const formOf = (id) => document.querySelector(`form[data-section="${CSS.escape(id)}"]`);
const state = (form, words, tone) => {
  const said = form.querySelector(".saving .state");
  if (said.textContent !== words) said.textContent = words;
  said.className = `state ${tone}`;
};
const TECHNICAL = new Set(["csrf", "upon", "key"]);
const says = (form) =>
  JSON.stringify([...new FormData(form)].filter(([name]) => !TECHNICAL.has(name) && !name.endsWith(".id") && !name.startsWith("kept.")));

function changed(form) {
  const id = form.dataset.section;
  typed.set(id, (typed.get(id) || 0) + 1);
  state(form, "…", "");
  later(id, PAUSE);
}

function later(id, pause) {
  clearTimeout(waiting.get(id));
  waiting.set(id, setTimeout(() => save(id), pause));
}

async function save(id, button) {
  const form = formOf(id);
  clearTimeout(waiting.get(id));
  waiting.delete(id);
  if (!form) return false;
  if (sending.has(id)) {
    later(id, PAUSE);
    return false;
  }
  sending.add(id);
  const count = typed.get(id) || 0;
  const sent = says(form);
  const body = new URLSearchParams(new FormData(form));
  body.set("do", button ? button.value : "save");
  state(form, "saving", "");
  try {
    const answer = await fetch(form.action, { method: "POST", body });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById(id);
    if (!fresh) {
      const why = page.querySelector("#main h1, #main p");
      state(form, `✕ Not saved. ${why ? why.textContent : ""} What you typed is still here.`, "hold");
      return false;
    }
    show(id, fresh, sent, (typed.get(id) || 0) !== count, answer.ok, Boolean(button));
    const missing = page.getElementById("missing");
    if (answer.ok && missing) document.getElementById("missing").replaceWith(document.adoptNode(missing));
    if (answer.ok) choices(page);
    return answer.ok;
  } catch {
    state(form, "✕ Nobody answers: not saved yet. What you typed is still here, and is tried again.", "hold");
    later(id, AGAIN);
    return false;
  } finally {
    sending.delete(id);
  }
}

// Put in what the server says. Fields that somebody is typing in stay as they are.
function show(id, fresh, sent, typing, saved, whole) {
  const form = formOf(id), other = fresh.querySelector("form");
  const same = says(other) === sent;
  if (typing && !same) return later(id, PAUSE); // merged with others: what is typed here is still upon the old revision
  const conflict = fresh.querySelector(".conflicts");
  if (same && !conflict && !whole) {
    const old = form.closest("section").querySelector(".conflicts");
    if (old) old.remove();
    if (saved) form.elements.upon.value = other.elements.upon.value;
    for (const hidden of other.querySelectorAll("input[type=hidden][name$='.id']")) name(form, hidden);
    for (const slot of other.querySelectorAll("[data-slot]")) fill(form, slot);
    const said = other.querySelector(".saving .state");
    if (typing) return;
    return state(form, said.textContent, said.className.replace("state", "").trim());
  }
  if (typing) return;
  const focus = document.activeElement && document.activeElement.id;
  form.closest("section").replaceWith(document.adoptNode(fresh));
  grow(document);
  const field = focus && document.getElementById(focus);
  if (field) field.focus({ preventScroll: true });
}

// Which factors there are to choose from, in all sections: what is chosen stays.
function choices(page) {
  const inTemplates = (root) => [...root.querySelectorAll("template")].flatMap((one) => [...one.content.querySelectorAll("[data-choices]")]);
  const blank = new Map(inTemplates(page).map((one) => [one.dataset.choices, one]));
  for (const mine of [...document.querySelectorAll("[data-choices]"), ...inTemplates(document)]) {
    const [number] = mine.dataset.choices.match(/(?<=\.)(\d+|__N__)(?=\.)/);
    const fresh = blank.get(mine.dataset.choices.replace(`.${number}.`, ".__N__."));
    if (!fresh || mine.contains(document.activeElement)) continue;
    const chosen = new Set([...mine.querySelectorAll(":checked")].map((one) => one.value));
    mine.innerHTML = fresh.innerHTML.replaceAll("__N__", number);
    for (const one of mine.querySelectorAll("input, option")) one[mine.matches("select") ? "selected" : "checked"] = chosen.has(one.value);
  }
}

function name(form, hidden) {
  if (form.elements[hidden.name]) return;
  const row = document.getElementById(hidden.name.replace(/\.id$/, ""));
  if (!row) return;
  row.prepend(document.adoptNode(hidden.cloneNode()));
  row.querySelector("legend").textContent = hidden.value;
  row.querySelector(".remove").textContent = `Remove ${hidden.value}`;
}

function fill(form, slot) {
  const mine = form.querySelector(`[data-slot="${CSS.escape(slot.dataset.slot)}"]`);
  if (!mine || mine.contains(document.activeElement) || mine.innerHTML === slot.innerHTML) return;
  mine.replaceChildren(...slot.cloneNode(true).childNodes);
  const field = form.elements[slot.dataset.slot];
  if (!(field instanceof Element)) return;
  const said = [...mine.querySelectorAll("[id]")].map((one) => one.id).filter((one) => /^[er]-/.test(one));
  const about = document.getElementById(`a-${slot.dataset.slot}`);
  field.setAttribute("aria-describedby", [about && about.id, ...said].filter(Boolean).join(" "));
  field.toggleAttribute("aria-invalid", said.some((one) => one.startsWith("e-")));
}

// A textarea is as high as its text.
function grow(root) {
  for (const area of root.querySelectorAll(".write textarea")) {
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight + 2}px`;
  }
}

function add(button) {
  const rows = button.closest("[data-rows]");
  const numbers = [...rows.querySelectorAll(":scope > fieldset")].map((row) => Number(row.id.split(".").pop()));
  const next = String(Math.max(-1, ...numbers) + 1);
  const html = rows.querySelector("template").innerHTML.replaceAll("__N__", next);
  button.insertAdjacentHTML("beforebegin", html);
  const row = button.previousElementSibling;
  row.querySelector("input, select, textarea").focus();
}

document.addEventListener("input", (event) => {
  if (event.target.name && event.target.name.startsWith("kept.")) return;
  const form = event.target.closest("form[data-section]");
  if (form) changed(form);
  if (event.target.tagName === "TEXTAREA") grow(event.target.closest("section"));
});

// A picture or file that is pasted or dropped into a text is kept by the form that does so without script; the line that
// shows it is read from the page that comes back.
async function attach(area, files) {
  const form = area.closest("form[data-section]"), way = document.querySelector("form[data-attach]");
  if (!form || !way || way.querySelector("fieldset[disabled]")) return;
  for (const file of files) {
    const body = new FormData();
    body.set("csrf", way.elements.csrf.value);
    body.set("file", file, file.name);
    unkept(form, "");
    state(form, `keeping ${file.name}`, "");
    try {
      const answer = await fetch(way.action, { method: "POST", body });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const kept = page.getElementById("attached");
      if (!kept) {
        const why = page.querySelector("[role=alert] li") || page.querySelector("#main p:not(.crumbs, .soft)") || page.body;
        return unkept(form, `✕ Not kept. ${why.textContent}`);
      }
      area.setRangeText(kept.dataset.markdown, area.selectionStart, area.selectionEnd, "end");
      area.dispatchEvent(new Event("input", { bubbles: true }));
      document.querySelector("#files").replaceWith(document.adoptNode(page.getElementById("files")));
    } catch {
      unkept(form, `✕ Nobody answers: ${file.name} is not kept.`);
    }
  }
}

// Said beside what is said of saving, which goes on.
function unkept(form, words) {
  const old = form.querySelector("[data-unkept]");
  if (old) old.remove();
  state(form, "", "");
  if (!words) return;
  const said = document.createElement("p");
  said.className = "hold";
  said.setAttribute("role", "alert");
  said.dataset.unkept = "";
  said.textContent = words;
  form.querySelector(".saving").before(said);
}

const filesFor = (event, data) => (event.target.matches(".write textarea") && data ? [...data.files] : []);

document.addEventListener("paste", (event) => {
  const files = filesFor(event, event.clipboardData);
  if (!files.length) return;
  event.preventDefault();
  attach(event.target, files);
});

document.addEventListener("dragover", (event) => {
  if (event.target.matches(".write textarea") && event.dataTransfer.types.includes("Files")) event.preventDefault();
});

document.addEventListener("drop", (event) => {
  const files = filesFor(event, event.dataTransfer);
  if (!files.length) return;
  event.preventDefault();
  attach(event.target, files);
});

document.addEventListener("submit", async (event) => {
  const form = event.target, button = event.submitter;
  if (form.matches("[data-section]")) {
    event.preventDefault();
    const [verb] = button ? button.value.split(":") : ["save"];
    if (verb === "add") return add(button);
    if (verb === "remove") {
      button.closest("fieldset.entry").remove();
      return changed(form);
    }
    await save(form.dataset.section, ["keep", "role"].includes(verb) ? button : undefined);
  } else if (form.matches("[data-submit]") && (waiting.size || sending.size)) {
    event.preventDefault(); // first what is typed, then the revision that it becomes
    const saved = await Promise.all([...waiting.keys()].map((id) => save(id)));
    if (saved.every(Boolean)) document.querySelector("form[data-submit]").requestSubmit();
  }
});

window.addEventListener("beforeunload", (event) => {
  if (waiting.size || sending.size) event.preventDefault();
});

grow(document);
