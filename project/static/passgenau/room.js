// The room of a meeting: entries survive a lost connection; everything works without this file.
(() => {
  "use strict";

  const RETRY = 3000;
  // So often an entry is sent that the server answers with an error: a wrong one, or while it restarts.
  const TRIES = 3;
  const LONG_TRIES = 60;
  const $ = (selector) => document.querySelector(selector);
  const box = $("[data-outbox]");
  const lost = $("[data-room-lost]");
  const show = (element, isShown) => {
    if (element) element.hidden = !isShown;
  };

  // --- what changes on the page -----------------------------------------------------------------
  const isLive = (event) => event.target.id === "room-live" || event.detail.elt?.id === "room-live";
  const lose = () => {
    const text = $("[data-room-lost-text]");
    if (text && box) text.textContent = stored().length ? box.dataset.wordLost : box.dataset.wordLostNone;
    show(lost, true);
  };
  const found = () => {
    if (!waiting()) show(lost, false);
  };
  ["htmx:sendError", "htmx:timeout", "htmx:responseError"].forEach((name) => {
    document.addEventListener(name, (event) => isLive(event) && lose());
  });
  let isForeign = false;
  // Only the room itself takes its place: never a page of an error or of the sign-in.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!isLive(event)) return;
    const isRoom = event.detail.serverResponse.includes('id="room-live"');
    if (!isRoom) event.detail.shouldSwap = false;
    isForeign = !isRoom && event.detail.xhr.status !== 204;
  });
  document.addEventListener("htmx:afterOnLoad", (event) => {
    if (!isLive(event)) return;
    if (isForeign) {
      lose();
      return;
    }
    found();
    follow();
    countPoints();
  });

  // --- entries, kept until the server has them ----------------------------------------------------
  const key = box && box.dataset.outbox;
  function stored() {
    if (!key) return [];
    try {
      return JSON.parse(localStorage.getItem(key) || "[]");
    } catch {
      return [];
    }
  }
  const store = (entries) => {
    try {
      if (entries.length) localStorage.setItem(key, JSON.stringify(entries));
      else localStorage.removeItem(key);
    } catch {
      // Without storage an entry lives as long as the page.
      memory = entries;
    }
  };
  let memory = [];
  const all = () => (stored().length ? stored() : memory);
  const waiting = () => all().filter((entry) => !entry.errors).length;
  const note = (id, said) => store(all().map((row) => (row.id === id ? { ...row, ...said } : row)));
  const drop = (id) => {
    memory = memory.filter((entry) => entry.id !== id);
    store(stored().filter((entry) => entry.id !== id));
  };

  // crypto.randomUUID is missing where the page comes without encryption, as in a demo in a house's network.
  const uuid = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  };

  // Files wait in no browser: the link leads to the page where they are added to what was just stored.
  const say = (text, files) => {
    const place = $("[data-room-said-text]");
    if (place) place.textContent = text;
    const link = $("[data-room-files] a");
    if (link && files) link.href = files;
    show($("[data-room-files]"), Boolean(files));
    show($("[data-room-said]"), Boolean(text));
  };
  const refuse = (errors, entry) => {
    const list = $("[data-room-refused-list]");
    list.replaceChildren(
      ...errors.map((text) => {
        const line = document.createElement("li");
        line.textContent = text;
        return line;
      }),
    );
    $("[data-room-refused-title]").textContent = box.dataset.wordRefused;
    const discard = $("[data-room-discard]");
    discard.hidden = !entry;
    discard.querySelector(".kern-label").textContent = box.dataset.wordDiscard;
    discard.onclick = () => {
      drop(entry.id);
      show($("[data-room-refused]"), false);
      list_refused();
    };
    show($("[data-room-refused]"), true);
    $("[data-room-refused]").scrollIntoView({ block: "nearest" });
  };
  const list_refused = () => {
    const entry = all().find((row) => row.errors);
    if (!entry) return;
    const said = entry.fields.find(([name]) => name.endsWith("-text"));
    refuse([...(said ? [`„${said[1]}“`] : []), ...entry.errors], entry);
  };

  // Sends one entry: "stored", "refused" (with what is wrong), "lost" or "signed-out".
  const send = async (entry) => {
    const data = new FormData();
    entry.fields.forEach(([name, value]) => data.append(name, value));
    data.set(box.dataset.tokenName, $("[data-token] input").value);
    let answer;
    try {
      answer = await fetch(entry.action, {
        method: "POST",
        body: data,
        credentials: "same-origin",
        headers: { Accept: "application/json" },
      });
    } catch {
      return { state: "lost" };
    }
    if (answer.redirected || answer.status === 403) return { state: "signed-out" };
    if (answer.status === 201) return { state: "stored", ...(await answer.json()) };
    if (answer.status === 422) return { state: "refused", ...(await answer.json()) };
    return { state: "lost", tries: answer.status < 500 ? TRIES : LONG_TRIES };
  };

  let busy = false;
  let again = 0;
  const flush = async () => {
    if (!box || busy) return;
    busy = true;
    clearTimeout(again);
    try {
      for (const entry of all().filter((row) => !row.errors)) {
        const result = await send(entry);
        if (result.state === "stored") {
          drop(entry.id);
          say(result.said, result.files);
          window.htmx?.trigger("#room-live", "room-now");
        } else if (result.state === "refused") {
          note(entry.id, { errors: result.errors });
          list_refused();
        } else if (result.tries && (entry.tries || 0) + 1 >= result.tries) {
          // The server answers, and will not take it: the person decides what becomes of it.
          note(entry.id, { errors: [box.dataset.wordFailed] });
          list_refused();
        } else {
          if (result.tries) note(entry.id, { tries: (entry.tries || 0) + 1 });
          wait(result.state);
          break;
        }
      }
    } finally {
      busy = false;
    }
    if (!waiting()) show(lost, false);
  };
  const wait = (state) => {
    const text = $("[data-room-lost-text]");
    const words = box.dataset;
    text.textContent =
      state === "signed-out"
        ? words.wordAgain
        : `${words.wordLost}. ${words.wordWaiting.replace("{count}", waiting())}`;
    show(lost, true);
    clearTimeout(again);
    again = setTimeout(flush, RETRY);
  };
  window.addEventListener("online", flush);

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!box || !(form instanceof HTMLFormElement) || !("entry" in form.dataset)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    show($("[data-room-refused]"), false);
    say("");
    const id = uuid();
    const fields = [...new FormData(form)]
      .filter(([name, value]) => typeof value === "string" && name !== box.dataset.tokenName)
      .map(([name, value]) => [name, name.endsWith("-entry_key") ? id : value]);
    const entry = { id, action: form.action.split("#")[0], fields };
    // Points replace each other: of those that wait only the last ones count.
    const keeps = "entryKeep" in form.dataset;
    const before = all().filter((row) => !keeps || row.kind !== form.id);
    if (keeps) entry.kind = form.id;
    // Stored before it is sent: even a closed window loses nothing.
    store([...before, entry]);
    if (busy || before.some((row) => !row.errors)) {
      // In the order in which they were entered.
      if (!keeps) clear(form);
      wait("lost");
      flush();
      return;
    }
    const button = form.querySelector("button[type=submit]");
    button.disabled = true;
    busy = true;
    const result = await send(entry);
    busy = false;
    button.disabled = false;
    if (result.state === "refused") {
      drop(id);
      refuse(result.errors);
      return;
    }
    if (!keeps) clear(form);
    if (result.state === "stored") {
      drop(id);
      say(result.said, result.files);
      window.htmx?.trigger("#room-live", "room-now");
      flush();
    } else {
      wait(result.state);
    }
  }, true);

  // The person goes on with the same area, organisation and group.
  const clear = (form) => {
    form.querySelectorAll("textarea").forEach((field) => (field.value = field.defaultValue = ""));
    form.querySelectorAll("input[type=radio]").forEach((field) => (field.checked = false));
    const about = form.querySelector("[name$=-about]");
    if (about) about.value = "";
  };

  // A new area before the room is that of the next statement, unless somebody is writing one.
  let last = $("#room-live")?.dataset.area;
  const follow = () => {
    const area = $("#room-live")?.dataset.area;
    if (area === last) return;
    last = area;
    const form = $("#statement-form");
    const choice = form?.querySelector("[name$=-area]");
    if (!choice || !area || form.querySelector("textarea").value.trim()) return;
    choice.value = area;
  };

  // --- points left ----------------------------------------------------------------------------------
  const pointsIn = (field) => parseInt(field.value, 10) || 0;
  // A button beside the number: one point more or less. It stays in reach of the keyboard when it does nothing.
  const stepButton = (field, sign, step, words) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "kern-btn kern-btn--secondary pg-step__button";
    button.textContent = sign;
    button.dataset.step = step;
    button.setAttribute("aria-label", words.replace("{choice}", field.labels[0]?.textContent.trim() ?? ""));
    button.addEventListener("click", () => {
      if (button.getAttribute("aria-disabled") === "true") return;
      field.value = pointsIn(field) + step;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
    return button;
  };
  const addSteps = (field, left) => {
    if (field.closest(".pg-step")) return;
    const steps = document.createElement("span");
    steps.className = "pg-step";
    field.before(steps);
    steps.append(
      stepButton(field, "\u2212", -1, left.dataset.wordLess),
      field,
      stepButton(field, "+", 1, left.dataset.wordMore),
    );
  };
  const countPoints = () => {
    const left = $("[data-points-left]");
    if (!left) return;
    const fields = [...left.closest("form").querySelectorAll("[data-points]")];
    const rest = Number(left.dataset.pointsLeft) - fields.reduce((sum, field) => sum + pointsIn(field), 0);
    const words = rest < 0 ? left.dataset.wordsOver : left.dataset.words;
    left.textContent = words.replace("{count}", Math.abs(rest));
    for (const field of fields) {
      addSteps(field, left);
      for (const button of field.closest(".pg-step").querySelectorAll("[data-step]")) {
        // A field may take fewer points than are left.
        const isFull = rest < 1 || (field.max !== "" && pointsIn(field) >= Number(field.max));
        const isIdle = button.dataset.step === "1" ? isFull : pointsIn(field) < 1;
        button.setAttribute("aria-disabled", String(isIdle));
      }
    }
  };
  document.addEventListener("input", (event) => event.target.matches("[data-points]") && countPoints());

  countPoints();
  if (box) {
    list_refused();
    flush();
  }
})();
