// Saves a long form by itself a moment after typing. Without it, the button does.
(() => {
  "use strict";

  const form = document.querySelector("form[data-autosave]");
  const status = form && form.querySelector("[data-autosave-status]");
  const revision = form && form.querySelector("[data-autosave-revision]");
  if (!form || !status || !revision || !window.fetch) return;

  const DELAY = 2000;
  const RETRY = 30000;
  let timer = 0;
  let isSaving = false;
  let isDirty = false;
  let isStopped = false;

  const say = (text, isWrong) => {
    status.textContent = text;
    status.classList.toggle("pg-draft-status--wrong", isWrong);
  };

  // Entries of the draft only: receipts and lists wait for their buttons.
  const fields = () =>
    [...form.elements].filter(
      (field) =>
        field.name &&
        field.type !== "file" &&
        field.type !== "submit" &&
        !/^(receipt|list)-/.test(field.name),
    );

  const put = (answer) => {
    Object.entries(answer.texts).forEach(([id, text]) => {
      const place = document.getElementById(id);
      if (place) place.textContent = text;
    });
    answer.over.forEach((mark) => {
      const reason = document.getElementById(`reason-${mark}`);
      if (reason) reason.open = true;
    });
    const missing = document.getElementById("draft-missing");
    if (!missing || missing.contains(document.activeElement)) return;
    const list = missing.querySelector("details");
    const wasOpen = Boolean(list && list.open);
    missing.innerHTML = answer.missing;
    const fresh = missing.querySelector("details");
    if (fresh) fresh.open = wasOpen;
  };

  const later = (delay) => {
    window.clearTimeout(timer);
    timer = window.setTimeout(save, delay);
  };

  async function save() {
    window.clearTimeout(timer);
    if (isSaving || isStopped || !isDirty || form.dataset.sent === "yes") return;
    isSaving = true;
    isDirty = false;
    let wait = DELAY;
    const sent = fields().map((field) => [field, field.value]);
    const data = new FormData();
    sent.forEach(([field, value]) => data.append(field.name, value));
    data.append("autosave", "1");
    try {
      const response = await fetch(window.location.pathname, {
        method: "POST",
        body: data,
        credentials: "same-origin",
        headers: { Accept: "application/json" },
      });
      const isOurs = (response.headers.get("Content-Type") || "").startsWith("application/json");
      if (!isOurs) {
        isDirty = true;
        const isSignedOut = response.redirected || response.status === 403;
        say(isSignedOut ? status.dataset.signedOut : status.dataset.failed, true);
        // Signed out, it waits for the next word that is typed.
        wait = isSignedOut ? 0 : RETRY;
        return;
      }
      const answer = await response.json();
      if (!response.ok) {
        // Another window was faster, or the report is locked: the person decides.
        isStopped = true;
        isDirty = true;
        say(answer.message, true);
        return;
      }
      // What is saved is nothing the browser has to ask about. Of a hidden field this is the value itself.
      sent.forEach(([field, value]) => {
        if (field.type !== "hidden" && !answer.wrong.includes(field.name)) field.defaultValue = value;
      });
      revision.value = answer.revision;
      say(answer.message, answer.wrong.length > 0);
      put(answer);
    } catch {
      isDirty = true;
      say(status.dataset.failed, true);
      wait = RETRY;
    } finally {
      isSaving = false;
      if (isDirty && !isStopped && wait) later(wait);
    }
  }

  form.addEventListener("input", (event) => {
    if (!fields().includes(event.target)) return;
    isDirty = true;
    later(DELAY);
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") save();
  });

  // A button waits for what is being saved: it would bring along an older revision.
  form.addEventListener(
    "submit",
    (event) => {
      window.clearTimeout(timer);
      if (!isSaving) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const button = event.submitter;
      const wait = window.setInterval(() => {
        if (isSaving) return;
        window.clearInterval(wait);
        form.requestSubmit(button || undefined);
      }, 100);
    },
    true,
  );
})();
