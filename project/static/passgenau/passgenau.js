// Small comforts; every page works without them.
(() => {
  "use strict";

  // Menus close on Escape, on a click outside and when another one opens.
  const menus = () => document.querySelectorAll("details[data-menu][open]");
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    menus().forEach((menu) => {
      const hadFocus = menu.contains(document.activeElement);
      menu.open = false;
      if (hadFocus) menu.querySelector("summary").focus();
    });
  });
  document.addEventListener("click", (event) => {
    menus().forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });
  document.addEventListener(
    "toggle",
    (event) => {
      const opened = event.target;
      if (!(opened instanceof HTMLDetailsElement) || !opened.open || !opened.matches("[data-menu]")) return;
      menus().forEach((menu) => {
        if (menu !== opened) menu.open = false;
      });
      const search = opened.matches(".pg-menu--search") && opened.querySelector("input[type=search]");
      if (search) search.focus();
    },
    true,
  );

  // On phones filters that are not in use leave the screen to the list; wide screens always show them.
  const phone = window.matchMedia("(max-width: 40rem)");
  const foldFilters = () => {
    document.querySelectorAll(".pg-filters__fold").forEach((filters) => {
      filters.open = !(phone.matches && "foldOnPhones" in filters.dataset);
    });
  };
  phone.addEventListener("change", foldFilters);
  foldFilters();

  // After a refused form the reader starts at the list of errors.
  const summary = document.querySelector("[data-error-summary]");
  if (summary) {
    // The browser would still scroll on to the part of the page that the address names.
    if (window.location.hash) {
      window.history.replaceState(window.history.state, "", window.location.pathname + window.location.search);
    }
    summary.focus();
    document.title = `${summary.querySelector("h2").textContent.trim()} – ${document.title}`;
  }

  // Ask before acts that cannot be undone.
  const words = () => (document.documentElement.lang.startsWith("en") ? ["Go back", "Continue"] : ["Zurück", "Fortfahren"]);
  const askDialog = (question, label) => {
    const [back, go] = words();
    const dialog = document.createElement("dialog");
    dialog.className = "kern-dialog pg-dialog";
    dialog.setAttribute("aria-labelledby", "pg-dialog-title");
    dialog.innerHTML =
      '<div class="kern-dialog__header"><h2 class="kern-title" id="pg-dialog-title"></h2></div>' +
      '<form method="dialog" class="kern-dialog__footer">' +
      '<button class="kern-btn kern-btn--secondary" value="back" autofocus><span class="kern-label"></span></button>' +
      '<button class="kern-btn kern-btn--primary" value="go"><span class="kern-label"></span></button></form>';
    dialog.querySelector("h2").textContent = question;
    const [backLabel, goLabel] = dialog.querySelectorAll(".kern-label");
    backLabel.textContent = back;
    goLabel.textContent = label || go;
    document.body.append(dialog);
    dialog.addEventListener("close", () => dialog.remove());
    dialog.showModal();
    return new Promise((resolve) => {
      dialog.addEventListener("close", () => resolve(dialog.returnValue === "go"));
    });
  };

  // Buttons that send a form, those outside of it included.
  const submitters = (form) => [...form.elements].filter((item) => item.type === "submit");

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || form.method === "dialog") return;
    const button = event.submitter;
    const source = button && button.dataset.confirm ? button : form;
    if (source.dataset.confirm && form.dataset.confirmed !== "yes") {
      event.preventDefault();
      const label = source.dataset.confirmLabel || (button ? button.textContent.trim() : "");
      const send = () => {
        form.dataset.confirmed = "yes";
        form.requestSubmit(button || undefined);
      };
      const ask = () =>
        askDialog(source.dataset.confirm, label).then((yes) => {
          if (yes) send();
          else if (button) button.focus();
        });
      ask();
      return;
    }
    if (form.method !== "post" || "allowRepeat" in form.dataset) return;
    if (form.dataset.sent === "yes") {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    // Disabled only after the browser has collected the values, the button's own included.
    window.setTimeout(() => {
      submitters(form).forEach((item) => {
        item.disabled = true;
        item.setAttribute("aria-busy", "true");
      });
    }, 0);
  });

  const reopen = () => {
    document.querySelectorAll("form[data-sent]").forEach((form) => {
      delete form.dataset.sent;
      delete form.dataset.confirmed;
      submitters(form).forEach((item) => {
        item.disabled = false;
        item.removeAttribute("aria-busy");
      });
    });
  };

  // Coming back with the browser's back button: forms can be sent again.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) reopen();
  });

  // Text typed into another form than the one that is sent: the browser asks before it is lost.
  const holdsTyped = (form) =>
    form.method === "post" &&
    form.dataset.sent !== "yes" &&
    ([...form.querySelectorAll("textarea, input[type=text]")].some(
      (field) => field.value !== field.defaultValue,
    ) ||
      // A form that came back with an error brought its text along: nothing of it is saved yet.
      ([...form.querySelectorAll("textarea")].some((field) => field.value.trim()) &&
        form.querySelector("[data-error-summary], .kern-error")));
  window.addEventListener("beforeunload", (event) => {
    if (![...document.forms].some(holdsTyped)) return;
    event.preventDefault();
    // Timers wait while the browser asks: this runs for who stays. Who leaves waits for the next page and is
    // gone before that; sending twice meanwhile is what the lock is there against.
    window.setTimeout(reopen, 3000);
  });
})();
