// The atlas without leaving the place: choosing an area replaces what the choice changes. Without this file the
// same links load the whole page.
(() => {
  "use strict";

  const frame = () => document.getElementById("atlas");
  const said = () => document.getElementById("atlas-said");
  if (!frame() || !window.fetch || !window.DOMParser) return;

  // The latest choice wins, whichever answer comes first.
  let running = null;

  const areaOf = (link) => new URL(link.href.baseVal ?? link.href, location.href).searchParams.get("area") ?? "";

  const focusAgain = (part, area) => {
    const place = part ? frame().querySelector(`[data-part="${part}"]`) : null;
    const again = place && area ? place.querySelector(`a[data-area="${area}"]`) : null;
    const heading = part === "comparison" ? frame().querySelector("#atlas-comparison") : null;
    (again || heading || frame().querySelector(".pg-atlas__chosen, #atlas-table a"))?.focus({ preventScroll: !heading });
  };

  const showRow = () => {
    const row = frame().querySelector('[data-part="table"] tr[aria-current]');
    // Beside the map the row comes into view; below it the reader stays with the map.
    if (row && window.matchMedia("(min-width: 60rem)").matches) row.scrollIntoView({ block: "nearest" });
  };

  const load = async (address, { push, part = "", area = "" }) => {
    running?.abort();
    running = new AbortController();
    const own = running;
    frame().setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(address, {
        headers: { "HX-Request": "true" },
        credentials: "same-origin",
        signal: own.signal,
      });
      if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
      const text = await answer.text();
      const next = new DOMParser().parseFromString(text, "text/html").getElementById("atlas");
      if (!next) throw new Error("no atlas");
      const fold = frame().querySelector("details");
      const folded = next.querySelector("details");
      if (fold && folded) folded.open = fold.open;
      frame().replaceWith(document.importNode(next, true));
      if (push) history.pushState({ atlas: true }, "", address);
      prepare();
      if (part === "map" || part === "strip") showRow();
      else if (part === "order") document.getElementById("atlas-table").focus();
      else focusAgain(part, area);
      said().textContent = frame().dataset.said;
    } catch (error) {
      if (error.name !== "AbortError") location.assign(address);
    }
  };

  const prepare = () => {
    frame().querySelectorAll("[data-copy]").forEach((button) => {
      button.hidden = !navigator.clipboard;
    });
  };

  document.addEventListener("click", async (event) => {
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      const field = document.getElementById(copy.dataset.copy);
      field.select();
      await navigator.clipboard.writeText(field.value);
      said().textContent = copy.dataset.done;
      copy.querySelector(".kern-label").textContent = copy.dataset.done;
      return;
    }
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target.closest('#atlas a[data-area], #atlas [data-part="map"] a, #atlas [data-part="strip"] a, #atlas-table a[href^="?"]');
    if (!link) return;
    event.preventDefault();
    const address = new URL(link.href.baseVal ?? link.href, location.href);
    address.hash = "";
    // Heads and page numbers of the table choose no area.
    const isOrder = link.closest("#atlas-table") && !("area" in link.dataset);
    const part = isOrder ? "order" : (link.closest("[data-part]")?.dataset.part ?? "");
    load(address.href, { push: true, part, area: areaOf(link) });
  });

  window.addEventListener("popstate", (event) => {
    if (event.state?.atlas) load(location.href, { push: false });
    else location.reload();
  });
  history.replaceState({ atlas: true }, "");
  prepare();
})();
